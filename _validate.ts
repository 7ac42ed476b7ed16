// Copyright 2026 the Tidings authors. MIT license.

/**
 * The numbers that options bring, and their checks.
 *
 * @module
 */

/** The longest delay in milliseconds that timers can hold; beyond it they fire at once. */
export const MAX_DELAY = 2 ** 31 - 1;

/**
 * Checks a number that counts something.
 *
 * @param verb What cannot be done otherwise.
 * @param name The name of the option.
 * @param value Its value.
 * @param least The least that it may be.
 * @throws {TypeError} If the value is not a number.
 * @throws {RangeError} If it is neither an integer of at least `least` nor `Infinity`.
 */
export function assertCount(
  verb: string,
  name: string,
  value: number,
  least: number,
): void {
  assertNumber(verb, name, value, least);
  if (Number.isSafeInteger(value) || value === Infinity) return;
  throw new RangeError(
    `Cannot ${verb}: "${name}" is ${value}, an integer is wanted`,
  );
}

/**
 * Checks a number.
 *
 * @param verb What cannot be done otherwise.
 * @param name The name of the option.
 * @param value Its value.
 * @param least The least that it may be.
 * @param most The most that it may be.
 * @throws {TypeError} If the value is not a number.
 * @throws {RangeError} If it is less than `least`, more than `most`, or `NaN`.
 */
export function assertNumber(
  verb: string,
  name: string,
  value: number,
  least: number,
  most = Infinity,
): void {
  if (typeof value !== "number") {
    throw new TypeError(
      `Cannot ${verb}: "${name}" is of type ${typeof value}, a number is wanted`,
    );
  }
  if (value >= least && value <= most) return;
  const range = most === Infinity ? `at least ${least}` : `${least} to ${most}`;
  throw new RangeError(
    `Cannot ${verb}: "${name}" is ${value}, a number of ${range} is wanted`,
  );
}

/** The most that an event's ID may take in UTF-8: a client sends it back in a header. */
export const MAX_ID_BYTES = 1024;

// Fetch strips blanks from the ends of a header's value, and has no header with most of
// these characters.
const UNRETURNABLE_REGEXP =
  // deno-lint-ignore no-control-regex -- those are what it is about
  /[\u0000-\u001f\u007f]|^ | $/;

const ENCODER = new TextEncoder();

/**
 * Tells why an event's ID cannot come back in a `Last-Event-ID` header.
 *
 * @param id The ID.
 * @returns What is wrong, as the end of a sentence; `undefined` if it can come back.
 */
export function findIdFault(id: string): string | undefined {
  if (UNRETURNABLE_REGEXP.test(id)) {
    return "expected no control character, and no space at either end";
  }
  if (!id.isWellFormed()) return "expected no lone surrogate";
  if (id.length * 3 <= MAX_ID_BYTES) return undefined;
  const bytes = ENCODER.encode(id).length;
  return bytes > MAX_ID_BYTES
    ? `expected at most ${MAX_ID_BYTES} bytes of UTF-8, got ${bytes}`
    : undefined;
}

/**
 * Checks the ID of an event that is to be sent: a client whose `fetch` cannot send it
 * back would be lost at its next reconnection.
 *
 * @param verb What cannot be done otherwise.
 * @param id The ID; one that is no text is left to others.
 * @throws {TypeError} If it cannot come back.
 */
export function assertReturnableId(verb: string, id: unknown): void {
  if (typeof id !== "string") return;
  const fault = findIdFault(id);
  if (fault === undefined) return;
  throw new TypeError(`Cannot ${verb}: "id" is ${quote(id)}, ${fault}`);
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
  if (typeof value !== "string") {
    throw new TypeError(
      `Cannot ${verb}: "${name}" is ${quote(value)}, expected a string`,
    );
  }
  if (value.isWellFormed()) return;
  throw new TypeError(
    `Cannot ${verb}: "${name}" is ${quote(value)}, expected no lone surrogate`,
  );
}

/** Shows a value in an error: strings quoted and cut to 40 characters, others by type. */
export function quote(value: unknown): string {
  return typeof value === "string"
    ? JSON.stringify(value.slice(0, 40))
    : value === null
    ? "null"
    : `of type ${typeof value}`;
}
