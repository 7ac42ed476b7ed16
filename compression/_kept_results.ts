// Copyright 2026 the Tidings authors. MIT license.

/**
 * Compresses chunks that refer to nothing before them, long ones once: other clients that
 * read the same history get the same result.
 *
 * @module
 */

// To look a shorter chunk up takes as long as to compress it again.
const LEAST_KEPT = 1024;

/** What long chunks were compressed to. */
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
