// Copyright 2026 the Tidings authors. MIT license.

/**
 * The assertions of the cases. They need no library, so that the cases run under any test
 * runner.
 *
 * @module
 */

/** Asserts that a condition holds. */
export function assert(condition: boolean, message = ""): asserts condition {
  if (!condition) throw new Error(`The assertion failed: ${message}`);
}

/**
 * Asserts that two values have the same content. A member that is `undefined` is as good
 * as none.
 */
export function assertEquals(
  actual: unknown,
  expected: unknown,
  message = "",
): void {
  if (isEqual(actual, expected)) return;
  const what = message === "" ? "" : `${message}: `;
  throw new Error(`${what}expected ${show(expected)}, got ${show(actual)}`);
}

/** The class of an error. */
type ErrorClass<E extends Error> = abstract new (...args: never[]) => E;

/**
 * Asserts that a call gives a promise that rejects.
 *
 * @param errorClass The class of what it rejects with.
 * @param text What the message contains.
 * @returns What it rejects with.
 */
export async function assertRejects<E extends Error>(
  call: () => Promise<unknown>,
  errorClass: ErrorClass<E>,
  text = "",
): Promise<E> {
  // A log that throws at once breaks its promise: that is no rejection.
  const promise = call();
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return checkError(error, errorClass, text);
  }
  throw new Error(`Expected a rejection, got ${show(value)}`);
}

/** Asserts that a call throws an error of a class. */
export function assertThrows<E extends Error>(
  call: () => unknown,
  errorClass: ErrorClass<E>,
): E {
  let value: unknown;
  try {
    value = call();
  } catch (error) {
    return checkError(error, errorClass, "");
  }
  throw new Error(`Expected an error, got ${show(value)}`);
}

function checkError<E extends Error>(
  error: unknown,
  errorClass: ErrorClass<E>,
  text: string,
): E {
  const isExpected = error instanceof errorClass &&
    error.message.includes(text);
  if (isExpected) return error;
  const expected = text === "" ? "" : ` with ${JSON.stringify(text)}`;
  throw new Error(`Expected ${errorClass.name}${expected}, got ${error}`, {
    cause: error,
  });
}

function isEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (!isObject(a) || !isObject(b)) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  if (Array.isArray(a) && a.length !== b.length) return false;
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => isEqual(a[name], b[name]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 1000 ? `${text.slice(0, 1000)}…` : text;
}
