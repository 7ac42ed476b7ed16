// Copyright 2026 the Tidings authors. MIT license.

/**
 * Reads the options of the parser and of `readEvents()`. It does what `_options.ts` does for
 * other rooms, in a third of the bytes: for a browser, the parser has to stay small.
 *
 * @module
 */

import { describeMismatch } from "../_validate.ts";

/** What each option has to be: a type of `typeof` after an article. */
export type OptionTypes<Options> = {
  readonly [Name in keyof Options]-?: string;
};

/**
 * Reads options: checks that each is known and of the right type.
 *
 * @param verb What fails otherwise.
 * @param options The options.
 * @param types What each of them has to be.
 * @returns A plain object with the options that have a value. Each was read once.
 * @throws {TypeError} If `options` is not an object, or has a member that is unknown or of
 * the wrong type.
 */
export function readOptions<Options extends object>(
  verb: string,
  options: Options,
  types: OptionTypes<Options>,
): Options {
  assertType(verb, "options", options, "an object");
  const names = Object.keys(types) as (keyof Options & string)[];
  const read: Partial<Options> = {};
  for (
    const name of new Set([...names, ...Object.keys(options)]) as Set<
      keyof Options & string
    >
  ) {
    const value = options[name];
    if (value === undefined) continue;
    assertType(
      verb,
      name,
      value,
      names.includes(name)
        ? types[name]
        : `one of the options "${names.join('", "')}"`,
    );
    read[name] = value;
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
 * @throws {TypeError} If it is of another type, `null` or an array.
 */
export function assertType(
  verb: string,
  name: string,
  value: unknown,
  type: string,
): void {
  if (
    type.endsWith(typeof value) && value !== null && !Array.isArray(value)
  ) return;
  throw new TypeError(describeMismatch(verb, name, type, value));
}
