// Copyright 2026 the Tidings authors. MIT license.

/**
 * The compressor of a stream that has nothing in common with others.
 *
 * @module
 */

import type {
  CompressedStream,
  CompressionWindow,
  EventCompression,
} from "./compression.ts";

/** Compresses one stream with a window of its own. */
export class StreamCompressor {
  readonly #stream: CompressedStream;
  readonly #window: CompressionWindow;

  /** @param compression What it is made by. */
  constructor(compression: EventCompression) {
    this.#stream = compression.openStream();
    this.#window = compression.openWindow();
  }

  /** Compresses what comes next. */
  encode(chunk: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    // The comment of each silence is the same chunk, and yet a new one.
    return this.#stream.encode(chunk.subarray(), this.#window);
  }

  /** Frees the memory, and makes what ends the stream in order. */
  end(): Uint8Array<ArrayBuffer> {
    this.#window.close();
    return this.#stream.end();
  }
}
