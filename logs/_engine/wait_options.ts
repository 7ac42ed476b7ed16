// Copyright 2026 the Tidings authors. MIT license.

/**
 * Checks the options `pollInterval` and `timeout`, for the logs of several engines.
 *
 * @module
 */

import { assertNumber, MAX_DELAY } from "../../_validate.ts";

/** The options that are checked. */
interface WaitOptions {
  pollInterval?: number | undefined;
  timeout?: number | undefined;
}

/**
 * Checks both options, as {@linkcode checkWaits}, and fills in the defaults: a timeout of 10
 * seconds, and an interval.
 */
export function fillWaits(
  verb: string,
  { pollInterval, timeout = 10_000 }: WaitOptions,
  defaultInterval: number,
): { readonly pollInterval: number; readonly timeout: number } {
  const waits = { pollInterval: pollInterval ?? defaultInterval, timeout };
  checkWaits(verb, waits.pollInterval, timeout);
  return waits;
}

/**
 * Checks both options.
 *
 * @param verb What fails otherwise.
 * @param pollInterval Milliseconds, or `Infinity`.
 * @param timeout Milliseconds.
 * @throws {TypeError} If one of them is not a number.
 * @throws {RangeError} If one of them is outside its range.
 */
export function checkWaits(
  verb: string,
  pollInterval: number,
  timeout: number,
): void {
  if (pollInterval !== Infinity) {
    assertNumber(verb, "pollInterval", pollInterval, 1, MAX_DELAY);
  }
  assertNumber(verb, "timeout", timeout, 1, MAX_DELAY);
}
