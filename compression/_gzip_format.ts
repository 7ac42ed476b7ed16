// Copyright 2026 the Tidings authors. MIT license.

/**
 * The header and the trailer of a gzip stream (RFC 1952), and blocks that hold bytes
 * without compression (RFC 1951, section 3.2.4).
 *
 * @module
 */

// Magic number, deflate, no flags, no time, no level, and an unknown operating system.
const HEADER = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

/** An empty block, marked as the last one. It begins with a whole byte. */
const LAST_BLOCK = [0x03, 0x00];

const TRAILER_SIZE = LAST_BLOCK.length + 8;

const STORED_HEADER_SIZE = 5;
const MAX_STORED_SIZE = 0xffff;

/** Puts the header of a gzip stream before its first bytes. */
export function addHeader(
  bytes: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(HEADER.length + bytes.byteLength);
  result.set(HEADER);
  result.set(bytes, HEADER.length);
  return result;
}

/**
 * Makes the end of a gzip stream.
 *
 * @param crc The checksum of all uncompressed bytes.
 * @param length How many bytes these are.
 */
export function makeTrailer(
  crc: number,
  length: number,
): Uint8Array<ArrayBuffer> {
  const trailer = new Uint8Array(TRAILER_SIZE);
  trailer.set(LAST_BLOCK);
  const view = new DataView(trailer.buffer);
  view.setUint32(LAST_BLOCK.length, crc, true);
  // RFC 1952: "the size of the original input data modulo 2^32".
  view.setUint32(LAST_BLOCK.length + 4, length % 2 ** 32, true);
  return trailer;
}

/** Counts the bytes of what {@linkcode store} makes of so many bytes. */
export function storedSize(length: number): number {
  return length + STORED_HEADER_SIZE * Math.ceil(length / MAX_STORED_SIZE);
}

/** Makes blocks that hold bytes without compression. */
export function store(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(storedSize(bytes.byteLength));
  const view = new DataView(result.buffer);
  let offset = 0;
  for (let start = 0; start < bytes.byteLength; start += MAX_STORED_SIZE) {
    const part = bytes.subarray(start, start + MAX_STORED_SIZE);
    view.setUint16(offset + 1, part.byteLength, true);
    view.setUint16(offset + 3, ~part.byteLength, true);
    result.set(part, offset + STORED_HEADER_SIZE);
    offset += STORED_HEADER_SIZE + part.byteLength;
  }
  return result;
}
