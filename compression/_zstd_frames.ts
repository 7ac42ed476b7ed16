// Copyright 2026 the Tidings authors. MIT license.

/**
 * The frames of zstd streams: those that several clients share, and those that hold one
 * chunk. Windows and streams take them.
 *
 * @module
 */

import { KeptResults } from "./_kept_results.ts";
import {
  ZstdCompressor,
  type ZstdCompressorOptions,
} from "./_zstd_compressor.ts";

/** Bytes that begin a frame or continue one. */
export interface FramePart {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether they begin a frame. */
  readonly begins: boolean;
  /** The bytes with the end of another frame before them; set when a client needs that. */
  afterEnd?: Uint8Array<ArrayBuffer>;
}

/** How much of a shared frame a client has taken. */
export interface FrameProgress {
  /** `undefined` if the client is in no shared frame. */
  frame: SharedFrame | undefined;
  /** The number of the chunk that the client needs next of the frame. */
  next: number;
}

/** A chunk that a shared frame compresses. */
export interface NumberedChunk {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Counts the chunks of a window, without the empty ones. */
  readonly number: number;
}

/**
 * Compresses each chunk that is not empty to a frame of its own, without its end, once if
 * it is long. One serves all streams of a `zstd()`.
 */
export class SingleFrames extends KeptResults<FramePart> {
  /** @param options How to compress; they were checked. */
  constructor(options: ZstdCompressorOptions) {
    const compressor = new ZstdCompressor(options);
    super((chunk) => ({ bytes: compressor.begin(chunk), begins: true }));
  }
}

/** One frame after the other. All clients that have taken the first chunk of one share it. */
export class SharedFrame {
  readonly #compressor: ZstdCompressor;
  #begin = 0;
  #next = 0;
  #output = 0;

  /**
   * @param options How to compress.
   * @param number The number of the chunk with which the first frame begins.
   */
  constructor(options: ZstdCompressorOptions, number: number) {
    this.#compressor = new ZstdCompressor(options);
    this.beginAt(number);
  }

  /** The number of the next chunk. The frame has all chunks from its first to that one. */
  get next(): number {
    return this.#next;
  }

  /** Bytes of the frame so far. */
  get output(): number {
    return this.#output;
  }

  /** Begins another frame with the chunk of a number. */
  beginAt(number: number): void {
    this.#begin = this.#next = number;
    this.#output = 0;
  }

  /** Whether a client can decompress a chunk of the frame. */
  isFor(number: number, { frame, next }: FrameProgress): boolean {
    return number === this.#begin || (frame === this && next === number);
  }

  /** Compresses the next chunk. */
  compress({ bytes, number }: NumberedChunk): FramePart {
    const begins = number === this.#begin;
    const made = begins
      ? this.#compressor.begin(bytes)
      : this.#compressor.continue(bytes);
    this.#next = number + 1;
    this.#output += made.byteLength;
    return { bytes: made, begins };
  }

  /** Notes that a client has taken a chunk. */
  advance(progress: FrameProgress, number: number): void {
    progress.frame = this;
    progress.next = number + 1;
  }

  /** Frees the memory. */
  close(): void {
    this.#compressor.close();
  }
}
