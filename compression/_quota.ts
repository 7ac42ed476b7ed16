// Copyright 2026 the Tidings authors. MIT license.

/**
 * A limit on the number of compressors at a time, since each holds memory outside the heap.
 * Streams and windows take from it.
 *
 * @module
 */

/** Counts what is taken and given back. */
export class Quota {
  #left: number;

  /** @param size How many may be taken at a time. */
  constructor(size: number) {
    this.#left = size;
  }

  /** Whether any is left. */
  get hasAny(): boolean {
    return this.#left > 0;
  }

  /** Takes one, and tells whether any was left. */
  take(): boolean {
    if (this.#left === 0) return false;
    this.#left--;
    return true;
  }

  /** Gives back one that was taken. */
  giveBack(): void {
    this.#left++;
  }
}
