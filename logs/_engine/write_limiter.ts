// Copyright 2026 the Tidings authors. MIT license.

/**
 * How often a busy process writes: each write costs the same, however many events it has.
 *
 * @module
 */

/** Writes in one beat that do not wait, and neither do those of the same turn. */
const UNDELAYED_WRITES = 32;
/** Milliseconds. Half of it is what events of a busy process wait on average. */
const INTERVAL = 20;

/**
 * Has writes wait for the next beat where there are many of them, so that what their
 * logs are given meanwhile goes with them.
 */
export class WriteLimiter {
  /** When the beat ends. */
  #end = 0;
  /** Whether writes go at once. */
  #isOpen = false;
  /** How many writes there were in this beat. */
  #count = 0;
  /** Those who wait for the next one. */
  #waiting: (() => void)[] = [];

  /** Gives a write its turn, `undefined` if it is now. */
  next(): Promise<void> | undefined {
    const now = performance.now();
    // While some wait, it is their timer that ends the beat.
    if (this.#waiting.length === 0 && now >= this.#end) {
      this.#beginInterval(now, 0);
    }
    if (this.#isOpen) {
      this.#count++;
      // What else this turn of the event loop brings goes with it.
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
