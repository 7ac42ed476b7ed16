// Copyright 2026 the Tidings authors. MIT license.

/**
 * One lasting subscription to an event stream, under two faces:
 * {@linkcode connect}, an async iterator, and {@linkcode EventSource}, the
 * standard's class.
 *
 * Both are the same connection. It is reestablished when it is lost and resumes
 * after the last event that was received whole, so that each event arrives once
 * as far as the server can resume. Headers are fresh at each attempt, waits grow
 * with jitter, and what cannot be mended is an error that tells why.
 *
 * @example The events, one by one
 * ```ts
 * import { connect } from "@tidings/sse/client";
 * import { assertEquals } from "@std/assert";
 *
 * const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () =>
 *   new Response("id: 1\ndata: 22.5 °C\n\n", {
 *     headers: { "content-type": "text/event-stream" },
 *   }));
 *
 * for await (const event of connect(`http://localhost:${server.addr.port}`)) {
 *   assertEquals(event.data, "22.5 °C");
 *   break; // Closes the connection.
 * }
 * await server.shutdown();
 * ```
 *
 * @module
 */

import { EventStreamConnection } from "./_client/connection.ts";
import type { ConnectOptions } from "./_client/connection_options.ts";
import { resolveUrl } from "./_client/resolve_url.ts";

export type { BackoffOptions } from "./_client/backoff.ts";
export type { Clock } from "./_client/clock.ts";
export type { EventStreamConnection } from "./_client/connection.ts";
export type {
  ConnectOptions,
  EventSourceInit,
} from "./_client/connection_options.ts";
export type {
  ConnectionResponse,
  ConnectionState,
  Disconnection,
} from "./_client/connection_state.ts";
export type { EventHandler } from "./_client/event_handler.ts";
export {
  EventSource,
  type EventSourceEventMap,
} from "./_client/event_source.ts";
export {
  type DisconnectReason,
  EventSourceError,
  type EventSourceErrorOptions,
} from "./_client/event_source_error.ts";

/**
 * Connects to an event stream and iterates over its events.
 *
 * It connects at once, and reconnects as a browser's `EventSource` does, with
 * waits that grow while attempts fail, also while a server or a balancer answers
 * that it cannot now (502 and its like). The response is read as events are asked
 * for, and one chunk ahead. The iteration ends when this side closes the connection
 * (`break`, `return()`, `close()`, an abort, the end of an `await using` block),
 * after a 204, and after an ended body if it may not reconnect; none of these
 * throws. A request that is not safe to repeat, such as a POST, is not sent again
 * unless `shouldReconnect` or the server says so: its iteration ends with its
 * answer.
 *
 * @example Fresh credentials, and what happens in between
 * ```ts
 * import { connect } from "@tidings/sse/client";
 * import { assertEquals } from "@std/assert";
 *
 * let token = 0;
 * const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) =>
 *   new Response(`data: ${request.headers.get("authorization")}\n\n`, {
 *     headers: { "content-type": "text/event-stream" },
 *   }));
 *
 * const states: string[] = [];
 * await using events = connect(`http://localhost:${server.addr.port}`, {
 *   headers: async () => ({ authorization: `Bearer ${++token}` }),
 *   idleTimeout: 30_000,
 *   reconnectionTime: 1,
 *   onStateChange: ({ state }) => states.push(state),
 * });
 *
 * assertEquals((await events.next()).value?.data, "Bearer 1");
 * assertEquals((await events.next()).value?.data, "Bearer 2");
 * assertEquals(states, ["open", "reconnecting", "open"]);
 *
 * events.close();
 * await server.shutdown();
 * ```
 *
 * @example The chunks of a language model
 * ```ts
 * import { connect } from "@tidings/sse/client";
 * import { checkEvents, unchecked } from "@tidings/sse/typed";
 * import { assertEquals } from "@std/assert";
 *
 * const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () =>
 *   new Response('data: {"text":"Hel"}\n\ndata: {"text":"lo"}\n\ndata: [DONE]\n\n', {
 *     headers: { "content-type": "text/event-stream" },
 *   }));
 *
 * const connection = connect(`http://localhost:${server.addr.port}`, {
 *   method: "POST",
 *   headers: { "content-type": "application/json" },
 *   body: JSON.stringify({ stream: true }),
 * });
 *
 * let text = "";
 * const schemas = { message: unchecked<{ text: string }>() };
 * for await (const { json } of checkEvents(connection, schemas)) {
 *   text += json.text;
 * }
 *
 * assertEquals(text, "Hello");
 * await server.shutdown();
 * ```
 *
 * @param url The URL, resolved against the document's base or `location`, where
 * there is one.
 * @param options How to connect.
 * @returns The connection.
 * @throws {DOMException} Named `"SyntaxError"` if the URL does not parse.
 * @throws {TypeError} If an option is of the wrong type.
 * @throws {RangeError} If an option is out of its range.
 * @throws {EventSourceError} On iteration, if the connection fails for good.
 */
export function connect(
  url: string | URL,
  options: ConnectOptions = {},
): EventStreamConnection {
  return new EventStreamConnection(resolveUrl(`${url}`), options);
}
