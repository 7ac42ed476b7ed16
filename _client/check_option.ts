// Copyright 2026 the Tidings authors. MIT license.

/**
 * The check of one option of the client: its type and its range.
 *
 * @module
 */

import { describeMismatch } from "../_validate.ts";

// The ends of a range, or a member.
const CONDITION_REGEXP = / (?:from (\d+) to|with) (\w+)/;

/**
 * Checks an option.
 *
 * @param type What it has to be: types of `typeof` after an article, such as `a string`.
 * `list` allows arrays, `with member` demands a member, `from 0 to 5` is a range, to which
 * `, or Infinity` may be added, and `whole` forbids fractions. Empty for any value.
 * @returns The value, `undefined` for `null`: the platform's requests take both.
 * @throws {TypeError} If it is of another type.
 * @throws {RangeError} If it is a number out of its range.
 */
export function checkOption<Value>(
  verb: string,
  name: string,
  value: Value,
  type: string,
): Value {
  if (
    value === null && !/^one of/.test(type) &&
    name !== "options"
  ) return undefined as Value;
  const [, min, last = ""] = CONDITION_REGEXP.exec(type) ?? [];
  const isType = type.includes(` ${typeof value}`) && value !== null &&
    (!Array.isArray(value) || type.includes("list"));
  if (
    type === "" ||
    (isType &&
      (min
        ? Number(value) >= Number(min) && (Number(value) <= Number(last) ||
          type.endsWith(` or ${value}`)) &&
          !(type.includes("whole") && Number(value) % 1)
        : last === "" || last in (value as object)))
  ) return value;
  throw new (isType && min ? RangeError : TypeError)(
    describeMismatch(verb, name, type, value),
  );
}
