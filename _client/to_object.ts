// Copyright 2026 the Tidings authors. MIT license.

/**
 * Takes arguments of `EventSource` and of sockets as Web IDL says.
 *
 * @module
 */

import { describeMismatch } from "../_validate.ts";

/**
 * Takes an object, or `null` for none. What is no object is refused, also where the platform
 * takes it.
 *
 * @param verb What fails otherwise.
 * @param name The argument.
 * @param expected What it has to be.
 * @param value Its value.
 * @throws {TypeError} If it is neither an object nor `null` nor `undefined`.
 */
export function toObject<Value>(
  verb: string,
  name: string,
  expected: string,
  value: Value,
): NonNullable<Value> | null {
  if (value === undefined || value === null) return null;
  if (Object(value) === value) return value;
  throw new TypeError(describeMismatch(verb, name, expected, value));
}
