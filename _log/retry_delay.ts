// Copyright 2026 the Tidings authors. MIT license.

/**
 * The back-off between attempts to reach an engine that fails, with jitter: many
 * processes that lost it at once do not come back as a thundering herd.
 *
 * @module
 */

const SHORTEST_DELAY = 100;
const LONGEST_DELAY = 10_000;

/**
 * Draws the milliseconds to wait before the next attempt.
 *
 * @param failures How many attempts failed in a row before the last one.
 * @returns The delay. Half of it is random: the jitter.
 */
export function drawRetryDelay(failures: number): number {
  const delay = Math.min(SHORTEST_DELAY * 2 ** failures, LONGEST_DELAY);
  return delay / 2 + Math.random() * delay / 2;
}
