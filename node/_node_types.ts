// Copyright 2026 the Tidings authors. MIT license.

/**
 * The members of the requests and responses of `node:http` and `node:http2` that the
 * bridge uses, so that it needs the types of neither module.
 *
 * @module
 */

/**
 * A request: `IncomingMessage` of `node:http` or `Http2ServerRequest` of `node:http2`, as
 * far as it is used.
 */
export interface NodeRequest {
  /** The method, as in the request line. */
  readonly method?: string | undefined;
  /** The request target: a path, in most requests. */
  readonly url?: string | undefined;
  /** The request target where a framework has cut off the path of a mount from `url`. */
  readonly originalUrl?: unknown;
  /** The major version of HTTP: 2 for `node:http2`. */
  readonly httpVersionMajor: number;
  /** The headers: each name, followed by its value. */
  readonly rawHeaders: string[];
  /** The headers by their names in lower case. */
  readonly headers: Record<string, string | string[] | undefined>;
  /** The connection. A TLS socket has a member `encrypted` that is true. */
  readonly socket: object;
  /** Whether the client has left before its request was complete. */
  readonly aborted: boolean;
  /** Whether the body was read to its end. */
  readonly readableEnded?: boolean | undefined;
  /** Whether any of the body was read. */
  readonly readableDidRead?: boolean | undefined;
  /** Bytes of the body that wait to be read. */
  readonly readableLength?: number | undefined;
  /** The encoding of `"data"` where it is text. */
  readonly readableEncoding?: string | null | undefined;
  /** What a body parser, such as `express.json()`, has made of the body. */
  readonly body?: unknown;
  /** The bytes of the body, where a body parser keeps them. */
  readonly rawBody?: unknown;
  /** Listens for `"data"`, `"end"` and `"error"`. */
  on(event: string, listener: (chunk: Uint8Array) => void): unknown;
  /** Removes a listener. */
  off(event: string, listener: (chunk: Uint8Array) => void): unknown;
  /** Stops the flow of `"data"`. */
  pause(): unknown;
  /** Lets `"data"` flow. Without a listener, the data is dropped. */
  resume(): unknown;
}

/**
 * A response: `ServerResponse` of `node:http` or `Http2ServerResponse` of `node:http2`, as
 * far as it is used.
 */
export interface NodeResponse {
  /** Whether the status can no longer be chosen. */
  readonly headersSent: boolean;
  /** Whether the connection is closed; `undefined` for HTTP/2. */
  readonly destroyed?: boolean | undefined;
  /** Whether the response was sent to its end, or the stream of HTTP/2 is closed. */
  readonly writableFinished?: boolean | undefined;
  /** The reason phrase; HTTP/2 has none. */
  statusMessage: string;
  /** Sets the status and all headers. */
  writeHead(
    status: number,
    headers: Record<string, string | string[]>,
  ): unknown;
  /** Gives a header that is set. */
  getHeader(name: string): number | string | string[] | undefined;
  /** Sets a header. */
  setHeader(name: string, value: number | string | readonly string[]): unknown;
  /** Removes a header that is not sent yet. */
  removeHeader(name: string): void;
  /** Sends the headers now; HTTP/2 has sent them already. */
  flushHeaders?(): void;
  /** Lets go what was written; only middlewares that hold back chunks add it. */
  flush?(): void;
  /** Writes a chunk. Returns whether more should be written before `"drain"`. */
  write(chunk: Uint8Array): boolean;
  /** Ends the response. */
  end(): unknown;
  /** Cuts off the connection, or the stream of HTTP/2. */
  destroy(error: Error): unknown;
  /** Listens for `"close"`, `"drain"` and `"error"`. */
  on(event: string, listener: () => void): unknown;
}
