// Copyright 2026 the Tidings authors. MIT license.

/**
 * An `EventSource` that shares one connection with all tabs of a browser.
 *
 * Over HTTP/1.1 a browser opens at most six connections to a host, for all of its tabs.
 * Each tab with an `EventSource` takes one, and the seventh tab does not load.
 * {@linkcode SharedEventSource} is used as `EventSource` is, and needs one connection for
 * a browser:
 *
 * ```ts ignore -- it needs a server, and a browser to share in
 * import { SharedEventSource } from "@tidings/sse/shared";
 *
 * const source = new SharedEventSource("/events");
 * source.onmessage = (event) => console.log(event.data);
 * ```
 *
 * A Web Lock elects one tab as the leader, which has the connection. A
 * `BroadcastChannel` carries its events to the other tabs, the followers. What you can
 * rely on:
 *
 * - Each tab gets each event once and in order, from when it opens to when it closes.
 * - A leader that closes, crashes, is frozen, goes into the back/forward cache or hangs
 *   is replaced by another tab. The new leader first sends the followers the events that
 *   some tabs have received and others have not, and then resumes after the last of them.
 *   A leader that hangs is replaced after 10 to 15 seconds without a message, one that is
 *   closed or crashes at once. Messages that it sends later are ignored.
 * - A tab that was frozen gets the events that it has missed from the memory of the other
 *   tabs, which keep about a mebibyte, or else from the server, over a connection of its
 *   own that ends when it has caught up. One tab at a time does so.
 * - An event without an ID that was sent while there was no connection is lost, as it is
 *   with any `EventSource`.
 * - Nothing is stored: with its last tab, all of this is gone.
 *
 * @module
 */

import { EventSource } from "../_client/event_source.ts";
import {
  type EventSourceConnection,
  MAKE_CONNECTION,
} from "../_client/event_source_connection.ts";
import type { EventSourceEventMap } from "../_client/event_source_events.ts";
import type {
  ConnectOptions,
  EventSourceInit,
} from "../_client/connection_options.ts";
import { assertName } from "../_validate.ts";
import { SharedConnection } from "./_connection.ts";
import { canShare } from "./_locks.ts";

export type { BackoffOptions } from "../_client/backoff.ts";
export type { Clock } from "../_clock.ts";
export type { EventSourceInit } from "../_client/connection_options.ts";
export type { Disconnection } from "../_client/connection_state.ts";
export type { EventHandler } from "../_client/event_handler.ts";
export { EventSource } from "../_client/event_source.ts";
export type {
  EventSourceErrorEvent,
  EventSourceEventMap,
} from "../_client/event_source_events.ts";
export type {
  DisconnectReason,
  EventSourceError,
  EventSourceErrorOptions,
} from "../_client/event_source_error.ts";

/**
 * The options of a {@linkcode SharedEventSource}: those of `EventSource`, and a key for
 * the connection. All options but `withCredentials` and `key` are those of the leader at
 * the time.
 */
export interface SharedEventSourceInit extends EventSourceInit {
  /**
   * Only sources with the same key share a connection. Use the user's ID if the request's
   * headers decide which events are sent.
   *
   * @default {the URL}
   */
  key?: string | undefined;
}

// The connection of each source that shares one. Not a field: the base constructor calls
// MAKE_CONNECTION before the fields of a subclass are there.
const CONNECTIONS = new WeakMap<object, SharedConnection>();

/**
 * An `EventSource` that shares one connection with all others of the same URL,
 * credentials and `key` in the tabs, windows and workers of its origin.
 *
 * It has the interface of `EventSource`, and behaves as if it had a connection of its
 * own: it has its own `readyState`, `open` and `error`, `close()` closes it only, and the
 * last one that closes ends the connection. The differences:
 *
 * - A later source is open at once, and gets the events from then on. Only the first
 *   source gets what the server sends at the start, such as a replay. For the same
 *   reason, `lastEventId` and a header `Last-Event-ID` have an effect on the first source
 *   only.
 * - When another tab becomes the leader, sources dispatch an `error` and then an `open`.
 *   If the events have no IDs, the new leader cannot resume: its request gets what the
 *   server sends at the start.
 * - `fetch`, `headers`, `onComment`, `shouldReconnect` and the other functions among the
 *   options are called in the leader. If one throws, the source fails in that tab, and
 *   another tab becomes the leader. A request that the server refuses fails all sources.
 * - `error` events tell as much in all tabs, but `error.headers` and `error.cause`, which the
 *   leader alone has.
 *
 * Where there are no Web Locks, no `BroadcastChannel` or no tabs of one user (in Node,
 * Deno and Bun, in old browsers, on pages that were not loaded over HTTPS or from
 * localhost, in sandboxed frames), it is a plain `EventSource`.
 *
 * @example Instead of an EventSource
 * ```ts
 * import { SharedEventSource } from "@tidings/sse/shared";
 * import { assertEquals } from "@std/assert";
 *
 * const source = new SharedEventSource("https://example.com/events", {
 *   key: "ada",
 *   fetch: async () =>
 *     new Response("data: 42\n\n", {
 *       headers: { "content-type": "text/event-stream" },
 *     }),
 * });
 *
 * const { data } = await new Promise<MessageEvent>((resolve) => {
 *   source.onmessage = resolve;
 * });
 * assertEquals(data, "42");
 *
 * source.close();
 * ```
 *
 * @typeParam Events The types of named events, beside those of every
 * `EventSource`.
 */
export class SharedEventSource<Events extends object = EventSourceEventMap>
  extends EventSource<Events> {
  /**
   * Connects to an event stream, or joins the tabs that are connected.
   *
   * @param url Its URL, resolved against `location` where there is one.
   * @param init How to connect, and with which tabs to share.
   * @throws {DOMException} Named `"SyntaxError"` if the URL does not parse.
   * @throws {TypeError} If an argument or an option is of the wrong type.
   * @throws {RangeError} If an option is out of its range.
   */
  constructor(url: string | URL, init: SharedEventSourceInit = {}) {
    // EventSource counts its arguments too, but JSR refuses `super(...arguments)`.
    if (arguments.length === 0) {
      throw new TypeError(
        "Cannot connect: expected a URL, got no argument",
      );
    }
    super(url, init);
  }

  /** Whether its tab is the leader at the moment, and has the connection. */
  get isLeader(): boolean {
    return CONNECTIONS.get(this)?.isLeader ?? true;
  }

  /** @ignore Called by the constructor. */
  override [MAKE_CONNECTION](
    url: string,
    options: ConnectOptions,
    init: SharedEventSourceInit,
  ): EventSourceConnection {
    const { key: given = url } = init;
    const key = `${given}`;
    assertName("connect", "key", key);
    if (!canShare()) return super[MAKE_CONNECTION](url, options, init);
    const connection = new SharedConnection(url, options, key);
    CONNECTIONS.set(this, connection);
    return connection;
  }
}
