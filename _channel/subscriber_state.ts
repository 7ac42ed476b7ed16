// Copyright 2026 the Tidings authors. MIT license.

/**
 * The states of a subscriber. There is no behaviour here.
 *
 * @module
 */

/**
 * What a subscriber waits for.
 *
 * - `"blocked"`: room in the sink, which tells when there is some.
 * - `"reading"`: the log's answer, which brings the next step.
 * - `"idle"`: events. It looks again after each broadcast.
 * - `"live"`: broadcasts. It was given everything up to the broadcaster's position. A
 *   broadcast without an event for it does not touch it.
 * - `"closed"`: nothing. The stream has ended.
 */
export type SubscriberState =
  | "blocked"
  | "reading"
  | "idle"
  | "live"
  | "closed";
