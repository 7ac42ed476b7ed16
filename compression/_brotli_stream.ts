// Copyright 2026 the Tidings authors. MIT license.

/**
 * The brotli stream of one client (RFC 7932) for `brotli()`. It has one history from its
 * beginning to its end, so clients cannot share any of it.
 *
 * @module
 */

import { constants, createBrotliCompress } from "node:zlib";
import type { Quota } from "./_quota.ts";
import { SyncCompressor } from "./_sync_compressor.ts";
import type {
  CompressedStream,
  CompressionWindow,
  WindowChunk,
} from "../_server/compression.ts";

/** How to compress. */
export interface BrotliCompressorOptions {
  /** 1, the fastest, to 11, the smallest. */
  level: number;
  /** The window has 2 to the power of so many bytes. */
  windowBits: number;
}

/** The options of a stream beyond the quota: it takes hardly any memory. */
const LEAST: BrotliCompressorOptions = { level: 0, windowBits: 10 };

/** The bytes of a stream that brotli is told to expect: an event stream has no known end. */
const SIZE_HINT = 2 ** 24;

const EMPTY = new Uint8Array();

/** A whole stream that holds nothing: a window of 64 KiB, and an empty last block. */
const EMPTY_STREAM = Uint8Array.of(6);

/** Makes a compressor. */
export function makeBrotliCompressor(
  { level, windowBits }: BrotliCompressorOptions,
): SyncCompressor {
  const params = {
    [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
    [constants.BROTLI_PARAM_QUALITY]: level,
    [constants.BROTLI_PARAM_LGWIN]: windowBits,
    // Without a hint, level 5 takes a hash table that a large page which repeats itself fills.
    // Measured, the ratio is then half.
    [constants.BROTLI_PARAM_SIZE_HINT]: SIZE_HINT,
  };
  return new SyncCompressor(createBrotliCompress({ params }));
}

/** A chunk as it was added. */
export interface BrotliChunk extends WindowChunk {
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A window that hands chunks on as they are, since streams cannot share compressed ones. */
export class BrotliWindow implements CompressionWindow {
  add(bytes: Uint8Array<ArrayBuffer>): BrotliChunk {
    return { bytes, byteLength: bytes.byteLength };
  }

  close(): void {}
}

/** The stream of one client. It holds memory outside the heap from its first chunk on. */
export class BrotliStream implements CompressedStream {
  readonly #options: BrotliCompressorOptions;
  readonly #quota: Quota;
  #compressor: SyncCompressor | undefined;
  /** Whether the compressor counts towards the quota. */
  #isCounted = false;

  /**
   * @param options How to compress; they were checked.
   * @param quota Limits the compressors.
   */
  constructor(options: BrotliCompressorOptions, quota: Quota) {
    this.#options = options;
    this.#quota = quota;
  }

  encode(chunk: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    if (chunk.byteLength === 0) return EMPTY;
    return this.#open().write(chunk, constants.BROTLI_OPERATION_FLUSH);
  }

  encodeShared({ bytes }: BrotliChunk): Uint8Array<ArrayBuffer> {
    return this.encode(bytes);
  }

  end(): Uint8Array<ArrayBuffer> {
    // The client has left before its first chunk.
    if (this.#compressor === undefined) return EMPTY_STREAM;
    const { BROTLI_OPERATION_FINISH } = constants;
    const last = this.#compressor.write(EMPTY, BROTLI_OPERATION_FINISH);
    this.close();
    return last;
  }

  close(): void {
    this.#compressor?.close();
    this.#compressor = undefined;
    if (this.#isCounted) this.#quota.giveBack();
    this.#isCounted = false;
  }

  #open(): SyncCompressor {
    if (this.#compressor === undefined) {
      // Each of several clients may have been promised the last compressor, which is taken
      // with the first chunk. Those that come too late get one that takes hardly any memory.
      this.#isCounted = this.#quota.take();
      const options = this.#isCounted ? this.#options : LEAST;
      this.#compressor = makeBrotliCompressor(options);
    }
    return this.#compressor;
  }
}
