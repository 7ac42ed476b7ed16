// Copyright 2026 the Tidings authors. MIT license.

/**
 * Writes what a subscriber sends to its client's sink, compressed if the client gets its
 * stream so, and counts it. Each subscriber has one.
 *
 * @module
 */

import type { Broadcaster } from "./broadcaster.ts";
import { CompressedSink, type GroupChunk } from "./compressed_sink.ts";
import type { EventCompression } from "../_server/compression.ts";
import type { Sink } from "../_server/sink.ts";

/** The way from one subscriber to its client. */
export class SubscriberOutput {
  readonly #broadcaster: Broadcaster;
  /** Compresses what goes to the sink; `undefined` if the stream is not compressed. */
  readonly #compressed: CompressedSink | undefined;
  // `connect` sets it before all else.
  #sink!: Sink;
  /** Set by each write, cleared by `checkSilence()`. */
  #hasWritten = false;
  /** Whether the client has begun to read. */
  #hasBegun = false;

  /**
   * @param broadcaster Has the tally.
   * @param compression How to compress the stream, if it is compressed.
   */
  constructor(
    broadcaster: Broadcaster,
    compression: EventCompression | undefined,
  ) {
    this.#broadcaster = broadcaster;
    this.#compressed = compression &&
      new CompressedSink(compression, broadcaster.tally);
  }

  /** Whether the sink has room. */
  get hasRoom(): boolean {
    return this.#sink.hasRoom;
  }

  /** Whether the stream is compressed. */
  get isCompressed(): boolean {
    return this.#compressed !== undefined;
  }

  /** Whether something was written since `checkSilence()` was called last, if it was. */
  get hasWritten(): boolean {
    return this.#hasWritten;
  }

  /** Checks whether nothing was written since the last call, or ever. */
  checkSilence(): boolean {
    const isSilent = !this.#hasWritten;
    this.#hasWritten = false;
    return isSilent;
  }

  /** Sets the sink. */
  connect(sink: Sink): void {
    this.#sink = this.#compressed?.connect(sink) ?? sink;
  }

  /**
   * Notes that the client reads: writes what each client gets first, at the first call.
   *
   * @returns Whether this is the first call.
   */
  begin(): boolean {
    if (this.#hasBegun) return false;
    this.#hasBegun = true;
    const { preamble } = this.#broadcaster;
    if (preamble !== undefined) this.write(preamble, 0);
    return true;
  }

  /**
   * Writes a chunk.
   *
   * @param chunk The chunk.
   * @param events How many events it holds.
   * @param shared The same chunk, if other compressed streams of the group get it too.
   */
  write(
    chunk: Uint8Array<ArrayBuffer>,
    events: number,
    shared?: GroupChunk,
  ): void {
    const { tally } = this.#broadcaster;
    tally.delivered += events;
    this.#hasWritten = true;
    if (this.#compressed === undefined) {
      tally.bytes += chunk.byteLength;
      this.#sink.write(chunk);
    } else if (shared !== undefined) {
      this.#compressed.writeShared(shared);
    } else {
      this.#compressed.write(chunk);
    }
  }

  /** Ends the stream after what was written. */
  end(): void {
    this.#hasWritten = true;
    this.#sink.end();
  }

  /** Fails the stream. */
  fail(error: unknown): void {
    this.#hasWritten = true;
    this.#sink.fail(error);
  }

  /** Frees what compresses the stream, which has ended or whose client has left. */
  close(): void {
    this.#compressed?.close();
  }
}
