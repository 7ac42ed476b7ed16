// Copyright 2026 the Tidings authors. MIT license.

/**
 * Compresses bytes for those who have no others to refer to.
 *
 * @module
 */

import { crc32 } from "node:zlib";
import { Deflater, type DeflaterOptions } from "./_deflater.ts";
import { store, storedSize } from "./_gzip_format.ts";

/** A chunk that can be read wherever a block may begin. */
export interface PackedChunk {
  readonly blocks: Uint8Array<ArrayBuffer>;
  /** The checksum of the chunk itself. */
  readonly crc: number;
}

// Below, what deflate saves is less than what the end of its block takes.
const LEAST_DEFLATED = 64;
// Below, to look for it takes as long as to pack it again.
const LEAST_KEPT = 1024;

/** Compresses each chunk on its own, all of them with one compressor. */
export class Packer {
  readonly #deflater: Deflater;
  /** What was made of the chunks that are still there. Others may get them too. */
  readonly #packed = new WeakMap<Uint8Array, PackedChunk>();

  /** @param options What its compressor is made of. */
  constructor(options: DeflaterOptions) {
    this.#deflater = new Deflater(options);
  }

  /** Makes blocks of a chunk, once if it is long. */
  pack(chunk: Uint8Array): PackedChunk {
    if (chunk.byteLength < LEAST_KEPT) return this.#make(chunk);
    let packed = this.#packed.get(chunk);
    if (packed === undefined) {
      packed = this.#make(chunk);
      this.#packed.set(chunk, packed);
    }
    return packed;
  }

  #make(chunk: Uint8Array): PackedChunk {
    return { blocks: this.#deflate(chunk), crc: crc32(chunk) };
  }

  #deflate(chunk: Uint8Array): Uint8Array<ArrayBuffer> {
    if (chunk.byteLength < LEAST_DEFLATED) return store(chunk);
    const blocks = this.#deflater.deflateAlone(chunk);
    const isShorter = blocks.byteLength < storedSize(chunk.byteLength);
    return isShorter ? blocks : store(chunk);
  }
}
