// Copyright 2026 the Tidings authors. MIT license.

/** Stands in for `node:buffer` where there is none: a subclass of `Uint8Array` too. */

const ENCODER = new TextEncoder();

/** As much of Node's `Buffer` as the tests use. */
export class Buffer extends Uint8Array {
  static override from(text: unknown): Buffer {
    return new Buffer(ENCODER.encode(String(text)));
  }
}
