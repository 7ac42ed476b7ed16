// Copyright 2026 the Tidings authors. MIT license.

/**
 * A limit on how many of something there are at a time: windows take their compressors
 * from one while they have a single client.
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
