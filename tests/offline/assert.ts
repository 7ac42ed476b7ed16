// Copyright 2026 the Tidings authors. MIT license.

/**
 * Stands in for `@std/assert` where JSR is out of reach, and in the other runtimes: the
 * functions that our tests and examples use. `tests/offline/assert_test.ts` holds it to
 * the outcomes of the real package, which `scripts/run_tests.ts` prefers.
 *
 * @module
 */

import { inspect, showDifference } from "./_difference.ts";
import { isEqual } from "./_equal.ts";

// deno-lint-ignore no-explicit-any
type ErrorClass<E extends Error = Error> = abstract new (...args: any[]) => E;

/** Thrown where what was asserted does not hold. */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

export function assert(value: unknown, message = ""): asserts value {
  check(value, message || `${inspect(value)} is falsy`);
}

export function assertFalse(value: unknown, message = ""): void {
  check(!value, message || `${inspect(value)} is not falsy`);
}

export function assertEquals<T>(
  actual: T,
  expected: T,
  message = "",
): void {
  if (isEqual(actual, expected)) return;
  fail(`${message}\n${showDifference(actual, expected)}`);
}

export function assertNotEquals<T>(
  actual: T,
  expected: T,
  message = "",
): void {
  check(!isEqual(actual, expected), `${message}\nboth: ${inspect(actual)}`);
}

export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  message = "",
): asserts actual is T {
  if (Object.is(actual, expected)) return;
  fail(`${message}\n${showDifference(actual, expected)}`);
}

export function assertExists<T>(
  actual: T,
  message = "",
): asserts actual is NonNullable<T> {
  check(
    actual !== undefined && actual !== null,
    message || `there is only ${actual}`,
  );
}

export function assertInstanceOf<T>(
  actual: unknown,
  // deno-lint-ignore no-explicit-any
  expected: abstract new (...args: any[]) => T,
  message = "",
): asserts actual is T {
  check(
    actual instanceof expected,
    message || `${inspect(actual)} is not of ${expected.name}`,
  );
}

export function assertStringIncludes(
  actual: string,
  expected: string,
  message = "",
): void {
  check(
    actual.includes(expected),
    message || `${inspect(actual)} lacks ${inspect(expected)}`,
  );
}

export function assertMatch(
  actual: string,
  expected: RegExp,
  message = "",
): void {
  check(
    expected.test(actual),
    message || `${inspect(actual)} does not match ${expected}`,
  );
}

export function assertGreater<T>(actual: T, expected: T, message = ""): void {
  check(actual > expected, message || `${actual} is not > ${expected}`);
}

export function assertGreaterOrEqual<T>(
  actual: T,
  expected: T,
  message = "",
): void {
  check(actual >= expected, message || `${actual} is not >= ${expected}`);
}

export function assertLess<T>(actual: T, expected: T, message = ""): void {
  check(actual < expected, message || `${actual} is not < ${expected}`);
}

export function assertLessOrEqual<T>(
  actual: T,
  expected: T,
  message = "",
): void {
  check(actual <= expected, message || `${actual} is not <= ${expected}`);
}

export function assertThrows(fn: () => unknown, message?: string): unknown;
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  errorClass: ErrorClass<E>,
  messageIncludes?: string,
  message?: string,
): E;
export function assertThrows(
  fn: () => unknown,
  expected?: ErrorClass | string,
  messageIncludes?: string,
): unknown {
  try {
    fn();
  } catch (error) {
    return checkError(error, expected, messageIncludes);
  }
  fail("the function does not throw");
}

export function assertRejects(
  fn: () => PromiseLike<unknown>,
  message?: string,
): Promise<unknown>;
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  errorClass: ErrorClass<E>,
  messageIncludes?: string,
  message?: string,
): Promise<E>;
export async function assertRejects(
  fn: () => PromiseLike<unknown>,
  expected?: ErrorClass | string,
  messageIncludes?: string,
): Promise<unknown> {
  let promise: PromiseLike<unknown> | undefined;
  try {
    promise = fn();
  } catch {
    fail("the function throws, and gives no promise that rejects");
  }
  check(typeof promise?.then === "function", "the function gives no promise");
  try {
    await promise;
  } catch (error) {
    return checkError(error, expected, messageIncludes);
  }
  fail("the promise does not reject");
}

export function fail(message = ""): never {
  throw new AssertionError(message);
}

function check(value: unknown, message: string): asserts value {
  if (!value) fail(message);
}

/** Without a class, whatever was thrown is right. */
function checkError(
  error: unknown,
  expected: ErrorClass | string | undefined,
  messageIncludes = "",
): unknown {
  if (typeof expected !== "function") return error;
  check(
    error instanceof Error && error instanceof expected,
    `it is not of ${expected.name}: ${inspect(error)}`,
  );
  assertStringIncludes(error.message, messageIncludes);
  return error;
}
