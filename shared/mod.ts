// Copyright 2026 the Tidings authors. MIT license.

/**
 * One connection for all tabs.
 *
 * Over HTTP/1.1 a browser has six connections to a host, for all of its tabs. Each
 * tab with an `EventSource` takes one, and the seventh tab does not load.
 * {@linkcode SharedEventSource} takes the place of `EventSource`, and one connection
 * is enough for a browser:
 *
 * ```ts ignore -- it needs a server, and a browser to share in
 * import { SharedEventSource } from "@tidings/sse/shared";
 *
 * const source = new SharedEventSource("/events");
 * source.onmessage = (event) => console.log(event.data);
 * ```
 *
 * A Web Lock says which tab holds the connection, and a `BroadcastChannel` carries
 * what it receives to the others. What can be relied on:
 *
 * - Each tab gets each event once and in order, from when it came to when it closes.
 * - A leader that closes, crashes, is frozen, goes into the back/forward cache or
 *   hangs is replaced by another tab, which resumes after the last event that any of
 *   them has got; events that some have got and others not are passed on first. One
 *   that hangs is noticed after 10 to 15 seconds of silence, one that is closed or
 *   crashes at once. What it still sends when it comes back is not listened to.
 * - A tab that was frozen gets what it has missed from the memory of the others
 *   (about a mebibyte of events), or else from the server, over a connection of its
 *   own that ends where the others are; one tab does so at a time.
 * - An event without an ID cannot be resumed after. It is lost if it was sent while
 *   there was no connection, as it is for any `EventSource`.
 * - Nothing is stored: what the tabs know is gone with the last of them.
 *
 * @module
 */

import {
  EventSource,
  type EventSourceConnection,
  type EventSourceEventMap,
  MAKE_CONNECTION,
} from "../_client/event_source.ts";
import type {
  ConnectOptions,
  EventSourceInit,
} from "../_client/connection_options.ts";
import { assertName } from "../_validate.ts";
import { SharedConnection } from "./_connection.ts";
import { canShare } from "./_locks.ts";

export type { BackoffOptions } from "../_client/backoff.ts";
export type { Clock } from "../_client/clock.ts";
export type { EventSourceInit } from "../_client/connection_options.ts";
export type { Disconnection } from "../_client/connection_state.ts";
export type { EventHandler } from "../_client/event_handler.ts";
export {
  EventSource,
  type EventSourceEventMap,
} from "../_client/event_source.ts";
export type {
  DisconnectReason,
  EventSourceError,
  EventSourceErrorOptions,
} from "../_client/event_source_error.ts";

/**
 * The options of a {@linkcode SharedEventSource}: those of `EventSource`, and what
 * keeps connections apart. Other options than `withCredentials` and `key` are those
 * of the tab that holds the connection at the time.
 */
export interface SharedEventSourceInit extends EventSourceInit {
  /**
   * Only those with the same key share a connection: take the user's ID where the
   * headers say whose events they are.
   *
   * @default {the URL}
   */
  key?: string | undefined;
}

// Of those that share one. The field of a subclass is not there in time.
const CONNECTIONS = new WeakMap<object, SharedConnection>();

/**
 * An `EventSource` that has one connection with all others in the tabs, windows and
 * workers of its origin that have the same URL, credentials and `key`.
 *
 * It has the interface of `EventSource`, and behaves as if it had connected by
 * itself: `readyState`, `open` and `error` are its own, `close()` closes nothing for
 * the others, and the last one that closes ends the connection. What differs:
 *
 * - One that comes later is open at once, and gets the events from then on: what a
 *   server sends first, such as a replay, only the first one gets. For the same
 *   reason `lastEventId` only counts for the first.
 * - When another tab takes the connection over, it is lost and open again, with an
 *   `error` and an `open`. What was fetched once may have to be fetched again there
 *   if its events have no IDs.
 * - `fetch`, `headers`, `onComment`, `shouldReconnect` and the other functions among
 *   the options are called in the tab that holds the connection. If one throws, it
 *   fails in that tab, and another takes over. What the server refuses, it refuses
 *   for all.
 *
 * Where there are no Web Locks, no `BroadcastChannel` or no others to share with
 * (in Node, Deno and Bun, in old browsers, on pages that did not come over HTTPS or
 * from localhost, in sandboxed frames), it is an `EventSource` of its own.
 *
 * @example In the place of an EventSource
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
   * Connects to an event stream, or joins those who are connected.
   *
   * @param url Its URL, resolved against `location` where there is one.
   * @param init How to connect, and with whom.
   * @throws {DOMException} Named `"SyntaxError"` if the URL does not parse.
   * @throws {TypeError} If an argument or an option is of the wrong type.
   * @throws {RangeError} If an option is out of its range.
   */
  constructor(url: string | URL, init: SharedEventSourceInit = {}) {
    // EventSource counts them too, but JSR takes no `super(...arguments)`.
    if (arguments.length === 0) {
      throw new TypeError(
        "Cannot connect: there is no argument, a URL is wanted",
      );
    }
    super(url, init);
  }

  /** Whether it holds the connection itself, at the moment. */
  get isLeader(): boolean {
    return CONNECTIONS.get(this)?.isLeader ?? true;
  }

  /** @ignore Called by the constructor. */
  override [MAKE_CONNECTION](
    url: string,
    options: ConnectOptions & SharedEventSourceInit,
  ): EventSourceConnection {
    if (options.key !== undefined) {
      assertName("connect", "key", `${options.key}`);
    }
    if (!canShare()) return super[MAKE_CONNECTION](url, options);
    const key = `${options.key ?? url}`;
    const connection = new SharedConnection(url, options, key);
    CONNECTIONS.set(this, connection);
    return connection;
  }
}
