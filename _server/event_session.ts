// Copyright 2026 the Tidings authors. MIT license.

/**
 * The public types of a session and of the source of its events. There is no behaviour
 * here.
 *
 * @module
 */

import type { TypedEventInit } from "../event.ts";

/**
 * Why a session is closed:
 *
 * - `"client"`: the client has left, or nobody has begun to read the response in time.
 * - `"source"`: the events ended, or `close()` was called.
 * - `"server"`: the `signal` of the options was aborted.
 * - `"error"`: the source threw, or gave an event that cannot be sent.
 * - `"overflow"`: more than `maxBuffered` bytes were to wait for the client.
 * - `"lifetime"`: `maxDuration` has passed.
 * - `"replaced"`: in a channel, a newer client with the same key has taken the place.
 * - `"disconnected"`: in a channel, `disconnect()` was called for a topic of the client.
 */
export type CloseReason =
  | "client"
  | "source"
  | "server"
  | "error"
  | "overflow"
  | "lifetime"
  | "replaced"
  | "disconnected";

/**
 * One client that reads an event stream, as a source function sees it.
 *
 * @typeParam Events What `json` is, by event type. Left out, any event may be sent.
 */
export interface EventSession<
  Events = unknown,
> {
  /** The request that is answered. */
  readonly request: Request;
  /**
   * The ID of the last event that the client has seen; it resumes after that event.
   * `undefined` if the client brought none. A client may invent any ID.
   */
  readonly lastEventId: string | undefined;
  /** Aborted when the session is closed, whatever the reason. */
  readonly signal: AbortSignal;
  /** Fulfilled with the reason when the session is closed. Never rejected. */
  readonly closed: Promise<CloseReason>;
  /**
   * Sends an event. A caller that awaits the promise goes at the client's pace. Without
   * this back-pressure, the events for a slow client wait in memory, up to `maxBuffered`.
   *
   * @param event The event.
   * @returns `true` once the client has room for another; `false` if the session
   * is closed, or is closed before that.
   * @throws {TypeError} If a field is of the wrong type or holds what it must not, or
   * if the ID cannot come back in a header. It is thrown at once and the promise does not
   * reject, so that a call that is not awaited leaves no unhandled rejection. Nothing is
   * sent, and the session stays open.
   * @throws {RangeError} If a field is a number outside its range; also at once.
   */
  send(event: TypedEventInit<Events>): Promise<boolean>;
  /**
   * Sends a comment, which receivers ignore.
   *
   * @param text The text. It may hold line breaks.
   * @returns As {@linkcode EventSession.send}.
   * @throws {TypeError} If the text is not a string.
   */
  comment(text: string): Promise<boolean>;
  /**
   * Closes the session: the response ends after what was sent. The client reconnects,
   * unless it is then told to stop.
   */
  close(): void;
}

/**
 * Events, one after the other: in an iterable, an async iterable or a stream.
 *
 * @typeParam Events What `json` is, by event type. Left out, any event may be sent.
 */
export type EventIterable<Events = unknown> =
  | Iterable<TypedEventInit<Events>>
  | AsyncIterable<TypedEventInit<Events>>
  | ReadableStream<TypedEventInit<Events>>;

/**
 * Where the events of a response come from: an iterable, or a function that is
 * called with the session and may return one.
 *
 * @typeParam Events What `json` is, by event type. Left out, any event may be sent.
 */
export type ServeEventsSource<
  Events = unknown,
> =
  | EventIterable<Events>
  | ((
    session: EventSession<Events>,
  ) => EventIterable<Events> | void | Promise<EventIterable<Events> | void>);
