// Copyright 2026 the Tidings authors. MIT license.

/**
 * Limits how often a busy process writes: a write costs the same for one event as for
 * many, so above a rate, writes wait for the next interval and take more events.
 *
 * @module
 */

/** Writes of an interval, and of the event loop turn of the last one, that do not wait. */
const UNDELAYED_WRITES = 32;
/** Milliseconds. In a busy process, events wait half of it on average. */
const INTERVAL = 20;

/** Delays writes to the next interval while there are many. */
export class WriteLimiter {
  /** When the interval ends. */
  #end = 0;
  /** Whether writes start at once. */
  #isOpen = false;
  /** How many writes this interval has had. */
  #count = 0;
  /** Starts the writes that wait for the next interval. */
  #waiting: (() => void)[] = [];

  /**
   * Waits until a write may start.
   *
   * @returns Settles then; `undefined` if it may start now.
   */
  next(): Promise<void> | undefined {
    const now = performance.now();
    // While writes wait, their timer ends the interval.
    if (this.#waiting.length === 0 && now >= this.#end) {
      this.#beginInterval(now, 0);
    }
    if (this.#isOpen) {
      this.#count++;
      // Other writes of this event loop turn do not wait either.
      if (this.#count === UNDELAYED_WRITES) {
        setTimeout(() => this.#isOpen = false, 0);
      }
      return undefined;
    }
    if (this.#waiting.length === 0) {
      setTimeout(() => this.#endInterval(), this.#end - now);
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #beginInterval(now: number, count: number): void {
    this.#end = now + INTERVAL;
    this.#count = count;
    this.#isOpen = count < UNDELAYED_WRITES;
  }

  #endInterval(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#beginInterval(performance.now(), waiting.length);
    for (const go of waiting) go();
  }
}
