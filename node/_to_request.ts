// Copyright 2026 the Tidings authors. MIT license.

/**
 * Makes a `Request` of a request of `node:http` or `node:http2`. The listener of
 * `toNodeHandler()` calls it for each request.
 *
 * @module
 */

import type { Exchange } from "./_exchange.ts";
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
    ? LazyRequest.make(url, exchange, () => makeRequest(url, exchange))
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
    body: hasBody ? openBody(exchange) : null,
    duplex: "half",
  };
  return new Request(url, init);
}

/** Opens the body of a request. Nothing of it is read before the body is. */
function openBody(exchange: Exchange): ReadableStream<Uint8Array> {
  const { incoming } = exchange;
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const onData = (chunk: Uint8Array): void => {
    incoming.pause();
    // A `Buffer` has a `slice()` that shares memory; readers expect that of `Uint8Array`.
    const { buffer, byteOffset, byteLength } = chunk;
    controller.enqueue(new Uint8Array(buffer, byteOffset, byteLength));
  };
  const onEnd = (): void => {
    // Where the client has left, HTTP/2 ends the body although it is not complete.
    if (!incoming.aborted) controller.close();
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
  exchange.onDeparture(() => fail(exchange.signal.reason));
  exchange.dropBody = () => fail(new TypeError(TOO_LATE));
  return stream;
}

function readUrl({ url = "/", socket, headers }: NodeRequest): string {
  if (ABSOLUTE_URL_REGEXP.test(url)) return url;
  const isEncrypted = "encrypted" in socket && socket.encrypted === true;
  const scheme = isEncrypted ? "https" : "http";
  const host = headers[":authority"] ?? headers["host"] ?? "localhost";
  // Joined as text: resolved against a base URL, "//name/" would replace the host.
  return `${scheme}://${host}${url.startsWith("/") ? url : `/${url}`}`;
}
