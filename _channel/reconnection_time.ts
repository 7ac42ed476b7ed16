// Copyright 2026 the Tidings authors. MIT license.

/**
 * Draws the reconnection times of clients that are sent away together: when a channel
 * closes or is full, and when it cannot keep up with its snapshots.
 *
 * @module
 */

import { MAX_DELAY } from "../_validate.ts";

/**
 * Draws a time between `retry` and twice that. Without this jitter all clients of a server
 * that restarts would reconnect at once, as a thundering herd.
 *
 * @param retry Milliseconds.
 */
export function drawReconnectionTime(retry: number): number {
  return Math.min(Math.round(retry * (1 + Math.random())), MAX_DELAY);
}
