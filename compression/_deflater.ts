// Copyright 2026 the Tidings authors. MIT license.

/**
 * Raw deflate, synchronous and with a history: the internal handle of `node:zlib`, for
 * the windows of `gzip()`.
 *
 * A stream of `node:zlib` gives its result in a later event loop turn, from a pool of
 * threads, and its synchronous functions forget their history at each call. The handle
 * that both of them call does neither, and is the same in Deno, Node, Bun and workerd: a
 * chunk of one event takes some microseconds.
 *
 * @module
 */

import { constants, createDeflateRaw } from "node:zlib";

/** How to compress, as zlib names it. */
export interface DeflaterOptions {
  /** 1, the fastest, to 9, the smallest. */
  level: number;
  /** The window has 2 to the power of so many bytes: 9 to 15. */
  windowBits: number;
  /** 1, which takes the least memory, to 9, which is the fastest. */
  memLevel: number;
}

/** The internals of a stream of `node:zlib`, which its types leave out. */
interface Internals {
  readonly _handle?: {
    /** Compresses what fits into the output, and leaves in the state how far it got. */
    writeSync?: (
      flush: number,
      input: Uint8Array,
      inputOffset: number,
      inputLength: number,
      output: Uint8Array,
      outputOffset: number,
      outputLength: number,
    ) => void;
  };
  /** How many bytes of the output are free, and how many of the input are left. */
  readonly _writeState: Uint32Array;
}

/** Bytes of the output buffer, which all compressors use in each call. */
const SCRATCH_SIZE = 65_536;

const scratch = new Uint8Array(SCRATCH_SIZE);

/** A compressor with a history. It holds memory outside the heap until it is closed. */
export class Deflater {
  readonly #stream: ReturnType<typeof createDeflateRaw>;

  /**
   * @param options How to compress; they were checked.
   * @throws {Error} If the runtime's `node:zlib` has no synchronous handle.
   */
  constructor(options: DeflaterOptions) {
    this.#stream = createDeflateRaw(options);
    if (typeof this.#internals._handle?.writeSync !== "function") {
      throw new Error(
        "Cannot compress: node:zlib of this runtime has no synchronous compressor",
      );
    }
  }

  /**
   * Compresses bytes to whole blocks, which end with a whole byte.
   *
   * @returns The blocks. They may refer to the bytes of calls before.
   */
  deflate(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    return this.#write(bytes, constants.Z_SYNC_FLUSH);
  }

  /** Compresses bytes as {@linkcode deflate}, and then forgets the history. */
  deflateAlone(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    return this.#write(bytes, constants.Z_FULL_FLUSH);
  }

  /** Forgets the history. */
  reset(): void {
    this.#stream.reset();
  }

  /** Frees the memory. No method may be called any more. */
  close(): void {
    this.#stream.close();
  }

  get #internals(): Internals {
    return this.#stream as unknown as Internals;
  }

  #write(bytes: Uint8Array, flush: number): Uint8Array<ArrayBuffer> {
    const { _handle, _writeState } = this.#internals;
    let output = scratch;
    let written = 0;
    let left = bytes.byteLength;
    for (;;) {
      const start = bytes.byteLength - left;
      const room = output.byteLength - written;
      // It is there: the constructor has checked it.
      _handle!.writeSync!(flush, bytes, start, left, output, written, room);
      // They are there: the state always has two numbers.
      written = output.byteLength - _writeState[0]!;
      left = _writeState[1]!;
      // zlib: "If deflate returns with avail_out == 0, this function must be called
      // again with the same value of the flush parameter and more output space".
      if (written < output.byteLength) return output.slice(0, written);
      output = enlarge(output);
    }
  }
}

function enlarge(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(2 * bytes.byteLength);
  larger.set(bytes);
  return larger;
}
