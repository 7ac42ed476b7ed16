// Copyright 2026 the Tidings authors. MIT license.

/**
 * The checks of options and arguments, and the words of their errors, for all rooms:
 * `Cannot <verb>: expected "<name>" to be <what>, got <value>`.
 *
 * @module
 */

/** The longest delay in milliseconds that timers can hold; beyond it they fire at once. */
export const MAX_DELAY = 2 ** 31 - 1;

/** Bytes of UTF-8 that an event's ID may have: a client sends it back in a header. */
export const MAX_ID_BYTES = 1024;

/** UTF-16 code units of a value that an error shows. */
const MAX_QUOTED = 40;

// Fetch strips spaces from the ends of a header's value, and most of these characters
// cannot be in one.
const UNRETURNABLE_REGEXP =
  // deno-lint-ignore no-control-regex -- those are what it is about
  /[\u0000-\u001f\u007f]|^ | $/;

const ENCODER = new TextEncoder();

/**
 * Words an error about a value that is not what was expected.
 *
 * @param verb What cannot be done, such as `serve events`.
 * @param name The option, parameter or field.
 * @param expected What it has to be, such as `a number of at least 0`.
 * @param value Its value.
 */
export function describeMismatch(
  verb: string,
  name: string,
  expected: string,
  value: unknown,
): string {
  return `Cannot ${verb}: expected "${name}" to be ${expected}, got ${
    quote(value)
  }`;
}

/** Shows a value in an error: text in quotes and cut to 40 code units, objects by type. */
export function quote(value: unknown): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(
        value.length > MAX_QUOTED ? value.slice(0, MAX_QUOTED) + "…" : value,
      );
    case "object":
      return value === null
        ? "null"
        : Array.isArray(value)
        ? "an array"
        : "an object";
    case "function":
      return "a function";
    case "symbol":
      return "a symbol";
    default:
      return String(value);
  }
}

/**
 * Checks a number.
 *
 * @param verb What cannot be done otherwise.
 * @param name The name of the option.
 * @param value Its value.
 * @param min The least that it may be.
 * @param max The most that it may be.
 * @throws {TypeError} If the value is not a number.
 * @throws {RangeError} If it is less than `min`, more than `max`, or `NaN`.
 */
export function assertNumber(
  verb: string,
  name: string,
  value: number,
  min: number,
  max = Infinity,
): void {
  check(
    verb,
    name,
    value,
    `a number ${describeRange(min, max)}`,
    () => value >= min && value <= max,
  );
}

/**
 * Checks an integer.
 *
 * @param verb What cannot be done otherwise.
 * @param name The name of the option.
 * @param value Its value.
 * @param min The least that it may be.
 * @param max The most that it may be.
 * @throws {TypeError} If the value is not a number.
 * @throws {RangeError} If it is not an integer from `min` to `max`.
 */
export function assertInteger(
  verb: string,
  name: string,
  value: number,
  min: number,
  max = Infinity,
): void {
  check(
    verb,
    name,
    value,
    `an integer ${describeRange(min, max)}`,
    () => Number.isSafeInteger(value) && value >= min && value <= max,
  );
}

/**
 * Checks a limit on how many there may be of something: an integer, or `Infinity` for
 * no limit.
 *
 * @param verb What cannot be done otherwise.
 * @param name The name of the option.
 * @param value Its value.
 * @param min The least that it may be.
 * @throws {TypeError} If the value is not a number.
 * @throws {RangeError} If it is neither an integer of at least `min` nor `Infinity`.
 */
export function assertLimit(
  verb: string,
  name: string,
  value: number,
  min: number,
): void {
  const expected = `an integer ${describeRange(min, Infinity)}, or Infinity`;
  check(
    verb,
    name,
    value,
    expected,
    () => value >= min && (Number.isSafeInteger(value) || value === Infinity),
  );
}

/**
 * Checks text.
 *
 * @throws {TypeError} If the value is not a string.
 */
export function assertString(
  verb: string,
  name: string,
  value: unknown,
): asserts value is string {
  if (typeof value === "string") return;
  throw new TypeError(describeMismatch(verb, name, "a string", value));
}

/**
 * Checks a name, such as a topic or the ID of a run. Text with a lone surrogate is no
 * name: in UTF-8 all lone surrogates are the same three bytes, so that two names would
 * be one.
 *
 * @param verb What cannot be done otherwise.
 * @param name The name of the option or parameter.
 * @param value Its value.
 * @throws {TypeError} If the value is not a string or not well-formed.
 */
export function assertName(verb: string, name: string, value: string): void {
  assertString(verb, name, value);
  if (value.isWellFormed()) return;
  const expected = "text without a lone surrogate";
  throw new TypeError(describeMismatch(verb, name, expected, value));
}

/**
 * Tells why an event's ID cannot come back in a `Last-Event-ID` header.
 *
 * @param id The ID.
 * @returns What was expected of it; `undefined` if it can come back.
 */
export function findIdFault(id: string): string | undefined {
  if (UNRETURNABLE_REGEXP.test(id)) {
    return "text without a control character and without a space at either end";
  }
  if (!id.isWellFormed()) return "text without a lone surrogate";
  if (id.length * 3 <= MAX_ID_BYTES) return undefined;
  const bytes = ENCODER.encode(id).length;
  return bytes > MAX_ID_BYTES
    ? `at most ${MAX_ID_BYTES} bytes of UTF-8`
    : undefined;
}

/**
 * Checks the ID of an event that is to be sent: a client whose `fetch` cannot send it
 * back would be lost at its next reconnection.
 *
 * @param verb What cannot be done otherwise.
 * @param id The ID; a number always can.
 * @throws {TypeError} If it cannot come back.
 */
export function assertReturnableId(verb: string, id: unknown): void {
  if (typeof id !== "string") return;
  const expected = findIdFault(id);
  if (expected === undefined) return;
  throw new TypeError(describeMismatch(verb, "id", expected, id));
}

/**
 * Finds the name that a misspelt one was probably meant to be.
 *
 * @param name The misspelt name.
 * @param names The names that there are.
 * @returns The nearest, `undefined` if none is near.
 */
export function findNearestName(
  name: string,
  names: readonly string[],
): string | undefined {
  let nearest: string | undefined;
  // More changes than a third of the name make another word of it.
  let least = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const other of names) {
    const distance = countEdits(name.toLowerCase(), other.toLowerCase());
    if (distance < least) [nearest, least] = [other, distance];
  }
  return nearest;
}

function check(
  verb: string,
  name: string,
  value: number,
  expected: string,
  isRight: () => boolean,
): void {
  if (typeof value === "number" && isRight()) return;
  const error = typeof value === "number" ? RangeError : TypeError;
  throw new error(describeMismatch(verb, name, expected, value));
}

function describeRange(min: number, max: number): string {
  return max === Infinity ? `of at least ${min}` : `from ${min} to ${max}`;
}

/** The least number of characters to insert, delete or replace (Levenshtein). */
function countEdits(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      // Both arrays have an entry for each column so far.
      const replaced = above[column - 1]! +
        (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(
        Math.min(replaced, above[column]! + 1, current[column - 1]! + 1),
      );
    }
    above = current;
  }
  return above[b.length]!;
}
