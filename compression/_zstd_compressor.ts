// Copyright 2026 the Tidings authors. MIT license.

/**
 * Compresses to zstd frames (RFC 8878), for the windows and streams of `zstd()`.
 *
 * Frames that follow one another are one stream to a decompressor. A frame begins with
 * an empty history, has no checksum and no content size, and ends with an empty last
 * block. So a frame can be ended without its compressor, by bytes that never change.
 *
 * @module
 */

import * as zlib from "node:zlib";
import { SyncCompressor, type ZlibStream } from "./_sync_compressor.ts";

/** How to compress. */
export interface ZstdCompressorOptions {
  /** 1, the fastest, to 19, the smallest. */
  level: number;
  /** The window has 2 to the power of so many bytes. */
  windowBits: number;
}

/** What `node:zlib` has from Node 22.15 on. */
interface ZstdModule {
  createZstdCompress?: (options: {
    params: Record<number, number>;
  }) => ZlibStream;
}

const { createZstdCompress } = zlib as unknown as ZstdModule;

// As zstd numbers them. The constants of `node:zlib` are missing where zstd is.
const COMPRESSION_LEVEL = 100;
const WINDOW_LOG = 101;
const CONTENT_SIZE_FLAG = 200;
const CHECKSUM_FLAG = 201;
const FLUSH = 1;
const END = 2;

const NOTHING = new Uint8Array();

/** The end of a frame: an empty block of raw bytes, marked as the last one. */
export const FRAME_END: Uint8Array<ArrayBuffer> = Uint8Array.of(1, 0, 0);

/** A whole frame that holds nothing. Its window is the smallest that there is, 1 KiB. */
export const EMPTY_FRAME: Uint8Array<ArrayBuffer> = Uint8Array.of(
  ...[0x28, 0xb5, 0x2f, 0xfd, 0, 0],
  ...FRAME_END,
);

/** Whether the runtime's `node:zlib` has zstd. */
export function hasZstd(): boolean {
  return createZstdCompress !== undefined;
}

/** Makes one frame after the other. It holds memory outside the heap until it is closed. */
export class ZstdCompressor {
  readonly #compressor: SyncCompressor;
  /** Whether a frame has begun. */
  #isOpen = false;

  /**
   * @param options How to compress; they were checked.
   * @throws {Error} If the runtime's `node:zlib` has no synchronous zstd.
   */
  constructor({ level, windowBits }: ZstdCompressorOptions) {
    if (createZstdCompress === undefined) {
      throw new Error(
        "Cannot make zstd compression: node:zlib of this runtime has no zstd",
      );
    }
    const params = {
      [COMPRESSION_LEVEL]: level,
      [WINDOW_LOG]: windowBits,
      [CONTENT_SIZE_FLAG]: 0,
      [CHECKSUM_FLAG]: 0,
    };
    this.#compressor = new SyncCompressor(createZstdCompress({ params }));
  }

  /**
   * Ends the frame, and begins another one with bytes that are not empty.
   *
   * @returns The begin of the new frame. The end of the old one is left out:
   * {@linkcode FRAME_END} stands for it.
   */
  begin(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    // Not `reset()`, after which Bun forgets the options.
    if (this.#isOpen) this.#compressor.write(NOTHING, END);
    this.#isOpen = true;
    return this.continue(bytes);
  }

  /** Continues the frame with whole blocks, which may refer to all that it holds. */
  continue(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    return this.#compressor.write(bytes, FLUSH);
  }

  /** Frees the memory. No method may be called any more. */
  close(): void {
    this.#compressor.close();
  }
}

/** Puts the end of a frame before bytes. */
export function endFrameBefore(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(FRAME_END.byteLength + bytes.byteLength);
  result.set(FRAME_END);
  result.set(bytes, FRAME_END.byteLength);
  return result;
}
