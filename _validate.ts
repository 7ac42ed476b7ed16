// Copyright 2026 the Tidings authors. MIT license.

/**
 * Checks of options and arguments for all rooms, and the text of their errors:
 * `Cannot <verb>: expected "<name>" to be <what>, got <value>`.
 *
 * @module
 */

/** The longest delay in milliseconds that a timer holds; beyond it a timer fires at once. */
export const MAX_DELAY = 2 ** 31 - 1;

/** Bytes of UTF-8 that an event's ID may have: a client sends it back in a header. */
export const MAX_ID_BYTES = 1024;

// Matches a text of more than 40 UTF-16 code units, and captures the part that an error shows.
// The part does not end within a surrogate pair: half of one would show as an escape such as
// "\ud83d", which the text does not have.
const LONG_TEXT_REGEXP = /^(?=.{41})(.{39,40})(?![\udc00-\udfff]).*/s;

// Fetch strips spaces from the ends of a header's value, and refuses most of these
// characters in one.
const UNRETURNABLE_REGEXP =
  // deno-lint-ignore no-control-regex -- control characters are what it looks for
  /[\u0000-\u001f\u007f]|^ | $/;

/**
 * Writes the message of an error about a value that is not what was expected.
 *
 * @param verb What fails, such as `serve events`.
 * @param name The option, parameter or field.
 * @param expected What its value has to be, such as `a number of at least 0`.
 * @param value Its value.
 * @returns The message.
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

/**
 * Shows a value in the message of an error: text in quotes, escaped and cut to 40 code
 * units; what has members by its kind only.
 *
 * @param value Any value.
 * @returns What to show.
 */
export function quote(value: unknown): string {
  if (typeof value === "string") {
    return JSON.stringify(value.replace(LONG_TEXT_REGEXP, "$1…"));
  }
  const type = typeof value;
  if (type === "function" || type === "symbol") return `a ${type}`;
  if (Array.isArray(value)) return "an array";
  if (type === "object" && value !== null) return "an object";
  return `${value}${type === "bigint" ? "n" : ""}`;
}

/**
 * Checks a number.
 *
 * @param verb What fails otherwise.
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
  if (isInRange(value, min, max)) return;
  refuse(verb, name, `a number ${describeRange(min, max)}`, value);
}

/**
 * Checks an integer.
 *
 * @param verb What fails otherwise.
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
  if (Number.isSafeInteger(value) && isInRange(value, min, max)) return;
  refuse(verb, name, `an integer ${describeRange(min, max)}`, value);
}

/**
 * Checks a limit on how many there may be of something: an integer, or `Infinity` for
 * no limit.
 *
 * @param verb What fails otherwise.
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
  if (value === Infinity) return;
  if (Number.isSafeInteger(value) && value >= min) return;
  refuse(verb, name, `an integer of at least ${min}, or Infinity`, value);
}

/**
 * Checks text.
 *
 * @param verb What fails otherwise.
 * @param name The name of the option, parameter or field.
 * @param value Its value.
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
 * name: UTF-8 writes all lone surrogates as the same three bytes, so an engine would
 * take two names for one.
 *
 * @param verb What fails otherwise.
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
 * Finds what keeps an event's ID from coming back in a `Last-Event-ID` header.
 *
 * @param id The ID.
 * @returns What the ID was expected to be; `undefined` if it can come back.
 */
export function findIdFault(id: string): string | undefined {
  if (UNRETURNABLE_REGEXP.test(id)) {
    return "text without a control character and without a space at either end";
  }
  if (!id.isWellFormed()) return "text without a lone surrogate";
  if (id.length * 3 <= MAX_ID_BYTES) return undefined;
  // Made here: at the top level it would stay in the bundle of everything that quotes.
  const { length } = new TextEncoder().encode(id);
  return length > MAX_ID_BYTES
    ? `text of at most ${MAX_ID_BYTES} bytes of UTF-8`
    : undefined;
}

/**
 * Checks the ID of an event before it is sent. A client whose `fetch` refuses to send
 * the ID back would fail at each attempt to reconnect.
 *
 * @param verb What fails otherwise.
 * @param id The ID; a number can always come back.
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
 * @returns The nearest, the first of several; `undefined` if none is near.
 */
export function findNearestName(
  name: string,
  names: readonly string[],
): string | undefined {
  let nearest: string | undefined;
  // With more edits than a third of its letters, it is another word and no misspelling.
  let least = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const other of names) {
    // A key of an untrusted object may be of any length, and the count is quadratic.
    if (Math.abs(name.length - other.length) >= least) continue;
    const edits = countEdits(name.toLowerCase(), other.toLowerCase());
    if (edits < least) [nearest, least] = [other, edits];
  }
  return nearest;
}

function isInRange(value: unknown, min: number, max: number): boolean {
  return typeof value === "number" && value >= min && value <= max;
}

function describeRange(min: number, max: number): string {
  return max === Infinity ? `of at least ${min}` : `from ${min} to ${max}`;
}

function refuse(
  verb: string,
  name: string,
  expected: string,
  value: unknown,
): never {
  const error = typeof value === "number" ? RangeError : TypeError;
  throw new error(describeMismatch(verb, name, expected, value));
}

/**
 * Counts the letters to insert, delete, replace or swap with the next one (the optimal
 * string alignment distance).
 */
function countEdits(a: string, b: string): number {
  // Entry `i` of a row is the count for the first `i` letters of `b`, so each index below
  // is that of an entry.
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const isSame = a[row - 1] === b[column - 1];
      const isSwapped = row > 1 && column > 1 &&
        a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current.push(Math.min(
        above[column - 1]! + (isSame ? 0 : 1),
        above[column]! + 1,
        current[column - 1]! + 1,
        isSwapped ? before[column - 2]! + 1 : Infinity,
      ));
    }
    [before, above] = [above, current];
  }
  return above[b.length]!;
}
