// Copyright 2026 the Tidings authors. MIT license.

/** One request of `node:http` or `node:http2` and its response. */

/**
 * What is used of `IncomingMessage` of `node:http` and of `Http2ServerRequest` of
 * `node:http2`, so that neither module's types are needed.
 */
export interface NodeRequest {
  /** As in the request line. */
  readonly method?: string | undefined;
  /** The request target: a path, in most requests. */
  readonly url?: string | undefined;
  /** 2 for `node:http2`. */
  readonly httpVersionMajor: number;
  /** Names and values in turn. */
  readonly rawHeaders: string[];
  /** Names in lower case. */
  readonly headers: Record<string, string | string[] | undefined>;
  /** The connection. Has a member `encrypted` that is true where it is a TLS socket. */
  readonly socket: object;
  /** Whether the client has left before its request was complete. */
  readonly aborted: boolean;
  /** Listens for `"data"`, `"end"` and `"error"`. */
  on(event: string, listener: (chunk: Uint8Array) => void): unknown;
  /** Stops to listen. */
  off(event: string, listener: (chunk: Uint8Array) => void): unknown;
  /** Stops the flow of `"data"`. */
  pause(): unknown;
  /** Lets `"data"` flow, and what nobody listens for is dropped. */
  resume(): unknown;
}

/**
 * What is used of `ServerResponse` of `node:http` and of `Http2ServerResponse` of
 * `node:http2`, so that neither module's types are needed.
 */
export interface NodeResponse {
  /** Whether the status can no longer be chosen. */
  readonly headersSent: boolean;
  /** The reason phrase; HTTP/2 has none. */
  statusMessage: string;
  /** Sets the status and all headers. */
  writeHead(
    status: number,
    headers: Record<string, string | string[]>,
  ): unknown;
  /** Takes back a header that is not sent yet. */
  removeHeader(name: string): void;
  /** Sends the headers now; HTTP/2 has sent them already. */
  flushHeaders?(): void;
  /** Whether more should be written before `"drain"`. */
  write(chunk: Uint8Array): boolean;
  /** Ends the response. */
  end(): unknown;
  /** Breaks the connection off, or the stream of HTTP/2. */
  destroy(error: Error): unknown;
  /** Listens for `"close"`, `"drain"` and `"error"`. */
  on(event: string, listener: () => void): unknown;
}

/**
 * A request and its response, and what becomes of its client. The signal is made
 * when it is first asked for: in Node 20 it costs as much as all the rest.
 */
export class Exchange {
  readonly incoming: NodeRequest;
  readonly outgoing: NodeResponse;
  /** Drops what was not read of the request; set if its body was opened. */
  dropBody: (() => void) | undefined;
  /** Called when nothing more of the response goes out, for whatever reason. */
  onClose: (() => void) | undefined;
  #hasLeft = false;
  #hasEnded = false;
  #controller: AbortController | undefined;
  #listeners: (() => void)[] = [];

  constructor(incoming: NodeRequest, outgoing: NodeResponse) {
    this.incoming = incoming;
    this.outgoing = outgoing;
    const onClose = (): void => this.#handleClose();
    outgoing.on("close", onClose);
    // All that a response gets that waits behind another one of its connection.
    incoming.on("error", onClose);
    // "close" follows, but an error without a listener would end the process.
    outgoing.on("error", ignore);
  }

  /** Whether the client has left before the response had ended. */
  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  /** Aborted when the client leaves. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#hasLeft) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  /**
   * Calls when the client leaves, at once if it has left already.
   *
   * @returns Ends that.
   */
  onDeparture(listener: () => void): () => void {
    if (this.#hasLeft) listener();
    else this.#listeners.push(listener);
    return () => {
      this.#listeners = this.#listeners.filter((each) => each !== listener);
    };
  }

  /** Ends the response, and drops what was not read of the request, so that the connection can carry the next. */
  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    try {
      this.outgoing.end();
    } catch (error) {
      // `strictContentLength`, set by what comes before us, throws for fewer bytes.
      this.outgoing.destroy(error as Error);
    }
    if (this.dropBody === undefined) this.incoming.resume();
    else this.dropBody();
  }

  /** Ends the response without a word if nothing is sent yet, with status 500, and else by breaking off. */
  breakOff(): void {
    if (!this.outgoing.headersSent) return this.refuse(500);
    this.outgoing.destroy(new Error("The body of the response failed"));
    this.end();
  }

  /** Answers with a status and nothing else, or breaks off where that is refused too. */
  refuse(status: number): void {
    const { incoming, outgoing } = this;
    try {
      // `writeHead()` would throw for a text that is refused as often as it is called.
      if (incoming.httpVersionMajor < 2) outgoing.statusMessage = "";
      outgoing.writeHead(status, {});
    } catch (error) {
      // What comes before us may have set a header of its own that is refused, or
      // have answered the request itself.
      outgoing.destroy(error as Error);
    }
    this.end();
  }

  /** Whether an error is none, but what is thrown because the client has left. */
  isDeparture(error: unknown): boolean {
    return this.#hasLeft && error === this.#controller?.signal.reason;
  }

  #handleClose(): void {
    if (!this.#hasEnded && !this.#hasLeft) {
      this.#hasLeft = true;
      this.#controller?.abort();
      const listeners = this.#listeners;
      this.#listeners = [];
      for (const listener of listeners) listener();
    }
    this.onClose?.();
  }
}

function ignore(): void {}
