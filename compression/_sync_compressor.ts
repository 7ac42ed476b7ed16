// Copyright 2026 the Tidings authors. MIT license.

/**
 * Compresses synchronously and with a history, by the internal handle of a stream of
 * `node:zlib`. All codings of this folder use it.
 *
 * A stream of `node:zlib` gives its result in a later event loop turn, from a pool of
 * threads, and its synchronous functions forget their history at each call. The handle
 * that both of them call does neither, and is the same in Deno, Node, Bun and workerd: a
 * chunk of one event takes some microseconds.
 *
 * @module
 */

/** What is used of a stream of `node:zlib`. */
export interface ZlibStream {
  close(): void;
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
export class SyncCompressor {
  readonly #stream: ZlibStream;

  /**
   * @param stream The stream, which nothing else uses.
   * @throws {Error} If the runtime's `node:zlib` has no synchronous handle.
   */
  constructor(stream: ZlibStream) {
    this.#stream = stream;
    if (typeof this.#internals._handle?.writeSync !== "function") {
      throw new Error(
        "Cannot compress: node:zlib of this runtime has no synchronous compressor",
      );
    }
  }

  /**
   * Compresses bytes.
   *
   * @param bytes The bytes.
   * @param flush What to do at their end: a constant of the coding.
   * @returns What comes out, in an array of its own.
   */
  write(bytes: Uint8Array, flush: number): Uint8Array<ArrayBuffer> {
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

  /** Frees the memory. No method may be called any more. */
  close(): void {
    this.#stream.close();
  }

  get #internals(): Internals {
    return this.#stream as unknown as Internals;
  }
}

function enlarge(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(2 * bytes.byteLength);
  larger.set(bytes);
  return larger;
}
