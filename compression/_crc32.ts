// Copyright 2026 the Tidings authors. MIT license.

/**
 * Joins and splits gzip's checksums (RFC 1952, section 8): the checksum of joined bytes
 * follows from those of the parts, which `node:zlib` computes. The streams and their
 * shared window add chunks up with it.
 *
 * A checksum is a polynomial over the field of two elements, modulo the one below,
 * with the highest power in the lowest bit.
 *
 * @module
 */

const POLYNOMIAL = 0xedb88320;
const ONE = 0x8000_0000;

/** x to the powers 1, 2, 4, … 2^31, after which they repeat. */
const POWERS = makePowers();

/**
 * Computes the checksum of two parts, one after the other.
 *
 * @param first The checksum of the first part.
 * @param second The checksum of the second part.
 * @param length The bytes of the second part.
 */
export function joinCrc32(
  first: number,
  second: number,
  length: number,
): number {
  return (shift(first, length) ^ second) >>> 0;
}

/**
 * Computes the checksum of the second of two parts.
 *
 * @param first The checksum of the first part.
 * @param both The checksum of both parts.
 * @param length The bytes of the second part.
 */
export function splitCrc32(
  first: number,
  both: number,
  length: number,
): number {
  // Adding and subtracting are the same.
  return joinCrc32(first, both, length);
}

/** Multiplies a checksum by x to the power of the bits in so many bytes. */
function shift(crc: number, length: number): number {
  // A byte is 2^3 bits.
  let power = 3;
  // A bit operator would cut a length off at 32 bits, and a stream may have 4 GiB.
  for (let rest = length; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) crc = times(crc, POWERS[power % 32]!);
    power++;
  }
  return crc;
}

function makePowers(): Uint32Array {
  const powers = new Uint32Array(32);
  let power = timesX(ONE);
  for (let i = 0; i < powers.length; i++) {
    powers[i] = power;
    power = times(power, power);
  }
  return powers;
}

function times(a: number, b: number): number {
  let product = 0;
  for (let bit = ONE; bit !== 0; bit >>>= 1) {
    if ((a & bit) !== 0) product ^= b;
    b = timesX(b);
  }
  return product >>> 0;
}

function timesX(a: number): number {
  return ((a & 1) === 0 ? a >>> 1 : (a >>> 1) ^ POLYNOMIAL) >>> 0;
}
