// Copyright 2026 the Tidings authors. MIT license.

/**
 * How many events the log of a channel keeps, and for how long.
 *
 * @module
 */

import { assertLimit } from "../../_validate.ts";
import { orNever } from "../../_log/option_checks.ts";

/** What to keep of a log. */
export interface KeptEvents {
  /** Events at most, or `Infinity`. */
  readonly maxEvents: number;
  /** Milliseconds, or `Infinity`. */
  readonly maxAge: number;
}

/** What a log by name keeps. */
export const KEEPS_ALL: KeptEvents = { maxEvents: Infinity, maxAge: Infinity };

/**
 * Checks these options, and fills in the defaults.
 *
 * @param verb What fails otherwise.
 * @throws {TypeError} If one of them is not a number.
 * @throws {RangeError} If one of them is outside its range.
 */
export function checkKeptEvents(
  verb: string,
  { maxEvents = 10_000, maxAge = Infinity }: {
    maxEvents?: number | undefined;
    maxAge?: number | undefined;
  },
): KeptEvents {
  assertLimit(verb, "maxEvents", maxEvents, 1);
  assertLimit(verb, "maxAge", maxAge, 1);
  return { maxEvents, maxAge: orNever(maxAge) };
}
