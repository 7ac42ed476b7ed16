// Copyright 2026 the Tidings authors. MIT license.

/**
 * One client's gzip stream, most of which it shares with others.
 *
 * @module
 */

import { joinCrc32, splitCrc32 } from "./_crc32.ts";
import { addHeader, makeTrailer } from "./_gzip_format.ts";
import type { Packer } from "./_packer.ts";
import type { SharedWindow, WindowPlace } from "./_window.ts";
import type { CompressedStream } from "../_server/compression.ts";

const START: WindowPlace = { offset: 0, crc: 0 };

/**
 * The stream of one client. It adds up what its trailer has to say, and does so once
 * for all that it has had from a window without a break.
 */
export class GzipStream implements CompressedStream {
  readonly #packer: Packer;
  #isBegun = false;
  /** The checksum and the number of the bytes before `#since`. */
  #crc = 0;
  #length = 0;
  /** The window of which the client has had the latest chunk, and nothing after it. */
  #window: SharedWindow | undefined;
  /** From where to where the client has had everything of the window. */
  #since = START;
  #until = START;

  /** @param packer Compresses what only this client gets. */
  constructor(packer: Packer) {
    this.#packer = packer;
  }

  encode(
    chunk: Uint8Array<ArrayBuffer>,
    window?: SharedWindow,
  ): Uint8Array<ArrayBuffer> {
    return this.#begin(
      window === undefined
        ? this.#encodeAlone(chunk)
        : this.#encodeShared(chunk, window),
    );
  }

  end(): Uint8Array<ArrayBuffer> {
    this.#leaveWindow();
    return this.#begin(makeTrailer(this.#crc, this.#length));
  }

  #encodeAlone(chunk: Uint8Array): Uint8Array<ArrayBuffer> {
    this.#leaveWindow();
    const { blocks, crc } = this.#packer.pack(chunk);
    this.#add(crc, chunk.byteLength);
    return blocks;
  }

  #encodeShared(
    chunk: Uint8Array<ArrayBuffer>,
    window: SharedWindow,
  ): Uint8Array<ArrayBuffer> {
    window.enter(chunk);
    if (this.#window !== window || this.#until !== window.before) {
      this.#leaveWindow();
      this.#window = window;
      this.#since = window.before;
    }
    this.#until = window.after;
    return window.encode(this.#since.offset);
  }

  #leaveWindow(): void {
    if (this.#window === undefined) return;
    const length = this.#until.offset - this.#since.offset;
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

  #begin(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    if (this.#isBegun) return bytes;
    this.#isBegun = true;
    return addHeader(bytes);
  }
}
