// Copyright 2026 the Tidings authors. MIT license.

/**
 * Sends a `Response` as the response of `node:http` or `node:http2`. The listener of
 * `toNodeHandler()` calls it with what the handler returns.
 *
 * @module
 */

import { mayFrame } from "./_direct_socket.ts";
import { shareHead } from "./_shared_head.ts";
import type { Exchange } from "./_exchange.ts";
import { keepHeaders } from "./_kept_headers.ts";
import { type Head, makeHead } from "./_response_head.ts";
import { LazyResponse } from "./_lazy_response.ts";
import { type SinkOwner, takeOver } from "../_server/sink.ts";

/**
 * Sends the head of a response, and its body at the pace of the client, but not its end.
 *
 * @param response The response.
 * @param exchange Where it is sent.
 * @returns The owner of the body, if this package made the body. Then nothing of the body
 * is sent: the caller connects the owner to a sink, and the owner sends the end as well.
 * Otherwise a promise that is fulfilled once the body is sent.
 * @throws {unknown} What is wrong with the response. The promise rejects with what the body
 * has failed with.
 */
export function sendResponse(
  response: Response,
  exchange: Exchange,
): SinkOwner | Promise<void> {
  const { method, httpVersionMajor } = exchange.incoming;
  const isPlain = LazyResponse.hasPlainHead(response);
  let head: Head;
  try {
    head = isPlain
      ? copyHead(plainHead ??= makeHead(response, httpVersionMajor))
      : makeHead(response, httpVersionMajor);
  } catch (error) {
    release(response, error);
    throw error;
  }
  const isRead = method !== "HEAD" && head.hasBody && !exchange.hasLeft;
  const owner = isRead ? takeOverBody(response) : undefined;
  if (owner === undefined) return sendWhole(response, head, isRead, exchange);
  // An owner does not know how many bytes it will write.
  if (head.length !== undefined) delete head.headers["content-length"];
  if (mayFrame(exchange)) {
    head = isPlain
      ? copyHead(plainChunkedHead ??= announceChunks(head))
      : announceChunks(head);
  }
  try {
    writeHead(head, response.status, exchange);
  } catch (error) {
    owner.handleDeparture();
    throw error;
  }
  return owner;
}

/** Sends a response whose body is a stream, or that has none. */
async function sendWhole(
  response: Response,
  head: Head,
  isRead: boolean,
  exchange: Exchange,
): Promise<void> {
  const reader = response.body?.getReader();
  try {
    writeHead(head, response.status, exchange);
    if (isRead) await sendBody(reader, head.length, exchange);
    else await reader?.cancel(exchange.signal.reason);
  } catch (error) {
    // It does nothing if the body itself failed.
    reader?.cancel(error).catch(() => {});
    throw error;
  }
}

/** The head that most streams have, made of the first of them. */
let plainHead: Head | undefined;

/** The same with chunks: to copy it costs less than to announce them for each client. */
let plainChunkedHead: Head | undefined;

/** Gives a head that can be changed. */
function copyHead(head: Head): Head {
  return { ...head, headers: { ...head.headers } };
}

function announceChunks(head: Head): Head {
  const headers = { ...head.headers, "transfer-encoding": "chunked" };
  return { ...head, headers };
}

/** Cancels a body that is not sent, unless other code reads it. */
function release({ body }: Response, reason: unknown): void {
  if (body !== null && !body.locked) body.cancel(reason).catch(() => {});
}

function writeHead(
  { statusText, headers }: Head,
  status: number,
  exchange: Exchange,
): void {
  const { incoming, outgoing } = exchange;
  if (incoming.httpVersionMajor < 2) outgoing.statusMessage = statusText;
  // Once the head is sent, `writeHead()` throws the error that tells so.
  const putBack = outgoing.headersSent
    ? undefined
    : keepHeaders(headers, outgoing);
  try {
    outgoing.writeHead(status, headers);
    shareHead(exchange);
  } catch (error) {
    // Node has set the headers before the one that it refuses. Sent with the status 500
    // they would be wrong: a cookie, or the length of another body.
    if (!outgoing.headersSent) putBack?.();
    throw error;
  }
}

/** Takes the owner of the body, if this package made the body and it was not used yet. */
function takeOverBody(response: Response): SinkOwner | undefined {
  const owner = LazyResponse.takeOver(response);
  if (owner !== undefined) return owner;
  return response.body === null ? undefined : takeOver(response.body);
}

/**
 * Sends a body; `undefined` is an empty one. On a connection that is used again, a client
 * would read bytes beyond the announced length as the next response, and take the next
 * response as the rest of a body that is too short.
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
    if (length !== undefined && sent > length) {
      throw makeLengthError(length, sent);
    }
    return exchange.write(chunk);
  };
  if (reader !== undefined) await pump(reader, send, exchange);
  // A proxied response has the length of its gzipped body, which `fetch` has decompressed.
  if (length !== undefined && sent < length && !exchange.hasLeft) {
    throw makeLengthError(length, sent);
  }
}

function makeLengthError(length: number, sent: number): TypeError {
  return new TypeError(
    `Cannot send response: the body has ${
      sent < length ? sent : `at least ${sent}`
    } bytes, expected the ${length} of "content-length"`,
  );
}

/** Sends a body chunk by chunk, at the pace of the client (back-pressure). */
async function pump(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  send: (chunk: Uint8Array) => boolean,
  exchange: Exchange,
): Promise<void> {
  let cancellation: Promise<void> | undefined;
  let goOn = (): void => {};
  exchange.flushHead();
  exchange.outgoing.on("drain", () => goOn());
  exchange.onDeparture({
    handleDeparture() {
      cancellation = reader.cancel(exchange.signal.reason);
      // It is awaited below, unless the body fails as well: then that error counts.
      cancellation.catch(() => {});
      goOn();
    },
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
