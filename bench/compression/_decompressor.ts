// Copyright 2026 the Tidings authors. MIT license.

/** Decompresses a stream as it comes, for one client of a measured server. */

import { createGunzip, createZstdDecompress } from "node:zlib";

/** How a zstd frame begins after another one: the end of that, and the magic number. */
const NEXT_FRAME = [1, 0, 0, 0x28, 0xb5, 0x2f, 0xfd];
const FRAME_END_SIZE = 3;

/** A stream of `node:zlib`, as it is used here. */
type Stream = ReturnType<typeof createGunzip>;

/** Reads gzip, or zstd whose frames begin where a chunk begins. */
export class Decompressor {
  readonly #coding: string;
  readonly #onData: (chunk: Uint8Array) => void;
  #stream: Stream;
  #onNext: (() => void) | undefined;

  constructor(coding: string, onData: (chunk: Uint8Array) => void) {
    this.#coding = coding;
    this.#onData = onData;
    this.#stream = this.#open();
  }

  write(chunk: Uint8Array): void {
    const isNext = this.#coding === "zstd" &&
      NEXT_FRAME.every((byte, index) => chunk[index] === byte);
    // Deno's stream reads one frame.
    if (isNext) this.#stream = this.#open();
    this.#stream.write(isNext ? chunk.subarray(FRAME_END_SIZE) : chunk);
  }

  /** Waits until more was decompressed. */
  next(): Promise<void> {
    return new Promise((resolve) => this.#onNext = resolve);
  }

  #open(): Stream {
    const stream: Stream = this.#coding === "zstd"
      ? createZstdDecompress()
      : createGunzip();
    stream.on("data", (chunk) => {
      this.#onData(chunk);
      this.#onNext?.();
    });
    return stream;
  }
}
