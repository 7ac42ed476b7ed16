// Copyright 2026 the Tidings authors. MIT license.

/**
 * The gzip stream of one client. Most of its chunks are compressed once for all clients
 * that get them; its checksum and its length are its own.
 *
 * @module
 */

import { joinCrc32, splitCrc32 } from "./_crc32.ts";
import { addHeader, makeTrailer } from "./_gzip_format.ts";
import type { Prefix, SharedChunk, SharedWindow } from "./_shared_window.ts";
import type { StandaloneCompressor } from "./_standalone_compressor.ts";
import type { CompressedStream } from "../_server/compression.ts";

const EMPTY: Prefix = { length: 0, crc: 0 };

/**
 * The stream of one client. It adds up the checksum for its trailer, in one step for all
 * consecutive chunks of a window.
 */
export class GzipStream implements CompressedStream {
  readonly #standalone: StandaloneCompressor;
  #isBegun = false;
  /** The checksum and the length of the bytes before `#since`. */
  #crc = 0;
  #length = 0;
  /** The window of the latest chunk; `undefined` if the client got that alone. */
  #window: SharedWindow | undefined;
  /** From where to where the client has received everything of the window. */
  #since = EMPTY;
  #until = EMPTY;

  /** @param standalone Compresses the chunks that only this client gets. */
  constructor(standalone: StandaloneCompressor) {
    this.#standalone = standalone;
  }

  encode(chunk: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    this.#leaveWindow();
    const { blocks, crc } = this.#standalone.compress(chunk);
    this.#add(crc, chunk.byteLength);
    return this.#begin(blocks);
  }

  encodeShared(chunk: SharedChunk): Uint8Array<ArrayBuffer> {
    const { window, before, after } = chunk;
    if (this.#window !== window || this.#until !== before) {
      this.#leaveWindow();
      this.#window = window;
      this.#since = before;
    }
    this.#until = after;
    return this.#begin(window.encode(chunk, this.#since.length));
  }

  end(): Uint8Array<ArrayBuffer> {
    this.#leaveWindow();
    return this.#begin(makeTrailer(this.#crc, this.#length));
  }

  /** Counts what the client has received of the window. */
  #leaveWindow(): void {
    if (this.#window === undefined) return;
    const length = this.#until.length - this.#since.length;
    this.#add(
      splitCrc32(this.#since.crc, this.#until.crc, length),
      length,
    );
    this.#window = undefined;
  }

  #add(crc: number, length: number): void {
    this.#crc = joinCrc32(this.#crc, crc, length);
    this.#length += length;
  }

  /** Puts the header before the first bytes. */
  #begin(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    if (this.#isBegun) return bytes;
    this.#isBegun = true;
    return addHeader(bytes);
  }
}
