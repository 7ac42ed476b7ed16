// Copyright 2026 the Tidings authors. MIT license.

/**
 * Joins chunks of bytes, so that several leave in one write: for a body that has kept
 * some, and for the frames of a channel.
 *
 * @module
 */

/** Joins chunks in a new buffer. */
export function joinChunks(
  chunks: readonly Uint8Array<ArrayBuffer>[],
): Uint8Array<ArrayBuffer> {
  let byteLength = 0;
  for (const chunk of chunks) byteLength += chunk.byteLength;
  const joined = new Uint8Array(byteLength);
  let offset = 0;
  for (const chunk of chunks) {
    joined.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return joined;
}
