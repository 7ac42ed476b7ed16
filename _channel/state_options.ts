// Copyright 2026 the Tidings authors. MIT license.

/**
 * The public types of what a client gets in place of the events before its first one: the
 * present state, or a note of what is missing. There is no behaviour here.
 *
 * @module
 */

import type { TypedEventInit } from "../event.ts";

/** A client for which events are missing. */
export interface EventGap {
  /** The ID that the client brought, or was at, and that the history does not have. */
  lastEventId: string;
  /** The client's request. */
  request: Request;
}

/** For whom a {@linkcode EventSnapshot} is loaded. */
export interface EventSnapshotContext {
  /** The client's request. */
  request: Request;
  /** The ID that the client brought, or was at; `undefined` if it has none. */
  lastEventId: string | undefined;
  /** Aborts when the client has left. */
  signal: AbortSignal;
}

/**
 * A snapshot that clients share.
 *
 * @typeParam Events What `json` is, by event type. Left out, it is any.
 */
export interface SharedEventSnapshot<Events = unknown> {
  /**
   * What the clients that share the snapshot have in common, not empty. All of them get
   * what `load` returns for the first: name everything in it on which their state
   * depends, such as what they may see.
   */
  key: string;
  /**
   * Milliseconds for which further clients get a snapshot that was loaded, at least 0;
   * `Infinity` for as long as the channel has clients. They begin at the cursor of the
   * snapshot, so with an old one they get more events, and miss none. With 0, only clients
   * that come while the snapshot is loaded share it.
   *
   * @default {1000}
   */
  maxAge?: number | undefined;
  /**
   * Loads the present state, as {@linkcode EventSnapshot}. Its `signal` aborts when the
   * last client that waits for it has left.
   */
  load: (
    context: Pick<EventSnapshotContext, "signal">,
  ) =>
    | readonly TypedEventInit<Events>[]
    | Promise<readonly TypedEventInit<Events>[]>;
}

/**
 * A function that loads the present state, as events without IDs; or such a function with
 * a key for the clients that share what it loads.
 *
 * @typeParam Events What `json` is, by event type. Left out, it is any.
 */
export type EventSnapshot<Events = unknown> =
  | ((
    context: EventSnapshotContext,
  ) =>
    | readonly TypedEventInit<Events>[]
    | Promise<readonly TypedEventInit<Events>[]>)
  | SharedEventSnapshot<Events>;
