// Copyright 2026 the Tidings authors. MIT license.

/**
 * What a channel counts: its broadcaster and its subscribers add to the numbers, and
 * `EventChannel` gives them to the application.
 *
 * @module
 */

/** What a channel has done since it was made. */
export interface EventChannelCounters {
  /** Events given to clients: one event for two clients counts as two. */
  delivered: number;
  /** Bytes given to clients, as they are sent, comments and the like included. */
  bytes: number;
  /** Bytes that would have been sent on top of these without compression. */
  savedBytes: number;
  /** Clients that were told of a gap. */
  gaps: number;
  /** Clients that were closed because they fell behind the whole log. */
  overflows: number;
}
