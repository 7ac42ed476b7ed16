// Copyright 2026 the Tidings authors. MIT license.

/**
 * The time and the timers of a connection.
 *
 * @module
 */

/**
 * A timer that fires later than this was held up: milliseconds, and a part of the timeout,
 * of which the greater counts.
 */
export const MIN_LATENESS = 50;
export const LATENESS_RATIO = 0.1;
/**
 * How often the timeout starts again without anything from the peer. A browser lets timers
 * of a hidden tab fire once a minute: each is late, and a dead connection would never be
 * noticed there.
 */
export const MAX_RESTARTS = 2;
/**
 * Milliseconds for what has arrived to be read. Timers fire before the event loop looks at
 * sockets, and a chunk takes some event loop turns from a socket to its reader.
 */
export const GRACE = 10;

/** Where a connection's time comes from; tests pass their own. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls back once after `delay` milliseconds, and returns the timer. */
  setTimeout(callback: () => void, delay: number): unknown;
  /** Stops a timer. */
  clearTimeout(timer: unknown): void;
}

/** The runtime's clock, looked up at each call so that faked timers are seen. */
export const SYSTEM_CLOCK: Clock = {
  now: () => Date.now(),
  setTimeout: (callback, delay) => setTimeout(callback, delay),
  clearTimeout: (timer) => clearTimeout(timer as number),
};
