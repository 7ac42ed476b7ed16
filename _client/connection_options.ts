// Copyright 2026 the Tidings authors. MIT license.

/**
 * The options of `EventSource` and `connect()`; `option_checks.ts` checks them.
 *
 * @module
 */

import type { BackoffOptions } from "./backoff.ts";
import type { Clock } from "../_clock.ts";
import type { ConnectionState, Disconnection } from "./connection_state.ts";

/**
 * The options that `EventSource` and `connect()` share. The first one,
 * `withCredentials`, is the platform's; the others are ours.
 */
export interface EventSourceInit {
  /**
   * Whether cookies and other credentials go to other origins as well, for the
   * runtimes that keep any.
   *
   * @default {false}
   */
  withCredentials?: boolean | undefined;
  /**
   * The function that sends the requests. It must respect `init.signal`. If it rejects,
   * that counts as a network error and is tried again, unless the error shows a mistake in
   * a program: a `ReferenceError`, or a `TypeError` such as "a is not a function", but none
   * with another text, since `fetch` rejects with one for each failure. If it throws, or gives
   * what is no response, the connection fails. A body may be a stream of Node, as that of
   * node-fetch is.
   *
   * @default {globalThis.fetch}
   */
  fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
  /**
   * Headers of the request. A function is called at each attempt, for credentials that
   * expire; if it throws, the connection fails, unless `shouldReconnect` says otherwise.
   * A `Last-Event-ID` among them is sent until a stream is open; from then on, only the ID
   * of the stream is. The option `lastEventId` is kept until the server sends another.
   */
  headers?:
    | HeadersInit
    | (() => HeadersInit | Promise<HeadersInit>)
    | undefined;
  /**
   * The request's method.
   *
   * @default {"GET", or "POST" if there is a body}
   */
  method?: string | undefined;
  /**
   * The request's body. A function is called at each attempt; it has to make the body
   * if that is a stream, which can be sent only once: a `ReadableStream`, one of Node or
   * another async iterable.
   */
  body?: BodyInit | (() => BodyInit | Promise<BodyInit>) | undefined;
  /**
   * Closes the connection when it aborts, as `close()` does. If the reason is a
   * `TimeoutError`, as of `AbortSignal.timeout()`, the iteration of `connect()` throws it.
   */
  signal?: AbortSignal | undefined;
  /**
   * The last event ID to begin with: the stream is resumed after it. If it is given, also
   * `""`, a `Last-Event-ID` among the headers is not sent.
   *
   * @default {"", or that of the headers}
   */
  lastEventId?: string | undefined;
  /**
   * The name of a parameter of the query that has the last event ID, instead of the header
   * `Last-Event-ID`. In a browser, that header needs a preflight if the server is of another
   * origin: one that does not allow it is lost once there is an ID. Servers of this library
   * read the parameter that their option of the same name says. `URLSearchParams`
   * serializes all of the query again: `?a=%20` becomes `?a=+`.
   *
   * @default {no parameter}
   */
  lastEventIdParameter?: string | undefined;
  /**
   * The least milliseconds to wait before the connection is reestablished, until the
   * server's `retry` says otherwise; from 0 to 2 147 483 647.
   *
   * With 0, a server that ends each response at once gets hundreds of requests a second
   * from an `EventSource`, by the standard. `connect()` waits longer each time that a
   * response ends within a second, up to 500 ms.
   *
   * @default {3_000}
   */
  reconnectionTime?: number | undefined;
  /**
   * How the waits grow while attempts fail. `EventSource` waits the
   * reconnection time each time unless this is given; `connect()` always backs
   * off.
   */
  backoff?: BackoffOptions | undefined;
  /**
   * Milliseconds without a byte after which the connection is dropped and
   * reestablished, from 1 to 2 147 483 647. Comments count as bytes, and the wait for
   * the response counts too. Time in which the consumer asks for no event does not
   * count, and a chunk that was read ahead in that time shows that the server is alive.
   * If this process stood still meanwhile, the time starts again, at most twice. Nor does it
   * count while the body of a refusal is read, for a second at most.
   *
   * @default {Infinity}
   */
  idleTimeout?: number | undefined;
  /**
   * Accepts a response with any `Content-Type` or none: some services send none.
   *
   * @default {false}
   */
  ignoreContentType?: boolean | undefined;
  /**
   * Accepts a response with any status from 200 to 299 but 204 and 205, which have no body.
   *
   * @default {false}
   */
  ignoreStatus?: boolean | undefined;
  /**
   * UTF-16 code units that an event may have, an integer of at least 1 or `Infinity`;
   * beyond it the connection fails. It bounds the memory too, as `maxEventSize` of
   * `EventStreamParser` does.
   *
   * @default {16_777_216}
   */
  maxEventSize?: number | undefined;
  /**
   * Decides whether a lost connection is reestablished; `undefined` leaves it to
   * the default. Any other result than `true`, `false` and `undefined`, such as a promise,
   * fails the connection. It is not asked about a 204, an event that is too large or a
   * request that can never be sent, which always end the connection, nor once
   * `backoff.maxAttempts` is reached, nor about `reconnect()`, which always
   * reestablishes it.
   *
   * By default an ended body, a network error and an idle timeout reconnect.
   * `connect()` also reconnects after a transient status: 408, 425, 429, 500, 502, 503
   * and 504, no sooner than `Retry-After` says. Any other refusal fails the connection.
   *
   * All this holds for requests that are safe to repeat: GET, HEAD or OPTIONS without a
   * body, and QUERY, unless its body is a stream, which can be sent only once. Any other
   * request, such as a POST, is sent again only if this function returns `true`, if
   * `Retry-After` comes with a transient status, or on `reconnect()`. Without that, the
   * iteration ends when the response does, and fails if the response breaks off or does not
   * come, since the server may have acted on the request.
   */
  shouldReconnect?:
    | ((disconnection: Disconnection) => boolean | undefined)
    | undefined;
  /**
   * Called with the text of each comment, without one leading space, in its place between
   * the events: once those before it were handed out, and the next one is asked for. If it
   * throws, the connection fails there, however the stream was cut into chunks.
   */
  onComment?: ((comment: string) => void) | undefined;
  /** The time and the timers, for tests. It defaults to the runtime's clock. */
  clock?: Clock | undefined;
}

/** The options of `connect()`. */
export interface ConnectOptions extends EventSourceInit {
  /**
   * Called at each change of state: when the connection is open, when it was lost and
   * waits to be reestablished, and once when it ended for good.
   */
  onStateChange?: ((state: ConnectionState) => void) | undefined;
}

/**
 * Whether a body is a stream, which can be sent only once. That of Node and a generator are:
 * the `fetch` of Deno, Node and Bun takes them.
 */
export function isStream(body: unknown): body is ReadableStream {
  // Not by its class: where that is missing, all other bodies can be sent.
  const stream = body as Partial<ReadableStream> | undefined;
  return Boolean(stream?.getReader ?? stream?.[Symbol.asyncIterator]);
}

/** The method that the request is sent with. */
export function getMethod({ method, body }: EventSourceInit): string {
  return method ?? (body === undefined ? "GET" : "POST");
}

/**
 * Whether the request is safe to repeat: it is sent again by default. QUERY is, with its
 * body ([RFC 10008](https://www.rfc-editor.org/info/rfc10008)).
 */
export function isRepeatable(options: EventSourceInit): boolean {
  const { body } = options;
  if (isStream(body)) return false;
  const safe = body === undefined ? /^(get|head|options|query)$/i : /^query$/i;
  return safe.test(getMethod(options));
}
