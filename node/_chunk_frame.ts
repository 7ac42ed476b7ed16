// Copyright 2026 the Tidings authors. MIT license.

/**
 * Frames the chunks of a body as `transfer-encoding: chunked` requires (RFC 9112).
 * `DirectSocket` calls it; clients that get the same chunk, one after the other, share the
 * frame.
 *
 * @module
 */

import { Buffer } from "node:buffer";

/** Bytes up to which a copy of a chunk costs less than the three writes that it saves. */
export const MAX_FRAMED_BYTES = 16_384;

const CR = 0x0d;
const LF = 0x0a;

/** The last chunk and its frame: a broadcast hands the same chunk to client after client. */
let lastChunk: Uint8Array | undefined;
let lastFrame: Buffer;

/**
 * Makes the frame of a chunk.
 *
 * @param chunk The chunk, not empty. It does not change any more.
 * @returns Its length, the chunk and a line end. Others may write the same frame.
 */
export function frameChunk(chunk: Uint8Array): Buffer {
  if (chunk === lastChunk) return lastFrame;
  const length = chunk.byteLength.toString(16);
  const start = length.length + 2;
  const frame = Buffer.allocUnsafe(start + chunk.byteLength + 2);
  frame.write(`${length}\r\n`, "latin1");
  frame.set(chunk, start);
  frame[frame.length - 2] = CR;
  frame[frame.length - 1] = LF;
  lastChunk = chunk;
  lastFrame = frame;
  return frame;
}
