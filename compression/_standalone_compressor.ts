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
import { KeptResults } from "./_kept_results.ts";

/** A compressed chunk that can be read wherever a block may begin. */
export interface StandaloneChunk {
  readonly blocks: Uint8Array<ArrayBuffer>;
  /** The checksum of the chunk before it was compressed. */
  readonly crc: number;
}

// In a shorter chunk, deflate saves less than the end of its block takes.
const LEAST_DEFLATED = 64;

/** Compresses each chunk on its own, once if it is long. */
export class StandaloneCompressor extends KeptResults<StandaloneChunk> {
  readonly #deflater: Deflater;

  /** @param options How to compress; they were checked. */
  constructor(options: DeflaterOptions) {
    super((chunk) => ({ blocks: this.#deflate(chunk), crc: crc32(chunk) }));
    this.#deflater = new Deflater(options);
  }

  #deflate(chunk: Uint8Array): Uint8Array<ArrayBuffer> {
    if (chunk.byteLength < LEAST_DEFLATED) return store(chunk);
    const blocks = this.#deflater.deflateAlone(chunk);
    const isShorter = blocks.byteLength < storedSize(chunk.byteLength);
    return isShorter ? blocks : store(chunk);
  }
}
