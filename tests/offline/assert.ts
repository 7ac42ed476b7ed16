// Copyright 2026 the Tidings authors. MIT license.

/**
 * Stands in for `@std/assert` where JSR is out of reach: the functions that our
 * tests and examples use, over `node:assert/strict`. The real package is what
 * everyone else gets; `scripts/run_tests.ts` chooses.
 */
import strict from "node:assert/strict";

// deno-lint-ignore no-explicit-any
type ErrorClass<E extends Error = Error> = abstract new (...args: any[]) => E;

export { AssertionError } from "node:assert";

export function assert(value: unknown, message?: string): asserts value {
  strict.ok(value, message ?? "");
}

export function assertFalse(value: unknown, message?: string): void {
  strict.ok(!value, message ?? "");
}

export function assertEquals<T>(
  actual: T,
  expected: T,
  message?: string,
): void {
  strict.deepStrictEqual(actual, expected, message);
}

export function assertNotEquals<T>(
  actual: T,
  expected: T,
  message?: string,
): void {
  strict.notDeepStrictEqual(actual, expected, message);
}

export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  message?: string,
): asserts actual is T {
  strict.strictEqual(actual, expected, message);
}

export function assertExists<T>(
  actual: T,
  message?: string,
): asserts actual is NonNullable<T> {
  strict.ok(actual !== undefined && actual !== null, message ?? "");
}

export function assertInstanceOf<T>(
  actual: unknown,
  // deno-lint-ignore no-explicit-any
  expected: abstract new (...args: any[]) => T,
  message?: string,
): asserts actual is T {
  strict.ok(actual instanceof expected, message ?? "");
}

export function assertStringIncludes(
  actual: string,
  expected: string,
  message?: string,
): void {
  strict.ok(
    actual.includes(expected),
    message ?? `${JSON.stringify(actual)} lacks ${JSON.stringify(expected)}`,
  );
}

export function assertMatch(
  actual: string,
  expected: RegExp,
  message?: string,
): void {
  strict.match(actual, expected, message);
}

export function assertGreater<T>(
  actual: T,
  expected: T,
  message?: string,
): void {
  strict.ok(actual > expected, message ?? `${actual} is not > ${expected}`);
}

export function assertGreaterOrEqual<T>(
  actual: T,
  expected: T,
  message?: string,
): void {
  strict.ok(actual >= expected, message ?? `${actual} is not >= ${expected}`);
}

export function assertLess<T>(actual: T, expected: T, message?: string): void {
  strict.ok(actual < expected, message ?? `${actual} is not < ${expected}`);
}

export function assertLessOrEqual<T>(
  actual: T,
  expected: T,
  message?: string,
): void {
  strict.ok(actual <= expected, message ?? `${actual} is not <= ${expected}`);
}

export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  errorClass?: ErrorClass<E>,
  messageIncludes?: string,
): E {
  try {
    fn();
  } catch (error) {
    return checkError(error, errorClass, messageIncludes);
  }
  strict.fail("Expected function to throw");
}

export async function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  errorClass?: ErrorClass<E>,
  messageIncludes?: string,
): Promise<E> {
  try {
    await fn();
  } catch (error) {
    return checkError(error, errorClass, messageIncludes);
  }
  strict.fail("Expected promise to reject");
}

export function fail(message?: string): never {
  strict.fail(message ?? "Failed");
}

function checkError<E extends Error>(
  error: unknown,
  errorClass: ErrorClass<E> = Error as unknown as ErrorClass<E>,
  messageIncludes = "",
): E {
  strict.ok(
    error instanceof errorClass,
    `Expected ${errorClass.name}, got ${error}`,
  );
  assertStringIncludes(error.message, messageIncludes);
  return error;
}
