// Copyright 2026 the Tidings authors. MIT license.

/**
 * How many there may be of something.
 *
 * @module
 */

/** Lends what there is a limited number of. */
export class Reserve {
  #left: number;

  /** @param size How many there are. */
  constructor(size: number) {
    this.#left = size;
  }

  /** Takes one, if any is left. */
  take(): boolean {
    if (this.#left === 0) return false;
    this.#left--;
    return true;
  }

  /** Gives one back that was taken. */
  giveBack(): void {
    this.#left++;
  }
}
