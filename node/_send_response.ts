// Copyright 2026 the Tidings authors. MIT license.

/** From a `Response` to a response of `node:http` or `node:http2`. */

import type { Exchange } from "./_exchange.ts";
import { type Head, makeHead } from "./_response_head.ts";
import { LazyResponse } from "./_lazy_response.ts";
import { type SinkOwner, takeOver } from "../_server/sink.ts";

/**
 * Sends the head of a response, and all of its body at the pace at which the client
 * takes it, but not its end.
 *
 * @returns What else writes to the response, if its body is one that this package
 * made: then it is to be connected, and sends the end as well.
 * @throws {unknown} What is wrong with the response, or has failed in its body.
 */
export async function sendResponse(
  response: Response,
  exchange: Exchange,
): Promise<SinkOwner | undefined> {
  const { method, httpVersionMajor } = exchange.incoming;
  let head: Head;
  try {
    head = makeHead(response, httpVersionMajor);
  } catch (error) {
    release(response, error);
    throw error;
  }
  const isRead = method !== "HEAD" && head.hasBody && !exchange.hasLeft;
  const owner = isRead ? takeOverBody(response) : undefined;
  const reader = owner === undefined ? response.body?.getReader() : undefined;
  // What is pushed ends when it ends.
  if (owner !== undefined) delete head.headers["content-length"];
  try {
    writeHead(head, response.status, exchange);
    if (!isRead) {
      await reader?.cancel(exchange.signal.reason);
    } else if (owner === undefined) {
      await sendBody(reader, head.length, exchange);
    }
  } catch (error) {
    owner?.handleDeparture();
    // Without effect where it was the body that failed.
    reader?.cancel(error).catch(() => {});
    throw error;
  }
  return owner;
}

/** Lets go of a body that is not sent, unless somebody else reads it. */
function release({ body }: Response, reason: unknown): void {
  if (body !== null && !body.locked) body.cancel(reason).catch(() => {});
}

function writeHead(
  { statusText, headers }: Head,
  status: number,
  { incoming, outgoing }: Exchange,
): void {
  if (incoming.httpVersionMajor < 2) outgoing.statusMessage = statusText;
  try {
    outgoing.writeHead(status, headers);
  } catch (error) {
    // What was set before the one that is refused would go along with the status 500:
    // a length that its body has not, or a cookie.
    if (!outgoing.headersSent) {
      for (const name of Object.keys(headers)) outgoing.removeHeader(name);
    }
    throw error;
  }
}

/** What writes the body, if this package made it and it is as good as new. */
function takeOverBody(response: Response): SinkOwner | undefined {
  const owner = LazyResponse.takeOver(response);
  if (owner !== undefined) return owner;
  return response.body === null ? undefined : takeOver(response.body);
}

/**
 * Sends a body; `undefined` is one of no bytes. On a connection that is used again,
 * bytes beyond the announced length would be read as the next response, and fewer
 * would take the next response as their rest.
 *
 * @throws {TypeError} If the body is longer than the length or shorter.
 */
async function sendBody(
  reader: ReadableStreamDefaultReader<Uint8Array> | undefined,
  length: number | undefined,
  exchange: Exchange,
): Promise<void> {
  let sent = 0;
  const send = (chunk: Uint8Array): boolean => {
    sent += chunk.byteLength;
    if (length !== undefined && sent > length) throw lengthError(length, sent);
    return exchange.outgoing.write(chunk);
  };
  if (reader !== undefined) await pump(reader, send, exchange);
  // An upstream's length is that of its gzipped body, which `fetch` has decoded.
  if (length !== undefined && sent < length && !exchange.hasLeft) {
    throw lengthError(length, sent);
  }
}

function lengthError(length: number, sent: number): TypeError {
  return new TypeError(
    `Cannot send response: the body has ${
      sent < length ? sent : `at least ${sent}`
    } bytes, expected the ${length} of "content-length"`,
  );
}

/** Sends a body chunk by chunk, at the pace at which the client takes it. */
async function pump(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  send: (chunk: Uint8Array) => boolean,
  exchange: Exchange,
): Promise<void> {
  const { outgoing } = exchange;
  let cancellation: Promise<void> | undefined;
  let goOn = (): void => {};
  // The client learns that the stream is open before there is an event.
  outgoing.flushHeaders?.();
  outgoing.on("drain", () => goOn());
  exchange.onDeparture(() => {
    cancellation = reader.cancel(exchange.signal.reason);
    // It is awaited below, unless the body has failed as well: that error counts.
    cancellation.catch(() => {});
    goOn();
  });
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (!send(value) && !exchange.hasLeft) {
      await new Promise<void>((resolve) => goOn = resolve);
    }
  }
  await cancellation;
}
