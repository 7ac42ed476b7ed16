// Copyright 2026 the Tidings authors. MIT license.

/**
 * The brotli stream of one client (RFC 7932), which shares nothing with other clients: it
 * has one history from its begin to its end.
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

/** What a stream beyond the quota takes: hardly any memory. */
const LEAST: BrotliCompressorOptions = { level: 0, windowBits: 10 };

/** Bytes of a stream, which has no end in sight. */
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
    // Without it, level 5 takes a hash of which a large page that repeats itself fills all
    // places: half the ratio.
    [constants.BROTLI_PARAM_SIZE_HINT]: SIZE_HINT,
  };
  return new SyncCompressor(createBrotliCompress({ params }));
}

/** A chunk as it was added. */
export interface BrotliChunk extends WindowChunk {
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A window that holds nothing. */
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
    // The stream of a client that left before it read anything.
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
      // Clients that came together may be more than were left when they were negotiated
      // with.
      this.#isCounted = this.#quota.take();
      const options = this.#isCounted ? this.#options : LEAST;
      this.#compressor = makeBrotliCompressor(options);
    }
    return this.#compressor;
  }
}
