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
 * Events are asked for at the pace at which the client reads, silence is filled
 * with comments, and everything is released when the client leaves, whenever that
 * is. To send the same events to many clients, see `channel.ts`.
 *
 * The end of a response is not the end of a subscription: the client comes back
 * after its reconnection time, with the ID of the last event that it has seen.
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

import {
  answerOptions,
  answerWithoutStream,
  chooseCompression,
  commonHeaders,
  readLastEventId,
  streamHeaders,
} from "./_server/answer.ts";
import type { EventCompression } from "./_server/compression.ts";
import type { CorsOptions } from "./_server/cors.ts";
import type { ServeEventsSource } from "./_server/event_session.ts";
import { isEventIterable } from "./_server/source_iterator.ts";
import { assertMaxDuration } from "./_server/lifetime.ts";
import { assertLimit, assertNumber, MAX_DELAY } from "./_validate.ts";
import { Session, type SessionOptions } from "./_server/session.ts";
import { encodeEvent } from "./encoder.ts";

export type {
  CompressedStream,
  CompressionWindow,
  EventCompression,
} from "./_server/compression.ts";
export type { CorsOptions } from "./_server/cors.ts";
export type {
  CloseReason,
  EventIterable,
  EventSession,
  ServeEventsSource,
} from "./_server/event_session.ts";

/** Options for {@linkcode serveEvents}. */
export interface ServeEventsOptions {
  /**
   * Milliseconds of silence after which a comment is sent, so that no proxy takes
   * the connection for dead: 0 to 2 147 483 647, where 0 sends none. Nothing is
   * sent to a client that does not read.
   *
   * @default {15_000}
   */
  keepAlive?: number | undefined;
  /**
   * The client's reconnection time in milliseconds, an integer from 0 to
   * 2 147 483 647. It is sent first. Left out, the client keeps its own.
   */
  retry?: number | undefined;
  /**
   * Closes the session when it is aborted, for a server that shuts down: the
   * response ends after what was sent. `shutdown()` of `Deno.serve` waits for open
   * responses, so abort this signal first. It even waits for a client that never
   * reads to its end; only the `signal` of `Deno.serve` itself cuts that off.
   */
  signal?: AbortSignal | undefined;
  /**
   * Milliseconds after which the session is closed, whatever happens, and the
   * client reconnects: 0 to 2 147 483 647, or `Infinity`.
   *
   * @default {Infinity}
   */
  maxDuration?: number | undefined;
  /**
   * Bytes that may wait for a client that does not read, where `send` is not
   * awaited: at least 0. Beyond, what waits is dropped, the session is closed as
   * `"overflow"`, and the client has to resume by its last event ID. One event may
   * always wait, however large. Events of an iterable do not wait: they are not
   * asked for. Of what is compressed, the compressed bytes count. The buffers of the
   * runtime and the system come on top.
   *
   * @default {1_048_576}
   */
  maxBuffered?: number | undefined;
  /**
   * The methods that get a stream; others are answered with 405. With `"GET"`,
   * HEAD is answered too, with the headers alone.
   *
   * @default {["GET"]}
   */
  methods?: readonly string[] | undefined;
  /**
   * The query parameter that brings the last event ID of a client that cannot set
   * headers. The header wins. Left out, only the header counts.
   */
  lastEventIdParameter?: string | undefined;
  /**
   * Headers to add to every answer. They may replace `cache-control: no-store` and
   * `x-accel-buffering: no`. Refused are `content-type`, `content-length` and what
   * belongs to the connection, such as `connection` itself.
   */
  headers?: HeadersInit | undefined;
  /** Which pages of other origins may read the stream. Left out, none. */
  cors?: CorsOptions | undefined;
  /**
   * How the stream is compressed for a client that asks for it, such as `gzip()` of
   * `@tidings/sse/compression`: each event at once, by a compressor of its own.
   * Left out, it is not; see SECURITY.md for when it must not be.
   */
  compression?: EventCompression | undefined;
  /**
   * Called with whatever the source throws, also while it is released, and with
   * the error of an event that cannot be sent. The response then ends as it does
   * otherwise, and the client comes back; nothing of the error reaches it. What is
   * thrown because `session.signal` was aborted is no error. It must not throw.
   *
   * Left out, the body of the response fails with the error: the runtime reports
   * it and cuts the connection, and the client comes back as well.
   *
   * @param error What was thrown.
   * @param request The request that is answered.
   */
  onError?: ((error: unknown, request: Request) => void) | undefined;
}

/** Options for {@linkcode stopReconnecting}. */
export interface StopReconnectingOptions {
  /** Headers to add. */
  headers?: HeadersInit | undefined;
  /**
   * As for {@linkcode serveEvents}. A page of another origin must be allowed to
   * read this answer too: one that it may not read is, by the specification, a
   * network error like any other, after which it comes back.
   */
  cors?: CorsOptions | undefined;
}

const DEFAULT_KEEP_ALIVE = 15_000;
const DEFAULT_MAX_BUFFERED = 1_048_576;

/**
 * Answers a request with an event stream.
 *
 * The source is an iterable, an async iterable, a `ReadableStream` of events, or a
 * function that is called with the {@linkcode EventSession}. Its next event is asked
 * for when the client has room. The response ends when the events do. A function
 * may return one of those, or nothing: then the response stays open until
 * `session.close()`, even if the function is async and has run to its end.
 *
 * Nothing is asked or called before the response's body is read, and the source is
 * released when the session is closed: `return()` of the iterator or `cancel()` of
 * the stream. An async generator cannot be released while it awaits something; let
 * what it awaits end with `session.signal`.
 *
 * Some requests get no stream, and their source is released unused: HEAD gets the
 * headers, OPTIONS 204 (also to a CORS preflight), any other method that is not
 * served 405, and a GET whose `Accept` rules out `text/event-stream` 406.
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
 * import { serveEvents } from "@tidings/sse/server";
 * import { assertEquals } from "@std/assert";
 *
 * const response = serveEvents(new Request("http://localhost/"), (session) => {
 *   const timer = setInterval(() => session.send({ data: "tick" }), 10);
 *   session.signal.addEventListener("abort", () => clearInterval(timer));
 * });
 *
 * for await (const chunk of response.body ?? []) {
 *   assertEquals(new TextDecoder().decode(chunk), "data: tick\n\n");
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
 * @throws {TypeError} If the source is neither iterable nor a function, or if an
 * option is of the wrong type; if `headers` has one that is refused; if
 * `cors.origins` has what is not an origin, or `cors.credentials` is true for all.
 * @throws {RangeError} If an option is a number outside its range.
 */
export function serveEvents<Events = unknown>(
  request: Request,
  source: ServeEventsSource<Events>,
  options: ServeEventsOptions = {},
): Response {
  if (typeof source !== "function" && !isEventIterable(source)) {
    throw new TypeError(
      `Cannot serve events: the source is of type ${typeof source}, an iterable or a function is wanted`,
    );
  }
  // The map is for the compiler alone.
  const events = source as ServeEventsSource;
  const checked = checkOptions(request, options);
  const answer = answerWithoutStream(request, options);
  if (answer !== undefined) {
    Session.discard(request, events, checked);
    return answer;
  }
  return Session.open(
    request,
    events,
    checked,
    streamHeaders(request, options),
  );
}

/**
 * Answers a request with 204, which tells the client to stop for good: an ended
 * response makes it come back, this does not. A preflight is answered too.
 *
 * @example A feed that is over
 * ```ts
 * import { serveEvents, stopReconnecting } from "@tidings/sse/server";
 * import { assertEquals } from "@std/assert";
 *
 * function handler(request: Request): Response {
 *   if (request.headers.get("last-event-id") === "2") {
 *     return stopReconnecting(request);
 *   }
 *   return serveEvents(request, [{ data: "the end", id: 2 }]);
 * }
 *
 * const first = handler(new Request("http://localhost/"));
 * assertEquals(await first.text(), "data: the end\nid: 2\n\n");
 *
 * const headers = { "last-event-id": "2" };
 * const second = handler(new Request("http://localhost/", { headers }));
 * assertEquals(second.status, 204);
 * ```
 *
 * @param request The request to answer.
 * @param options What to add to the answer.
 * @returns The response.
 * @throws {TypeError} As {@linkcode serveEvents} does for the same options.
 * @throws {RangeError} As {@linkcode serveEvents} does for the same options.
 */
export function stopReconnecting(
  request: Request,
  options: StopReconnectingOptions = {},
): Response {
  if (request.method === "OPTIONS") return answerOptions(request, options);
  const headers = commonHeaders(request, options);
  return new Response(null, { status: 204, headers });
}

function checkOptions(
  request: Request,
  options: ServeEventsOptions,
): SessionOptions {
  const {
    keepAlive = DEFAULT_KEEP_ALIVE,
    maxDuration = Infinity,
    maxBuffered = DEFAULT_MAX_BUFFERED,
    retry,
  } = options;
  const verb = "serve events";
  assertNumber(verb, "keepAlive", keepAlive, 0, MAX_DELAY);
  assertMaxDuration(verb, maxDuration);
  assertNumber(verb, "maxBuffered", maxBuffered, 0);
  if (retry !== undefined) {
    // Clients do not take a longer one.
    assertNumber(verb, "retry", retry, 0, MAX_DELAY);
    assertLimit(verb, "retry", retry, 0);
  }
  return {
    lastEventId: readLastEventId(request, options.lastEventIdParameter),
    preamble: retry === undefined ? undefined : encodeEvent({ retry }),
    keepAlive,
    maxDuration,
    maxBuffered,
    signal: options.signal,
    compression: chooseCompression(request, options.compression),
    onError: options.onError,
  };
}
