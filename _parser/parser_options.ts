// Copyright 2026 the Tidings authors. MIT license.

/**
 * Reads the options of the parser, of `readEvents()` and of the client. It does what
 * `_options.ts` does for other rooms, in a third of the bytes: for a browser, these have to
 * stay small.
 *
 * @module
 */

import { describeMismatch } from "../_validate.ts";

/** What each option has to be, as its error says it. */
export type OptionTypes<Options> = {
  readonly [Name in keyof Options]-?: string;
};

/** Checks an option, and returns its value. */
export type CheckType = <Value>(
  verb: string,
  name: string,
  value: Value,
  type: string,
) => Value;

/**
 * Reads options: checks that each is known and of the right type.
 *
 * @param verb What fails otherwise.
 * @param options The options.
 * @param types What each of them has to be.
 * @param check Checks each of them.
 * @param path The option whose members these are, with a dot.
 * @param given The names that have to be known.
 * @returns A plain object with the options that have a value. Each was read once.
 * @throws {TypeError} If there is a member that is unknown.
 */
export function readOptions<Options extends object>(
  verb: string,
  options: Options,
  types: OptionTypes<Options>,
  check: CheckType,
  path = "",
  given: readonly string[] = Object.keys(
    check(verb, "options", options, "an object"),
  ),
): Options {
  const names = Object.keys(types);
  const read: Partial<Options> = {};
  for (const key of new Set([...names, ...given])) {
    const name = key as keyof Options & string;
    const value = options[name];
    if (value === undefined) continue;
    const type = names.includes(name)
      ? types[name]
      : `one of the options "${path}${names.join(`", "${path}`)}"`;
    read[name] = check(verb, path + name, value, type);
  }
  return read as Options;
}

/**
 * Checks a type.
 *
 * @param verb What fails otherwise.
 * @param name The option or parameter.
 * @param value Its value.
 * @param type The type of `typeof` that it has to be, after an article.
 * @returns The value.
 * @throws {TypeError} If it is of another type, `null` or an array.
 */
export function checkType<Value>(
  verb: string,
  name: string,
  value: Value,
  type: string,
): Value {
  if (
    type.endsWith(typeof value) && value !== null && !Array.isArray(value)
  ) return value;
  throw new TypeError(describeMismatch(verb, name, type, value));
}

/**
 * Checks a number.
 *
 * @param verb What fails otherwise.
 * @param name The option.
 * @param value Its value.
 * @param expected What it has to be.
 * @param isInRange Whether it is.
 * @throws {RangeError} If it is not.
 */
export function assertRange(
  verb: string,
  name: string,
  value: number,
  expected: string,
  isInRange: boolean,
): void {
  if (isInRange) return;
  throw new RangeError(describeMismatch(verb, name, expected, value));
}
