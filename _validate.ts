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
