// Copyright 2026 the Tidings authors. MIT license.

/** From a `Response` to a response of `node:http` or `node:http2`. */

import type { NodeRequest } from "./request.ts";

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

/** A request, its response, and a signal that is aborted when the client leaves. */
export interface Exchange {
  incoming: NodeRequest;
  outgoing: NodeResponse;
  signal: AbortSignal;
}

/** Headers that HTTP/2 forbids: they are about a connection of HTTP/1. */
const CONNECTION_HEADERS = [
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
];

/** Sends all of a response but its end, at the pace at which the client takes it. */
export async function sendResponse(
  response: Response,
  { incoming, outgoing, signal }: Exchange,
): Promise<void> {
  const { method, httpVersionMajor } = incoming;
  // HTTP/2 would make 200 of the status 0.
  if (response.type === "error") {
    throw new TypeError(
      "Cannot send response: it is Response.error(), one with a status is wanted",
    );
  }
  const reader = response.body?.getReader();
  try {
    if (httpVersionMajor < 2) outgoing.statusMessage = response.statusText;
    outgoing.writeHead(response.status, headersOf(response, httpVersionMajor));
    if (signal.aborted || method === "HEAD") {
      await reader?.cancel(signal.reason);
    } else if (reader !== undefined) {
      // The client learns that the stream is open before there is an event.
      outgoing.flushHeaders?.();
      await sendBody(reader, outgoing, signal);
    }
  } catch (error) {
    // Without effect where it was the body that failed.
    reader?.cancel(error).catch(() => {});
    throw error;
  }
}

function headersOf(
  { headers }: Response,
  httpVersionMajor: number,
): Record<string, string | string[]> {
  const record: Record<string, string | string[]> = Object.fromEntries(headers);
  const cookies = headers.getSetCookie();
  if (cookies.length > 0) record["set-cookie"] = cookies;
  if (httpVersionMajor >= 2) {
    for (const name of CONNECTION_HEADERS) delete record[name];
  }
  return record;
}

async function sendBody(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  outgoing: NodeResponse,
  signal: AbortSignal,
): Promise<void> {
  let cancellation: Promise<void> | undefined;
  let goOn = (): void => {};
  outgoing.on("drain", () => goOn());
  signal.addEventListener("abort", () => {
    cancellation = reader.cancel(signal.reason);
    // It is awaited below, unless the body has failed as well: that error counts.
    cancellation.catch(() => {});
    goOn();
  });
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (!outgoing.write(value) && !signal.aborted) {
      await new Promise<void>((resolve) => goOn = resolve);
    }
  }
  await cancellation;
}
