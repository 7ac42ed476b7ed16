// Copyright 2026 the Tidings authors. MIT license.

/**
 * What the streams of clients that get the same bytes have in common.
 *
 * @module
 */

import { crc32 } from "node:zlib";
import { joinCrc32 } from "./_crc32.ts";
import { Deflater, type DeflaterOptions } from "./_deflater.ts";
import type { Packer } from "./_packer.ts";
import type { Reserve } from "./_reserve.ts";
import type { CompressionWindow } from "../_server/compression.ts";

/** A place in what went through a window. */
export interface WindowPlace {
  /** Bytes before it. */
  readonly offset: number;
  /** The checksum of those bytes. */
  readonly crc: number;
}

/** The chunk that is being given to clients. */
interface Turn {
  readonly chunk: Uint8Array<ArrayBuffer>;
  /** The chunk as it reads for those who have the window; set when one asks for it. */
  shared?: Uint8Array<ArrayBuffer>;
  /** The chunk as it reads for all others; set when one asks for it. */
  alone?: Uint8Array<ArrayBuffer>;
}

/**
 * Compresses each chunk at most twice: for the clients that have had all the bytes
 * before it to which the compressor may refer, and for those who have not yet.
 *
 * Where the latter become more than the former, the window begins anew, which is
 * called an epoch: then all clients have the whole of an empty window.
 */
export class SharedWindow implements CompressionWindow {
  readonly #options: DeflaterOptions;
  readonly #packer: Packer;
  readonly #reserve: Reserve;
  /** Made with an epoch, and closed with it. */
  #deflater: Deflater | undefined;
  /** Whether the compressor is one of the reserve. */
  #isReserved = false;
  /** The offset from which on a client has to have had everything to share. */
  #begin = 0;
  /** The chunk that clients are taking, and its places. */
  #turn: Turn = { chunk: new Uint8Array() };
  #before: WindowPlace = { offset: 0, crc: 0 };
  #after: WindowPlace = this.#before;
  /** How many clients have taken the turn's chunk in each of its two forms. */
  #sharing = 0;
  #alone = 0;

  /**
   * @param options What its compressor is made of.
   * @param packer Compresses what has to be read without a window.
   * @param reserve Lends a compressor where there is one client.
   */
  constructor(options: DeflaterOptions, packer: Packer, reserve: Reserve) {
    this.#options = options;
    this.#packer = packer;
    this.#reserve = reserve;
  }

  /** The place before the chunk. */
  get before(): WindowPlace {
    return this.#before;
  }

  /** The place after the chunk. */
  get after(): WindowPlace {
    return this.#after;
  }

  close(): void {
    this.#deflater?.close();
    this.#deflater = undefined;
    this.#giveBack();
  }

  /** Takes up a chunk, unless it is the one that clients are taking. */
  enter(chunk: Uint8Array<ArrayBuffer>): void {
    if (chunk === this.#turn.chunk) return;
    this.#turn = { chunk };
    this.#before = this.#after;
    const { offset, crc } = this.#before;
    const { byteLength } = chunk;
    this.#after = {
      offset: offset + byteLength,
      crc: joinCrc32(crc, crc32(chunk), byteLength),
    };
    this.#renew();
  }

  /** The chunk for a client that has had everything from an offset on. */
  encode(since: number): Uint8Array<ArrayBuffer> {
    const turn = this.#turn;
    if (this.#deflater !== undefined && since <= this.#begin) {
      this.#sharing++;
      return turn.shared ??= this.#deflater.deflate(turn.chunk);
    }
    this.#alone++;
    return turn.alone ??= this.#packer.pack(turn.chunk).blocks;
  }

  #renew(): void {
    const clients = this.#sharing + this.#alone;
    if (clients > 1) this.#giveBack();
    const { offset } = this.#before;
    const size = 2 ** this.#options.windowBits;
    this.#begin = Math.max(this.#begin, offset - size);
    if (this.#alone > this.#sharing && this.#hasDeflater(clients)) {
      this.#begin = offset;
      this.#deflater?.reset();
      this.#deflater ??= new Deflater(this.#options);
    } else if (this.#sharing === 0) {
      // The compressor has not seen the chunk that clients have taken since.
      this.close();
    }
    this.#sharing = this.#alone = 0;
  }

  /** Whether there is a compressor for so many clients, or may be one. */
  #hasDeflater(clients: number): boolean {
    if (this.#deflater !== undefined || clients > 1) return true;
    return this.#isReserved = this.#reserve.take();
  }

  #giveBack(): void {
    if (this.#isReserved) this.#reserve.giveBack();
    this.#isReserved = false;
  }
}
