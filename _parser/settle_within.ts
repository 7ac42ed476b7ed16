// Copyright 2026 the Tidings authors. MIT license.

/**
 * Waits no longer than a certain time, for what a peer may never answer: `readEvents()` and
 * the client use it where they end a body or read the last of one.
 *
 * @module
 */

import { type Clock, SYSTEM_CLOCK } from "../_clock.ts";

/**
 * Waits for a promise, but not for long.
 *
 * @param promise What is waited for.
 * @param delay Milliseconds after which the wait ends.
 * @param clock The timers.
 * @returns A promise that settles with the other one, or resolves once the time has passed.
 */
export function settleWithin(
  promise: Promise<unknown>,
  delay: number,
  clock: Clock = SYSTEM_CLOCK,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimeout(() => resolve(undefined), delay);
    promise.then(resolve, reject).finally(() => clock.clearTimeout(timer));
  });
}
