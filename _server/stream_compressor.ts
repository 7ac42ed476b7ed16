// Copyright 2026 the Tidings authors. MIT license.

/**
 * The compressor of a stream that shares no chunks with others: a session has one.
 *
 * @module
 */

import {
  CODEC,
  type CompressedStream,
  type CompressionWindow,
  type EventCompression,
} from "./compression.ts";

/** Compresses one stream, with a window of its own. */
export class StreamCompressor {
  readonly #stream: CompressedStream;
  readonly #window: CompressionWindow;

  /** @param compression The compression to use. */
  constructor(compression: EventCompression) {
    const codec = compression[CODEC];
    this.#stream = codec.openStream();
    this.#window = codec.openWindow();
  }

  /** Compresses the next chunk. */
  encode(chunk: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    return this.#stream.encodeShared(this.#window.add(chunk));
  }

  /** Frees the memory, and makes the end of the stream. */
  end(): Uint8Array<ArrayBuffer> {
    this.#window.close();
    return this.#stream.end();
  }
}
