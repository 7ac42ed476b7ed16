// Copyright 2026 the Tidings authors. MIT license.

/**
 * Keeps the results of compressing long chunks on their own, so that clients that read the
 * same history share them. The streams of `gzip()` and `zstd()` use it.
 *
 * @module
 */

// The result of a shorter chunk is not kept: a look-up takes as long as compressing it.
const LEAST_KEPT = 1024;

/** The results of compressing long chunks. */
export class KeptResults<T> {
  readonly #make: (chunk: Uint8Array) => T;
  readonly #kept = new WeakMap<Uint8Array, T>();

  /** @param make Compresses a chunk. */
  constructor(make: (chunk: Uint8Array) => T) {
    this.#make = make;
  }

  /** Compresses a chunk, once if it is long. */
  compress(chunk: Uint8Array): T {
    if (chunk.byteLength < LEAST_KEPT) return this.#make(chunk);
    let kept = this.#kept.get(chunk);
    if (kept === undefined) {
      kept = this.#make(chunk);
      this.#kept.set(chunk, kept);
    }
    return kept;
  }
}
