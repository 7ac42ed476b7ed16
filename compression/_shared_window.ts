// Copyright 2026 the Tidings authors. MIT license.

/**
 * The history that the gzip streams of several clients have in common, and the one
 * compressor that refers to it. A group of a channel has one, and so has each session.
 *
 * @module
 */

import { crc32 } from "node:zlib";
import { joinCrc32 } from "./_crc32.ts";
import { Deflater, type DeflaterOptions } from "./_deflater.ts";
import type { Quota } from "./_quota.ts";
import type { StandaloneCompressor } from "./_standalone_compressor.ts";
import type { CompressionWindow, WindowChunk } from "../_server/compression.ts";

/** All bytes that were added to a window up to some point. */
export interface Prefix {
  /** How many bytes. */
  readonly length: number;
  /** Their checksum. */
  readonly crc: number;
}

/** A chunk of a window, and what was made of it. */
export interface SharedChunk extends WindowChunk {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly window: SharedWindow;
  readonly before: Prefix;
  readonly after: Prefix;
  /** For clients that share the history; set when the first of them takes the chunk. */
  referring?: Uint8Array<ArrayBuffer>;
  /** For all other clients; set when the first of them takes the chunk. */
  standalone?: Uint8Array<ArrayBuffer>;
}

/**
 * Compresses each chunk at most twice: for the clients that have received all bytes to
 * which the compressor may refer, and for newcomers, which have not received them yet.
 *
 * A window starts over where newcomers outnumber the others: from then on all clients
 * share an empty history.
 */
export class SharedWindow implements CompressionWindow {
  readonly #options: DeflaterOptions;
  readonly #standalone: StandaloneCompressor;
  readonly #quota: Quota;
  /** Made when the window starts over, closed when no client shares it. */
  #deflater: Deflater | undefined;
  /** Whether the compressor counts towards the quota. */
  #isCounted = false;
  /** A client shares the history if it has received everything from this offset on. */
  #begin = 0;
  #end: Prefix = { length: 0, crc: 0 };
  /** The chunk that was added last. */
  #latest: SharedChunk | undefined;
  /** How many clients have taken the latest chunk in each of its two forms. */
  #sharing = 0;
  #alone = 0;

  /**
   * @param options How to compress; they were checked.
   * @param standalone Compresses for newcomers.
   * @param quota Limits the compressors of windows that have one client.
   */
  constructor(
    options: DeflaterOptions,
    standalone: StandaloneCompressor,
    quota: Quota,
  ) {
    this.#options = options;
    this.#standalone = standalone;
    this.#quota = quota;
  }

  add(bytes: Uint8Array<ArrayBuffer>): SharedChunk {
    const before = this.#end;
    const { byteLength } = bytes;
    const after = this.#end = {
      length: before.length + byteLength,
      crc: joinCrc32(before.crc, crc32(bytes), byteLength),
    };
    this.#adapt(before.length);
    return this.#latest = { bytes, byteLength, window: this, before, after };
  }

  close(): void {
    this.#deflater?.close();
    this.#deflater = undefined;
    this.#giveBack();
  }

  /** Compresses a chunk for a client that has received everything from an offset on. */
  encode(chunk: SharedChunk, since: number): Uint8Array<ArrayBuffer> {
    // After a later chunk, the compressor cannot go back to this one.
    const isLatest = chunk === this.#latest;
    if (this.#deflater !== undefined && isLatest && since <= this.#begin) {
      this.#sharing++;
      return chunk.referring ??= this.#deflater.deflate(chunk.bytes);
    }
    if (isLatest) this.#alone++;
    return chunk.standalone ??= this.#standalone.compress(chunk.bytes).blocks;
  }

  /** Starts over or gives up the compressor, by how the latest chunk was taken. */
  #adapt(offset: number): void {
    const clients = this.#sharing + this.#alone;
    if (clients > 1) this.#giveBack();
    const size = 2 ** this.#options.windowBits;
    this.#begin = Math.max(this.#begin, offset - size);
    if (this.#alone > this.#sharing && this.#hasDeflater(clients)) {
      this.#begin = offset;
      this.#deflater?.reset();
      this.#deflater ??= new Deflater(this.#options);
    } else if (this.#sharing === 0) {
      // The compressor has not seen the latest chunk, which clients have received.
      this.close();
    }
    this.#sharing = this.#alone = 0;
  }

  /** Whether there is a compressor for so many clients, or may be one. */
  #hasDeflater(clients: number): boolean {
    if (this.#deflater !== undefined || clients > 1) return true;
    return this.#isCounted = this.#quota.take();
  }

  #giveBack(): void {
    if (this.#isCounted) this.#quota.giveBack();
    this.#isCounted = false;
  }
}
