// Copyright 2026 the Tidings authors. MIT license.

/**
 * How long to wait before an engine that failed is asked again.
 *
 * @module
 */

const MIN_DELAY = 100;
const MAX_DELAY = 10_000;

/** The milliseconds to wait after the nth failure in a row, from 0. Half of them are drawn. */
export function drawRetryDelay(failures: number): number {
  const delay = Math.min(MIN_DELAY * 2 ** failures, MAX_DELAY);
  return delay / 2 + Math.random() * delay / 2;
}
