// Copyright 2026 the Tidings authors. MIT license.

/**
 * Compresses what one client of a channel gets.
 *
 * @module
 */

import type { EventChannelCounters } from "./fan_out.ts";
import type {
  CompressedStream,
  CompressionWindow,
  EventCompression,
} from "../_server/compression.ts";
import type { Sink } from "../_server/sink.ts";

/** A sink in front of the client's own, which counts the bytes that it writes there. */
export class CompressedSink implements Sink {
  readonly #stream: CompressedStream;
  readonly #window: CompressionWindow;
  readonly #counters: EventChannelCounters;
  // `connect` sets it before all else.
  #sink!: Sink;

  /**
   * @param compression How to compress.
   * @param window What the client shares with others.
   * @param counters Where the bytes are counted.
   */
  constructor(
    compression: EventCompression,
    window: CompressionWindow,
    counters: EventChannelCounters,
  ) {
    this.#stream = compression.openStream();
    this.#window = window;
    this.#counters = counters;
  }

  /** Whether the client's sink has room. */
  get hasRoom(): boolean {
    return this.#sink.hasRoom;
  }

  /** Puts itself in front of the client's sink. */
  connect(sink: Sink): Sink {
    this.#sink = sink;
    return this;
  }

  /** Takes a chunk that is the client's own. */
  write(chunk: Uint8Array<ArrayBuffer>): void {
    this.#forward(this.#stream.encode(chunk), chunk.byteLength);
  }

  /** Takes a chunk that others get at the same time. */
  writeShared(chunk: Uint8Array<ArrayBuffer>): void {
    const bytes = this.#stream.encode(chunk, this.#window);
    this.#forward(bytes, chunk.byteLength);
  }

  /** Ends the stream as a whole one. */
  end(): void {
    this.#forward(this.#stream.end(), 0);
    this.#sink.end();
  }

  /** Cuts the stream off. */
  fail(error: unknown): void {
    this.#sink.fail(error);
  }

  /** Hands on bytes in place of so many. */
  #forward(bytes: Uint8Array<ArrayBuffer>, length: number): void {
    this.#counters.bytes += bytes.byteLength;
    this.#counters.savedBytes += length - bytes.byteLength;
    this.#sink.write(bytes);
  }
}
