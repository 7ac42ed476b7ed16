// Copyright 2026 the Tidings authors. MIT license.

/**
 * Compresses what one subscriber of a channel writes. The subscriber puts it before the
 * client's sink.
 *
 * @module
 */

import type { StreamTally } from "../_server/stream_counters.ts";
import {
  CODEC,
  type CompressedStream,
  type CompressionWindow,
  type EventCompression,
  type WindowChunk,
} from "../_server/compression.ts";
import type { Sink } from "../_server/sink.ts";

/** The windows of a group, one for each compression that its subscribers have. */
export type GroupWindows = Map<EventCompression, CompressionWindow>;

/**
 * A chunk that the subscribers of a group get. The first of them with a compression adds
 * it to the group's window of that: the window must not hold a chunk that no stream takes.
 */
export class GroupChunk {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #windows: GroupWindows;
  readonly #compressed = new Map<EventCompression, WindowChunk>();

  /**
   * @param bytes The chunk.
   * @param windows The group's windows.
   */
  constructor(bytes: Uint8Array<ArrayBuffer>, windows: GroupWindows) {
    this.bytes = bytes;
    this.#windows = windows;
  }

  /** The chunk in the group's window of a compression. */
  compressedBy(compression: EventCompression): WindowChunk {
    let chunk = this.#compressed.get(compression);
    if (chunk === undefined) {
      // The subscriber has opened it.
      chunk = this.#windows.get(compression)!.add(this.bytes);
      this.#compressed.set(compression, chunk);
    }
    return chunk;
  }
}

/** A sink before the client's own, which counts the bytes that it writes. */
export class CompressedSink implements Sink {
  readonly #compression: EventCompression;
  readonly #stream: CompressedStream;
  readonly #tally: StreamTally;
  // `connect` sets it before all else.
  #sink!: Sink;

  /**
   * @param compression How to compress.
   * @param tally Where the bytes are counted.
   */
  constructor(compression: EventCompression, tally: StreamTally) {
    this.#compression = compression;
    this.#stream = compression[CODEC].openStream();
    this.#tally = tally;
  }

  /** Whether the client's sink has room. */
  get hasRoom(): boolean {
    return this.#sink.hasRoom;
  }

  /** Puts itself before the client's sink. */
  connect(sink: Sink): Sink {
    this.#sink = sink;
    return this;
  }

  /** Writes a chunk that only this client gets. */
  write(chunk: Uint8Array<ArrayBuffer>): void {
    this.#forward(this.#stream.encode(chunk), chunk.byteLength);
  }

  /** Writes a chunk that the client's group gets. */
  writeShared(chunk: GroupChunk): void {
    const compressed = chunk.compressedBy(this.#compression);
    const bytes = this.#stream.encodeShared(compressed);
    this.#forward(bytes, compressed.byteLength);
  }

  /** Ends the stream. */
  end(): void {
    this.#forward(this.#stream.end(), 0);
    this.#sink.end();
  }

  /** Fails the stream. */
  fail(error: unknown): void {
    this.#sink.fail(error);
  }

  /** Frees what the stream holds, which has ended or whose client has left. */
  close(): void {
    this.#stream.close?.();
  }

  /** Writes compressed bytes, which stand for a number of bytes. */
  #forward(bytes: Uint8Array<ArrayBuffer>, length: number): void {
    this.#tally.bytes += bytes.byteLength;
    this.#tally.savedBytes += length - bytes.byteLength;
    this.#sink.write(bytes);
  }
}
