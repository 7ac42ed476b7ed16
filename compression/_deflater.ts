// Copyright 2026 the Tidings authors. MIT license.

/**
 * Raw deflate with a history, for the windows of `gzip()`.
 *
 * @module
 */

import { constants, createDeflateRaw } from "node:zlib";
import { SyncCompressor } from "./_sync_compressor.ts";

/** How to compress, as zlib names it. */
export interface DeflaterOptions {
  /** 1, the fastest, to 9, the smallest. */
  level: number;
  /** The window has 2 to the power of so many bytes: 9 to 15. */
  windowBits: number;
  /** 1, which takes the least memory, to 9, which is the fastest. */
  memLevel: number;
}

/** A compressor with a history. It holds memory outside the heap until it is closed. */
export class Deflater {
  readonly #stream: ReturnType<typeof createDeflateRaw>;
  readonly #compressor: SyncCompressor;

  /**
   * @param options How to compress; they were checked.
   * @throws {Error} If the runtime's `node:zlib` has no synchronous handle.
   */
  constructor(options: DeflaterOptions) {
    this.#stream = createDeflateRaw(options);
    this.#compressor = new SyncCompressor(this.#stream);
  }

  /**
   * Compresses bytes to whole blocks, which end with a whole byte.
   *
   * @returns The blocks. They may refer to the bytes of calls before.
   */
  deflate(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    return this.#compressor.write(bytes, constants.Z_SYNC_FLUSH);
  }

  /** Compresses bytes as {@linkcode deflate}, and then forgets the history. */
  deflateAlone(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    return this.#compressor.write(bytes, constants.Z_FULL_FLUSH);
  }

  /** Forgets the history. */
  reset(): void {
    this.#stream.reset();
  }

  /** Frees the memory. No method may be called any more. */
  close(): void {
    this.#compressor.close();
  }
}
