// Copyright 2026 the Tidings authors. MIT license.

/**
 * The zstd frames that several clients share. A group of a channel opens a window of them,
 * and so does each session.
 *
 * @module
 */

import type { Quota } from "./_quota.ts";
import type { ZstdCompressorOptions } from "./_zstd_compressor.ts";
import {
  type FramePart,
  type FrameProgress,
  type NumberedChunk,
  SharedFrame,
  type SingleFrames,
} from "./_zstd_frames.ts";
import type { CompressionWindow, WindowChunk } from "../_server/compression.ts";

/** A chunk of a window, with the results of compressing it. */
export interface ZstdChunk extends WindowChunk, NumberedChunk {
  readonly window: ZstdWindow;
  /** For the clients of the common frame; set when the first of them takes it. */
  common?: FramePart;
  /** For the newcomers that share a frame; set when the first of them takes it. */
  newcomers?: FramePart;
  /** For all other clients; set when the first of them takes it. */
  single?: FramePart;
}

/**
 * While there are newcomers, the common frame ends after so many bytes of output, and all
 * clients begin another one.
 */
export const EPOCH_BYTES = 65_536;

/**
 * Compresses each chunk at most three times: for the clients that share the common frame,
 * for the newcomers that share another one, and for those that have just come.
 *
 * An epoch is a new common frame, which all clients join. There is one while there are
 * newcomers, as soon as the common frame has {@linkcode EPOCH_BYTES} or the newcomers
 * have cost as many bytes as an epoch costs the others.
 */
export class ZstdWindow implements CompressionWindow {
  readonly #options: ZstdCompressorOptions;
  readonly #singleFrames: SingleFrames;
  readonly #quota: Quota;
  /** Opened with the second chunk, closed with the window. */
  #common: SharedFrame | undefined;
  /** Open while newcomers share it. */
  #newcomers: SharedFrame | undefined;
  /** The number of the next chunk. */
  #number = 0;
  /** The chunk that was added last. */
  #latest: ZstdChunk | undefined;
  /** Bytes of the first chunk of the frame that began last. */
  #beginBytes = 0;
  /** How many clients have taken the latest chunk in each of its forms. */
  #sharing = 0;
  #newcomerCount = 0;
  #freshCount = 0;
  /** Bytes that newcomers have taken of the latest chunk. */
  #newcomerBytes = 0;
  /** Bytes that newcomers have taken since the last epoch more than other clients. */
  #extraBytes = 0;

  /**
   * @param options How to compress; they were checked.
   * @param singleFrames Compresses for clients that share no frame.
   * @param quota Limits the compressors.
   */
  constructor(
    options: ZstdCompressorOptions,
    singleFrames: SingleFrames,
    quota: Quota,
  ) {
    this.#options = options;
    this.#singleFrames = singleFrames;
    this.#quota = quota;
  }

  add(bytes: Uint8Array<ArrayBuffer>): ZstdChunk {
    const { byteLength } = bytes;
    const chunk = { bytes, byteLength, window: this, number: this.#number };
    // An empty chunk is written to no stream, so no frame may count it.
    if (byteLength === 0) return chunk;
    this.#adapt();
    this.#number++;
    return this.#latest = chunk;
  }

  close(): void {
    this.#common = this.#closeFrame(this.#common);
    this.#newcomers = this.#closeFrame(this.#newcomers);
  }

  /** Compresses a chunk that is not empty for a client, and notes its progress. */
  take(chunk: ZstdChunk, progress: FrameProgress): FramePart {
    const { number } = chunk;
    // The frames have gone on if a later chunk was added: a slow client gets this one alone.
    if (chunk === this.#latest) {
      if (this.#common?.isFor(number, progress)) {
        this.#sharing++;
        this.#common.advance(progress, number);
        return chunk.common ??= this.#compress(this.#common, chunk);
      }
      if (this.#newcomers?.isFor(number, progress)) {
        this.#newcomers.advance(progress, number);
        chunk.newcomers ??= this.#compress(this.#newcomers, chunk);
        this.#newcomerCount++;
        this.#newcomerBytes += chunk.newcomers.bytes.byteLength;
        return chunk.newcomers;
      }
    }
    progress.frame = undefined;
    const part = chunk.single ??= this.#singleFrames.compress(chunk.bytes);
    if (chunk === this.#latest) {
      this.#freshCount++;
      this.#beginBytes = part.bytes.byteLength;
      this.#newcomerBytes += part.bytes.byteLength;
    }
    return part;
  }

  #compress(frame: SharedFrame, chunk: ZstdChunk): FramePart {
    const part = frame.compress(chunk);
    if (part.begins) this.#beginBytes = part.bytes.byteLength;
    return part;
  }

  /** Decides which frames begin with the next chunk, by how clients took the latest one. */
  #adapt(): void {
    if (this.#latest === undefined) return;
    this.#promote();
    if (this.#isEpoch(this.#latest)) {
      this.#common ??= this.#openFrame();
      this.#common?.beginAt(this.#number);
      this.#extraBytes = 0;
      this.#newcomers = this.#closeFrame(this.#newcomers);
    } else if (this.#freshCount > 0) {
      this.#newcomers ??= this.#openFrame();
      this.#newcomers?.beginAt(this.#number);
    } else if (this.#newcomers?.next !== this.#number) {
      this.#newcomers = this.#closeFrame(this.#newcomers);
    }
    this.#sharing = this.#newcomerCount = this.#freshCount = 0;
    this.#newcomerBytes = 0;
  }

  /** Makes the newcomers' frame the common one where only newcomers are left. */
  #promote(): void {
    if (this.#sharing > 0 || this.#newcomers?.next !== this.#number) return;
    this.#closeFrame(this.#common);
    this.#common = this.#newcomers;
    this.#newcomers = undefined;
    this.#sharing = this.#newcomerCount;
    this.#newcomerCount = this.#newcomerBytes = this.#extraBytes = 0;
  }

  /** Whether all clients begin a common frame with the next chunk. */
  #isEpoch(latest: ZstdChunk): boolean {
    const common = this.#common;
    // No client has taken the latest chunk from the common frame, so it lacks that chunk, and
    // clients that have it cannot read on in the frame.
    if (common?.next !== this.#number) return true;
    const newcomers = this.#newcomerCount + this.#freshCount;
    if (newcomers === 0) return false;
    const least = newcomers * (latest.common?.bytes.byteLength ?? 0);
    this.#extraBytes += Math.max(0, this.#newcomerBytes - least);
    return common.output >= EPOCH_BYTES ||
      this.#extraBytes >= this.#sharing * this.#beginBytes;
  }

  #openFrame(): SharedFrame | undefined {
    if (!this.#quota.take()) return undefined;
    return new SharedFrame(this.#options, this.#number);
  }

  #closeFrame(frame: SharedFrame | undefined): undefined {
    if (frame === undefined) return;
    frame.close();
    this.#quota.giveBack();
  }
}
