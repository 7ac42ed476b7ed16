// Copyright 2026 the Tidings authors. MIT license.

/**
 * How often a busy process writes: each write costs the same, however many events it has.
 *
 * @module
 */

/** Writes in one beat that do not wait. */
const FREE_WRITES = 32;
/** Milliseconds. Half of it is what events of a busy process wait on average. */
const BEAT = 20;

/**
 * Has writes wait for the next beat where there are many of them, so that what their
 * logs are given meanwhile goes with them.
 */
export class WritePace {
  /** When the beat ends. */
  #end = 0;
  /** Writes that need not wait for the next beat. */
  #left = 0;
  /** Those who wait for it. */
  #waiting: (() => void)[] = [];

  /** Gives a write its turn, `undefined` if it is now. */
  turn(): Promise<void> | undefined {
    const now = performance.now();
    // While some wait, it is their timer that ends the beat.
    if (this.#waiting.length === 0 && now >= this.#end) this.#begin(now);
    if (this.#left > 0) {
      this.#left--;
      return undefined;
    }
    if (this.#waiting.length === 0) {
      setTimeout(() => this.#beat(), this.#end - now);
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #begin(now: number): void {
    this.#end = now + BEAT;
    this.#left = FREE_WRITES;
  }

  #beat(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#begin(performance.now());
    this.#left = Math.max(this.#left - waiting.length, 0);
    for (const go of waiting) go();
  }
}
