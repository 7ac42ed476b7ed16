// Copyright 2026 the Tidings authors. MIT license.

/**
 * The time and the timers of a connection.
 *
 * @module
 */

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
