// Copyright 2026 the Tidings authors. MIT license.

/**
 * Raw deflate without a wait: `node:zlib`'s own compressor, called in this thread.
 *
 * The streams of `node:zlib` answer in a later turn, by way of a pool of threads,
 * and its functions without a wait begin anew at each call. What both of them call
 * does neither, and is the same in Deno, Node, Bun and workerd: a chunk of one event
 * takes some microseconds.
 *
 * @module
 */

import { constants, createDeflateRaw } from "node:zlib";

/** What a compressor is made of, as zlib names it. */
export interface DeflaterOptions {
  /** 1, the fastest, to 9, the smallest. */
  level: number;
  /** The power of two that the window has bytes: 9 to 15. */
  windowBits: number;
  /** 1, the least memory, to 9, the most speed. */
  memLevel: number;
}

/** What a stream of `node:zlib` consists of. Its types do not say so. */
interface Internals {
  readonly _handle?: {
    /** Compresses what it can, and leaves in the state how far it came. */
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
  /** The bytes of the output that are left, and those of the input. */
  readonly _writeState: Uint32Array;
}

/** Bytes that are kept for the output, between calls and for all compressors. */
const SCRATCH_SIZE = 65_536;

const scratch = new Uint8Array(SCRATCH_SIZE);

/** A compressor. It holds memory outside the heap until it is closed. */
export class Deflater {
  readonly #stream: ReturnType<typeof createDeflateRaw>;

  /**
   * @param options What it is made of, which was checked.
   * @throws {Error} If the runtime's `node:zlib` cannot do without a wait.
   */
  constructor(options: DeflaterOptions) {
    this.#stream = createDeflateRaw(options);
    if (typeof this.#internals._handle?.writeSync !== "function") {
      throw new Error(
        "Cannot compress: this runtime's node:zlib has no synchronous compressor, one is wanted",
      );
    }
  }

  /**
   * Compresses bytes to whole blocks, which end at the end of a byte.
   *
   * @returns The blocks. They may refer to what was compressed before.
   */
  deflate(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    return this.#write(bytes, constants.Z_SYNC_FLUSH);
  }

  /** Compresses bytes as {@linkcode deflate}, and forgets them. */
  deflateAlone(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    return this.#write(bytes, constants.Z_FULL_FLUSH);
  }

  /** Forgets what was compressed. */
  reset(): void {
    this.#stream.reset();
  }

  /** Frees the memory. Nothing may be called any more. */
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
      // The constructor has seen it.
      _handle!.writeSync!(flush, bytes, start, left, output, written, room);
      // It has two numbers.
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
