// Copyright 2026 the Tidings authors. MIT license.

/**
 * Compresses chunks that refer to nothing before them, for clients that do not share the
 * history of a window. One compressor serves all streams of a `gzip()`.
 *
 * @module
 */

import { crc32 } from "node:zlib";
import { Deflater, type DeflaterOptions } from "./_deflater.ts";
import { store, storedSize } from "./_gzip_format.ts";

/** A compressed chunk that can be read wherever a block may begin. */
export interface StandaloneChunk {
  readonly blocks: Uint8Array<ArrayBuffer>;
  /** The checksum of the chunk before it was compressed. */
  readonly crc: number;
}

// In a shorter chunk, deflate saves less than the end of its block takes.
const LEAST_DEFLATED = 64;
// To look a shorter chunk up takes as long as to compress it again.
const LEAST_KEPT = 1024;

/** Compresses each chunk on its own. */
export class StandaloneCompressor {
  readonly #deflater: Deflater;
  /** The results for long chunks. Other clients that read the same history get them too. */
  readonly #kept = new WeakMap<Uint8Array, StandaloneChunk>();

  /** @param options How to compress; they were checked. */
  constructor(options: DeflaterOptions) {
    this.#deflater = new Deflater(options);
  }

  /** Compresses a chunk, once if it is long. */
  compress(chunk: Uint8Array): StandaloneChunk {
    if (chunk.byteLength < LEAST_KEPT) return this.#make(chunk);
    let kept = this.#kept.get(chunk);
    if (kept === undefined) {
      kept = this.#make(chunk);
      this.#kept.set(chunk, kept);
    }
    return kept;
  }

  #make(chunk: Uint8Array): StandaloneChunk {
    return { blocks: this.#deflate(chunk), crc: crc32(chunk) };
  }

  #deflate(chunk: Uint8Array): Uint8Array<ArrayBuffer> {
    if (chunk.byteLength < LEAST_DEFLATED) return store(chunk);
    const blocks = this.#deflater.deflateAlone(chunk);
    const isShorter = blocks.byteLength < storedSize(chunk.byteLength);
    return isShorter ? blocks : store(chunk);
  }
}
