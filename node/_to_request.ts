// Copyright 2026 the Tidings authors. MIT license.

/** From a request of `node:http` or `node:http2` to a `Request`. */

import type { Exchange, NodeRequest } from "./_exchange.ts";
import { LazyRequest } from "./_lazy_request.ts";

const TOO_LATE =
  "Cannot read request body: the response has ended, a read before that is wanted";
const ABSOLUTE_URL_REGEXP = /^https?:\/\//i;

/**
 * Makes the request.
 *
 * @throws {TypeError} If it has what a `Request` cannot have, such as a broken host.
 */
export function toRequest(exchange: Exchange): Request {
  const url = urlOf(exchange.incoming);
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

/** Opens the body of a request; nothing is read before its reader asks. */
function openBody(exchange: Exchange): ReadableStream<Uint8Array> {
  const { incoming } = exchange;
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const onData = (chunk: Uint8Array): void => {
    incoming.pause();
    // A `Buffer` has a `slice()` of its own; what a `Request` gives has not.
    const { buffer, byteOffset, byteLength } = chunk;
    controller.enqueue(new Uint8Array(buffer, byteOffset, byteLength));
  };
  const onEnd = (): void => {
    // HTTP/2 also ends the body of a client that has left, which is not complete.
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

function urlOf({ url = "/", socket, headers }: NodeRequest): string {
  if (ABSOLUTE_URL_REGEXP.test(url)) return url;
  const isEncrypted = "encrypted" in socket && socket.encrypted === true;
  const scheme = isEncrypted ? "https" : "http";
  const host = headers[":authority"] ?? headers["host"] ?? "localhost";
  // Joined as text: resolved against a base, "//name/" would replace the host.
  return `${scheme}://${host}${url.startsWith("/") ? url : `/${url}`}`;
}
