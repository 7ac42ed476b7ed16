// Copyright 2026 the Tidings authors. MIT license.

/**
 * What an export may weigh, for `scripts/size.ts` and the table in `bench/README.md`.
 *
 * @module
 */

/** Bytes of an export as a bundle of its own, minified and gzipped. */
export const SIZE_LIMITS: Record<string, number> = {
  "./parser": 4.8125 * 1024,
  "./client": 9.5 * 1024,
  "./shared": 11.6875 * 1024,
  "./page": 2 * 1024,
};
