// Copyright 2026 the Tidings authors. MIT license.

/**
 * One request → one response that carries an event stream.
 *
 * {@linkcode serveEvents} takes a request and something that gives events: an
 * iterable, a stream, or a function of the {@linkcode EventSession}.
 *
 * ```ts ignore -- it serves for ever
 * import { serveEvents } from "@tidings/sse/server";
 *
 * async function* ticks() {
 *   for (let tick = 0;; tick++) {
 *     yield { event: "tick", data: `${tick}`, id: tick };
 *     await new Promise((resolve) => setTimeout(resolve, 1000));
 *   }
 * }
 *
 * Deno.serve((request) => serveEvents(request, ticks()));
 * ```
 *
 * The source is asked for events at the pace at which the client reads (back-pressure).
 * Comments fill silences, and everything is released when the client leaves. To send the
 * same events to many clients, see `channel.ts`.
 *
 * The end of a response does not end the subscription: the client reconnects after its
 * reconnection time, with the ID of the last event that it has seen.
 * {@linkcode stopReconnecting} tells it not to.
 *
 * @example The events of a list
 * ```ts
 * import { serveEvents } from "@tidings/sse/server";
 * import { assertEquals } from "@std/assert";
 *
 * const response = serveEvents(new Request("http://localhost/"), [
 *   { data: "first", id: 1 },
 *   { data: "second", id: 2 },
 * ]);
 *
 * assertEquals(response.headers.get("content-type"), "text/event-stream");
 * assertEquals(
 *   await response.text(),
 *   "data: first\nid: 1\n\ndata: second\nid: 2\n\n",
 * );
 * ```
 *
 * @module
 */

import type { ServeEventsSource } from "./_server/event_session.ts";
import { answerHead, negotiate } from "./_server/negotiate.ts";
import {
  checkServeEventsOptions,
  readServeEventsOptions,
} from "./_server/option_checks.ts";
import type { ServeEventsOptions } from "./_server/options.ts";
import { assertRequest } from "./_server/request_check.ts";
import { Session } from "./_server/session.ts";
import { isEventIterable } from "./_server/source_iterator.ts";
import { describeMismatch } from "./_validate.ts";

export type { EventCompression } from "./_server/compression.ts";
export type { CorsOptions } from "./_server/cors.ts";
export type {
  CloseReason,
  EventIterable,
  EventSession,
  ServeEventsSource,
} from "./_server/event_session.ts";
export type {
  EventResponseOptions,
  ServeEventsOptions,
  StopReconnectingOptions,
} from "./_server/options.ts";
export { stopReconnecting } from "./_server/stop_reconnecting.ts";

/**
 * Answers a request with an event stream.
 *
 * The source is an iterable, an async iterable, a `ReadableStream` of events, or a
 * function that is called with the {@linkcode EventSession}. Its next event is asked
 * for when the client has room. The response ends when the events do. A function
 * may return one of those, or nothing: then the response stays open until
 * `session.close()`, even if the function is async and has run to its end.
 *
 * The source is not touched before the response's body is read. If nobody begins to read it
 * within `startTimeout`, because the response was thrown away, the session is closed. The
 * source is released when the session is closed: by `return()` of the iterator or `cancel()`
 * of the stream. An async generator cannot be released while it awaits something; let what
 * it awaits end with `session.signal`.
 *
 * Some requests get no stream, and their source is released unused: HEAD gets the
 * headers, OPTIONS 204 (also a CORS preflight), any other method that is not served 405,
 * and a GET with an `Accept` that rules out `text/event-stream` 406. A sentence of English
 * in the body of 405 and 406 says why.
 *
 * @example Resume after the event that the client has seen
 * ```ts
 * import { serveEvents } from "@tidings/sse/server";
 * import { assertEquals } from "@std/assert";
 *
 * const request = new Request("http://localhost/", {
 *   headers: { "last-event-id": "1" },
 * });
 * const response = serveEvents(request, function* ({ lastEventId }) {
 *   for (let id = Number(lastEventId ?? -1) + 1; id < 4; id++) {
 *     yield { data: `event ${id}`, id };
 *   }
 * });
 *
 * assertEquals(
 *   await response.text(),
 *   "data: event 2\nid: 2\n\ndata: event 3\nid: 3\n\n",
 * );
 * ```
 *
 * @example Send what comes from elsewhere
 * ```ts
 * import { readEvents } from "@tidings/sse/parser";
 * import { serveEvents } from "@tidings/sse/server";
 * import { assertEquals } from "@std/assert";
 *
 * const response = serveEvents(new Request("http://localhost/"), (session) => {
 *   const timer = setInterval(() => session.send({ data: "tick" }), 10);
 *   session.signal.addEventListener("abort", () => clearInterval(timer));
 * });
 *
 * for await (const { data } of readEvents(response)) {
 *   assertEquals(data, "tick");
 *   break; // the client leaves, and the timer ends
 * }
 * ```
 *
 * @example Events that the compiler knows
 * ```ts
 * import { serveEvents } from "@tidings/sse/server";
 * import { assertEquals } from "@std/assert";
 *
 * const request = new Request("http://localhost/");
 * const response = serveEvents<{ tick: { price: number } }>(request, [
 *   { event: "tick", json: { price: 1 } },
 * ]);
 *
 * assertEquals(await response.text(), 'event: tick\ndata: {"price":1}\n\n');
 * ```
 *
 * @typeParam Events What `json` is, by event type. Left out, any event may be sent.
 * @param request The request to answer.
 * @param source Where the events come from.
 * @param options How to serve them.
 * @returns The response, at once.
 * @throws {TypeError} If `request` is not a `Request`, as that of `node:http` is not; if the
 * source is neither iterable nor a function, or if an option is unknown or of the wrong
 * type; if `headers` has one that is refused; if `cors.origins` has what is not an origin,
 * or `cors.credentials` is true for all.
 * @throws {RangeError} If an option is a number outside its range.
 */
export function serveEvents<Events = unknown>(
  request: Request,
  source: ServeEventsSource<Events>,
  options: ServeEventsOptions = {},
): Response {
  if (typeof source !== "function" && !isEventIterable(source)) {
    throw new TypeError(
      describeMismatch(
        "serve events",
        "source",
        "an iterable, a stream or a function",
        source,
      ),
    );
  }
  assertRequest("serve events", request);
  // Only the compiler needs the map of events.
  const events = source as ServeEventsSource;
  const given = readServeEventsOptions(options);
  const checked = checkServeEventsOptions(given);
  const negotiation = negotiate(request, { ...given, isAlone: true });
  if (negotiation instanceof Response || negotiation.isHead) {
    Session.discard(request, events, checked);
    return negotiation instanceof Response
      ? negotiation
      : answerHead(negotiation);
  }
  return Session.open(request, events, checked, negotiation);
}
