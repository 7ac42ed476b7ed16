// Copyright 2026 the Tidings authors. MIT license.

/**
 * The times and counts of connections. A module of its own, without imports: a bundler
 * writes its numbers where they are used.
 *
 * @module
 */

export const DEFAULT_MAX_DELAY = 30_000;

export const DEFAULT_RECONNECTION_TIME = 3000;
export const DEFAULT_HEALTHY_AFTER = 5000;

/**
 * Milliseconds: a stream that lasts less has ended at once, and the longest wait that
 * follows from that alone.
 */
export const SHORT_STREAM = 1000;
export const MAX_FLOOR = 500;

/**
 * How many callbacks are scheduled together once this many event loop turns in a row were
 * waited for: scheduling them one by one costs a trip through the event loop each.
 */
export const BATCH_SIZE = 64;
