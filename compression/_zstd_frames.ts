// Copyright 2026 the Tidings authors. MIT license.

/**
 * The frames of zstd streams: those that several clients share, and those that hold one
 * chunk. Windows and streams take them.
 *
 * @module
 */

import {
  ZstdCompressor,
  type ZstdCompressorOptions,
} from "./_zstd_compressor.ts";

/** Bytes that begin a frame or continue one. */
export interface FramePart {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether they begin a frame. */
  readonly begins: boolean;
  /** The same after the end of another frame; set when the first client takes it. */
  afterEnd?: Uint8Array<ArrayBuffer>;
}

/** How far a client has come in a shared frame. */
export interface FramePlace {
  /** `undefined` if the client is in no shared frame. */
  frame: SharedFrame | undefined;
  /** The number of the chunk that the client needs next of the frame. */
  next: number;
}

/** A chunk that a shared frame compresses. */
export interface NumberedChunk {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Chunks that are not empty are counted. */
  readonly number: number;
}

// To look a shorter chunk up takes as long as to compress it again.
const LEAST_KEPT = 1024;

/**
 * Compresses each chunk to a frame of its own, without its end. One serves all streams of
 * a `zstd()`.
 */
export class SingleFrames {
  readonly #compressor: ZstdCompressor;
  /** The results for long chunks. Other clients that read the same history get them too. */
  readonly #kept = new WeakMap<Uint8Array, FramePart>();

  /** @param options How to compress; they were checked. */
  constructor(options: ZstdCompressorOptions) {
    this.#compressor = new ZstdCompressor(options);
  }

  /** Compresses a chunk that is not empty, once if it is long. */
  compress(chunk: Uint8Array): FramePart {
    if (chunk.byteLength < LEAST_KEPT) return this.#make(chunk);
    let kept = this.#kept.get(chunk);
    if (kept === undefined) {
      kept = this.#make(chunk);
      this.#kept.set(chunk, kept);
    }
    return kept;
  }

  #make(chunk: Uint8Array): FramePart {
    return { bytes: this.#compressor.begin(chunk), begins: true };
  }
}

/** One frame after the other, each shared by all clients that have had its begin. */
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

  /** The number of the next chunk. The frame has all from its begin up to that one. */
  get next(): number {
    return this.#next;
  }

  /** Bytes of the frame. */
  get output(): number {
    return this.#output;
  }

  /** Begins another frame with a chunk. */
  beginAt(number: number): void {
    this.#begin = this.#next = number;
    this.#output = 0;
  }

  /** Whether a client can read a chunk of the frame. */
  isFor(number: number, { frame, next }: FramePlace): boolean {
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

  /** Notes that a client has had a chunk. */
  move(place: FramePlace, number: number): void {
    place.frame = this;
    place.next = number + 1;
  }

  /** Frees the memory. */
  close(): void {
    this.#compressor.close();
  }
}
