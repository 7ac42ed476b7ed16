// Copyright 2026 the Tidings authors. MIT license.

/**
 * The zstd stream of one client: frames of its own, and frames that it shares with other
 * clients, one after the other.
 *
 * @module
 */

import { EMPTY_FRAME, endFrameBefore, FRAME_END } from "./_zstd_compressor.ts";
import type { FramePart, FrameProgress, SingleFrames } from "./_zstd_frames.ts";
import type { ZstdChunk } from "./_zstd_window.ts";
import type { CompressedStream } from "../_server/compression.ts";

const EMPTY = new Uint8Array();

/**
 * The stream of one client. Its latest frame stays open until another one begins, so that
 * a client can tell a stream that broke off from one that has ended.
 */
export class ZstdStream implements CompressedStream {
  readonly #singleFrames: SingleFrames;
  readonly #progress: FrameProgress = { frame: undefined, next: 0 };
  /** Whether a frame has begun. */
  #isOpen = false;

  /** @param singleFrames Makes the frames that only this client gets. */
  constructor(singleFrames: SingleFrames) {
    this.#singleFrames = singleFrames;
  }

  encode(chunk: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    if (chunk.byteLength === 0) return EMPTY;
    this.#progress.frame = undefined;
    return this.#write(this.#singleFrames.compress(chunk));
  }

  encodeShared(chunk: ZstdChunk): Uint8Array<ArrayBuffer> {
    if (chunk.byteLength === 0) return EMPTY;
    return this.#write(chunk.window.take(chunk, this.#progress));
  }

  end(): Uint8Array<ArrayBuffer> {
    return this.#isOpen ? FRAME_END : EMPTY_FRAME;
  }

  #write(part: FramePart): Uint8Array<ArrayBuffer> {
    const mustEnd = this.#isOpen && part.begins;
    this.#isOpen = true;
    if (!mustEnd) return part.bytes;
    return part.afterEnd ??= endFrameBefore(part.bytes);
  }
}
