// Copyright 2026 the Tidings authors. MIT license.

/**
 * One lasting subscription to an event stream: {@linkcode connect} is an async
 * iterator, and {@linkcode EventSource} is the standard's class.
 *
 * Both use the same connection. When it is lost, it is reestablished and resumes after
 * the last event that was received whole. Each event arrives once, as far as the server
 * can resume. Headers can be made for each attempt, and the waits between attempts grow,
 * with jitter. A failure that no later attempt can mend is an error that says why.
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
import { findEndFault } from "./_client/end_fault.ts";
import { readConnectOptions } from "./_client/option_checks.ts";
import { resolveUrl } from "./_client/resolve_url.ts";

export type { BackoffOptions } from "./_client/backoff.ts";
export type { Clock } from "./_clock.ts";
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
export { EventSource } from "./_client/event_source.ts";
export type {
  EventSourceErrorEvent,
  EventSourceEventMap,
} from "./_client/event_source_events.ts";
export {
  type DisconnectReason,
  EventSourceError,
  type EventSourceErrorOptions,
} from "./_client/event_source_error.ts";

/**
 * Connects to an event stream and iterates over its events.
 *
 * It connects at once, and reconnects as a browser's `EventSource` does, with waits that
 * grow while attempts fail. It also reconnects after a transient status, such as the 502
 * of a load balancer. The response is read with back-pressure: as events are asked for,
 * and one chunk ahead.
 *
 * The iteration ends when this side closes the connection (`break`, `return()`,
 * `close()`, an abort, the end of an `await using` block), after a 204, and after an
 * ended body if it may not reconnect. None of these throws. Once `maxAttempts` is used up,
 * it throws, also if the last body has ended. A request that is not safe to
 * repeat, such as a POST, is not sent again unless `shouldReconnect` or the server says
 * so: its iteration ends with its response.
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
 * there is one. A function is asked again at each attempt, for tickets that are used once. If
 * it throws, or its URL does not parse, the connection fails. After a redirect, the next
 * attempt asks it again, or the first URL.
 * @param options How to connect.
 * @returns The connection.
 * @throws {DOMException} Named `"SyntaxError"` if the URL does not parse.
 * @throws {TypeError} If an option is unknown or of the wrong type.
 * @throws {RangeError} If an option is out of its range.
 * @throws {EventSourceError} On iteration, if the connection fails for good.
 * @throws {DOMException} On iteration, named `"TimeoutError"`, if the signal has timed out.
 */
export function connect(
  url: string | URL | (() => string | URL | Promise<string | URL>),
  options: ConnectOptions = {},
): EventStreamConnection {
  return new EventStreamConnection(
    typeof url === "function" ? url : resolveUrl(`${url}`),
    readConnectOptions(options),
    findEndFault,
  );
}
