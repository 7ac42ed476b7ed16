// Copyright 2026 the Tidings authors. MIT license.

/**
 * The interface of `WebSocket` where no WebSocket gets through: the server's
 * messages come as an event stream, the client's go as POSTs.
 *
 * {@linkcode EventStreamSocket} is the client's half; `serveSocket` of
 * `@tidings/sse/socket-server` is the server's. Both use plain HTTP, which passes every
 * proxy that a web page passes. A WebSocket is lost with its connection; this socket goes
 * on over the next one: each message arrives once and in order, in both directions.
 *
 * ```ts ignore -- it needs a server
 * import { EventStreamSocket } from "@tidings/sse/socket";
 *
 * const socket = new EventStreamSocket("https://example.com/chat");
 * socket.onopen = () => socket.send("hello");
 * socket.onmessage = (event) => console.log(event.data);
 * ```
 *
 * @module
 */

import { resolveUrl } from "../_client/resolve_url.ts";
import { hasMembers } from "../_options.ts";
import { describeMismatch, quote } from "../_validate.ts";
import { checkOptions } from "./_client_option_checks.ts";
import type { EventStreamSocketOptions } from "./_client_options.ts";
import { EventStreamTransport } from "./_event_stream_transport.ts";
import { FallbackTransport } from "./_fallback_transport.ts";
import { setTransport, WebSocketLike } from "./_web_socket_like.ts";

export type { BackoffOptions } from "../_client/backoff.ts";
export type { EventHandler } from "../_client/event_handler.ts";
export type { WebSocketLike } from "./_web_socket_like.ts";
export type { EventStreamSocketOptions } from "./_client_options.ts";

// RFC 9110: a token.
const PROTOCOL_REGEXP = /^[!#$%&'*+\-.^_`|~\w]+$/;

/**
 * A `WebSocket` over an event stream and POSTs, for a server that answers with
 * `serveSocket`.
 *
 * Code that was written for `WebSocket` runs on it. What is different:
 *
 * - When the connection is lost, the socket stays open and goes on once the server can
 *   be reached again. It fails with the code 1006 if the server cannot be reached for as
 *   long as it keeps the session, or if it has lost the session. A first request that
 *   fails is not repeated. Where a request was refused, `reason` says why.
 * - Messages that arrive after `close()` was called, but before the event `close`,
 *   are still handed out.
 * - `bufferedAmount` counts a message until the server has confirmed it.
 *
 * @example Send and receive
 * ```ts
 * import { EventStreamSocket } from "@tidings/sse/socket";
 * import { serveSocket } from "@tidings/sse/socket-server";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) =>
 *   serveSocket(request, (socket) => {
 *     socket.onmessage = (event) => socket.send(`You said ${event.data}`);
 *   }));
 *
 * const socket = new EventStreamSocket(`http://localhost:${server.addr.port}/`);
 * socket.onopen = () => socket.send("hello");
 * const message = await new Promise((resolve) => {
 *   socket.onmessage = (event) => resolve(event.data);
 * });
 * assertEquals(message, "You said hello");
 *
 * socket.close();
 * await new Promise((resolve) => socket.onclose = resolve);
 * ```
 */
export class EventStreamSocket extends WebSocketLike {
  /**
   * Connects to a server.
   *
   * @param url Its URL with the scheme `https`, `wss`, `http` or `ws`, resolved
   * against `location` where there is one.
   * @param protocols The subprotocols that the server may choose from.
   * @param options How to connect.
   * @throws {DOMException} Named `"SyntaxError"` if the URL does not parse, has
   * another scheme or a fragment, or if a subprotocol is not a token or is listed twice.
   * @throws {TypeError} If an option is unknown or of the wrong type.
   * @throws {RangeError} If an option is out of its range.
   */
  constructor(
    url: string | URL,
    protocols: string | readonly string[] = [],
    options: EventStreamSocketOptions = {},
  ) {
    const parsed = parseUrl(`${url}`);
    const names = parseProtocols(protocols);
    const given = checkOptions(options);
    const { webSocketTimeout = 0 } = given;
    super(parsed);
    const httpUrl = parsed.href.replace(/^ws/, "http");
    setTransport(this, (events) => {
      const open = () =>
        new EventStreamTransport(httpUrl, names, given, events);
      // Node.js 20 has no WebSocket.
      return webSocketTimeout === 0 || typeof WebSocket !== "function"
        ? open()
        : new FallbackTransport(
          new WebSocket(parsed, names),
          webSocketTimeout,
          events,
          open,
        );
    });
  }
}

Object.defineProperty(EventStreamSocket.prototype, Symbol.toStringTag, {
  value: "WebSocket",
  configurable: true,
});

function parseUrl(url: string): URL {
  const parsed = new URL(resolveUrl(url));
  // Spec: `If urlRecord's scheme is "http", then set urlRecord's scheme to "ws"`.
  if (/^https?:$/.test(parsed.protocol)) {
    parsed.protocol = parsed.protocol.replace("http", "ws");
  }
  if (!/^wss?:$/.test(parsed.protocol)) {
    throw new DOMException(
      `Cannot connect: expected the scheme "https:", "wss:", "http:" or "ws:", got ${
        quote(parsed.protocol)
      }`,
      "SyntaxError",
    );
  }
  if (parsed.href.includes("#")) {
    throw new DOMException(
      `Cannot connect: expected a URL without a fragment, got ${
        quote(parsed.hash)
      }`,
      "SyntaxError",
    );
  }
  return parsed;
}

function parseProtocols(protocols: string | readonly string[]): string[] {
  if (
    typeof protocols !== "string" && !hasMembers(protocols, Symbol.iterator)
  ) {
    const expected = "a string or an array of strings, before the options";
    throw new TypeError(
      describeMismatch("connect", "protocols", expected, protocols),
    );
  }
  const names = typeof protocols === "string" ? [protocols] : [...protocols];
  names.forEach((name, index) => {
    if (PROTOCOL_REGEXP.test(name) && names.indexOf(name) === index) return;
    throw new DOMException(
      `Cannot connect: expected subprotocols to be different tokens, got ${
        quote(name)
      }`,
      "SyntaxError",
    );
  });
  return names;
}
