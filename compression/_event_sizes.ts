// Copyright 2026 the Tidings authors. MIT license.

/**
 * Tells whether the events that were sent lately are large, for `compress()`.
 *
 * @module
 */

/**
 * Bytes of a chunk that counts as large: the default history of `gzip()` holds only one of
 * them.
 */
export const LARGE_CHUNK = 4096;

/** The bytes after which what was counted before counts half. */
const HALVING_BYTES = 1_048_576;

/** Counts the bytes of chunks. Newer ones weigh more. */
export class EventSizes {
  readonly #expectsLarge: boolean;
  #all = 0;
  #large = 0;

  /** @param expectsLarge Whether events count as large until some were sent. */
  constructor(expectsLarge: boolean) {
    this.#expectsLarge = expectsLarge;
  }

  /** Whether at least half of the bytes were in large chunks. */
  get areLarge(): boolean {
    if (this.#all === 0) return this.#expectsLarge;
    return this.#large * 2 >= this.#all;
  }

  /** Counts a chunk. */
  add(byteLength: number): void {
    this.#all += byteLength;
    if (byteLength >= LARGE_CHUNK) this.#large += byteLength;
    if (this.#all < HALVING_BYTES) return;
    this.#all /= 2;
    this.#large /= 2;
  }
}
