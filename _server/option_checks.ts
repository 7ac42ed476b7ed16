// Copyright 2026 the Tidings authors. MIT license.

/**
 * The checks of options that servers, channels, runs and sockets share, and of those of
 * `serveEvents`. They also fill in the defaults.
 *
 * @module
 */

import type { EventResponseOptions, ServeEventsOptions } from "./options.ts";
import { assertInteger, assertNumber, MAX_DELAY } from "../_validate.ts";

/** The numbers among the options of a response, with the defaults filled in. */
export interface CheckedResponseOptions {
  keepAlive: number;
  retry: number | undefined;
  maxDuration: number;
}

/** The options of `serveEvents` that are left once a request was negotiated. */
export interface CheckedServeEventsOptions extends CheckedResponseOptions {
  maxBuffered: number;
  signal: AbortSignal | undefined;
  onError: ServeEventsOptions["onError"];
}

/**
 * Checks the numbers among the options of a response and fills in the defaults.
 *
 * @param verb What cannot be done otherwise.
 * @param options The options.
 * @returns The numbers.
 * @throws {TypeError} If one of them is not a number.
 * @throws {RangeError} If one of them is outside its range.
 */
export function checkResponseOptions(
  verb: string,
  options: Pick<EventResponseOptions, "keepAlive" | "retry" | "maxDuration">,
): CheckedResponseOptions {
  const { keepAlive = 15_000, retry, maxDuration = Infinity } = options;
  assertNumber(verb, "keepAlive", keepAlive, 0, MAX_DELAY);
  if (retry !== undefined) assertInteger(verb, "retry", retry, 0, MAX_DELAY);
  if (maxDuration !== Infinity) {
    assertNumber(verb, "maxDuration", maxDuration, 0, MAX_DELAY);
  }
  return { keepAlive, retry, maxDuration };
}

/** Checks the options of `serveEvents`, as {@linkcode checkResponseOptions}. */
export function checkServeEventsOptions(
  options: ServeEventsOptions,
): CheckedServeEventsOptions {
  const verb = "serve events";
  const { maxBuffered = 1_048_576, signal, onError } = options;
  const checked = checkResponseOptions(verb, options);
  assertNumber(verb, "maxBuffered", maxBuffered, 0);
  return { ...checked, maxBuffered, signal, onError };
}
