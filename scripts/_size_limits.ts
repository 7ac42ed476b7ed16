// Copyright 2026 the Tidings authors. MIT license.

/**
 * What an export may weigh, and one thing that is imported, for `scripts/size.ts`,
 * `scripts/test_pack.ts` and the tables in `bench/README.md`.
 *
 * @module
 */

/** Bytes of an export as a bundle of its own, minified and gzipped. */
export const SIZE_LIMITS: Record<string, number> = {
  "./parser": 4.8125 * 1024,
  "./client": 9.4375 * 1024,
  "./shared": 11.453125 * 1024,
  "./page": 2 * 1024,
};

/**
 * Bytes of a bundle that imports one thing from the npm package, minified and gzipped: what
 * a program does not use is left out. `scripts/test_pack.ts` checks them.
 */
export const IMPORT_LIMITS: Record<string, number> = {
  EventStreamParser: 2.75 * 1024,
  EventStreamDecoderStream: 2.875 * 1024,
  readEvents: 4.75 * 1024,
  connect: 8 * 1024,
  EventSource: 9.25 * 1024,
};
