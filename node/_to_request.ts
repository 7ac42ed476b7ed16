// Copyright 2026 the Tidings authors. MIT license.

/**
 * Makes a `Request` of a request of `node:http` or `node:http2`. The listener of
 * `toNodeHandler()` calls it for each request.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import {
  adaptHeaders,
  findLeftBody,
  makePartlyReadError,
  readAnnouncedLength,
} from "./_earlier_reader.ts";
import type { Exchange } from "./_exchange.ts";
import { HookedRequest } from "./_hooked_request.ts";
import { IS_NODE } from "./_is_node.ts";
import { LazyRequest } from "./_lazy_request.ts";
import type { NodeRequest } from "./_node_types.ts";

const TOO_LATE = "Cannot read request body: the response has ended";
const ABSOLUTE_URL_REGEXP = /^https?:\/\//i;

/**
 * Makes the request.
 *
 * @param exchange The exchange of the request.
 * @returns The request. For GET it is a {@linkcode LazyRequest} where the platform allows.
 * @throws {TypeError} If it has what a `Request` cannot have, such as a broken host.
 */
export function toRequest(exchange: Exchange): Request {
  const url = readUrl(exchange.incoming);
  return exchange.incoming.method === "GET"
    ? LazyRequest.make(url, exchange, makeRequest)
    : makeRequest(url, exchange);
}

function makeRequest(url: string, exchange: Exchange): Request {
  const { method = "GET", rawHeaders } = exchange.incoming;
  const headers = new Headers();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    // The pseudo-headers of HTTP/2 begin with a colon.
    if (!name.startsWith(":")) headers.append(name, rawHeaders[i + 1]!);
  }
  const hasBody = method !== "GET" && method !== "HEAD";
  // `duplex` is required with a stream, and unknown to some type declarations.
  const init: RequestInit & { duplex: "half" } = {
    method,
    headers,
    signal: exchange.signal,
    body: hasBody ? findBody(exchange, headers) : null,
    duplex: "half",
  };
  return method === "GET" && IS_NODE
    ? new HookedRequest(url, init, exchange)
    : new Request(url, init);
}

/** Finds the body of a request, and changes the headers if it is not as it was sent. */
function findBody(
  exchange: Exchange,
  headers: Headers,
): Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> {
  const left = findLeftBody(exchange.incoming);
  if (left === undefined) return openBody(exchange);
  if (left instanceof TypeError) return failWhenRead(left, exchange);
  adaptHeaders(headers, left);
  return left.bytes;
}

/** Makes a body that fails, but not before it is read: a handler may not need it. */
function failWhenRead(
  error: TypeError,
  exchange: Exchange,
): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    pull() {
      exchange.report(error);
      throw error;
    },
  }, { highWaterMark: 0 });
}

/** Opens the body of a request. Nothing of it is read before the body is. */
function openBody(exchange: Exchange): ReadableStream<Uint8Array> {
  const { incoming } = exchange;
  // Where other code has put back what it had read, the length tells whether it was all.
  let missing = incoming.readableDidRead === true
    ? readAnnouncedLength(incoming) ?? 0
    : 0;
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const onData = (chunk: Uint8Array | string): void => {
    incoming.pause();
    // A `Buffer` has a `slice()` that shares memory; readers expect that of `Uint8Array`.
    const { buffer, byteOffset, byteLength } = toBuffer(chunk, incoming);
    missing -= byteLength;
    controller.enqueue(new Uint8Array(buffer, byteOffset, byteLength));
  };
  const onEnd = (): void => {
    // Where the client has left, HTTP/2 ends the body although it is not complete.
    if (incoming.aborted) return;
    if (missing <= 0) return controller.close();
    const error = makePartlyReadError();
    exchange.report(error);
    controller.error(error);
  };
  const drop = (): void => {
    incoming.off("data", onData);
    incoming.off("end", onEnd);
    incoming.resume();
  };
  const fail = (reason: unknown): void => {
    drop();
    controller.error(reason);
  };
  const stream = new ReadableStream<Uint8Array>({
    start(ownController) {
      controller = ownController;
    },
    pull() {
      incoming.resume();
    },
    cancel: drop,
  }, { highWaterMark: 0 });

  // Paused first: otherwise the listener would start the flow.
  incoming.pause();
  incoming.on("data", onData);
  incoming.on("end", onEnd);
  exchange.onDeparture({
    handleDeparture: () => fail(exchange.signal.reason),
  });
  exchange.dropBody = () => fail(new TypeError(TOO_LATE));
  return stream;
}

/** A middleware that has called `setEncoding()` makes all chunks strings. */
function toBuffer(
  chunk: Uint8Array | string,
  { readableEncoding }: NodeRequest,
): Uint8Array {
  return typeof chunk === "string"
    ? Buffer.from(chunk, (readableEncoding ?? "utf8") as BufferEncoding)
    : chunk;
}

/** What the URL of the last request was made of: most clients ask for the same. */
const last = { target: "", scheme: "", host: "", url: "" };

function readUrl(incoming: NodeRequest): string {
  const { socket, headers } = incoming;
  const target = readTarget(incoming);
  const isEncrypted = "encrypted" in socket && socket.encrypted === true;
  const scheme = isEncrypted ? "https" : "http";
  const host = String(headers[":authority"] ?? headers["host"] ?? "localhost");
  if (
    target !== last.target || host !== last.host || scheme !== last.scheme
  ) {
    Object.assign(last, { target, scheme, host });
    last.url = joinUrl(scheme, host, target);
  }
  return last.url;
}

function joinUrl(scheme: string, host: string, target: string): string {
  if (ABSOLUTE_URL_REGEXP.test(target)) return target;
  // Joined as text: resolved against a base URL, "//name/" would replace the host.
  return `${scheme}://${host}${target.startsWith("/") ? target : `/${target}`}`;
}

/** Reads what the client asks for: under a mount path, frameworks shorten `url`. */
function readTarget({ url = "/", originalUrl }: NodeRequest): string {
  return typeof originalUrl === "string" &&
      (originalUrl.startsWith("/") || ABSOLUTE_URL_REGEXP.test(originalUrl))
    ? originalUrl
    : url;
}
