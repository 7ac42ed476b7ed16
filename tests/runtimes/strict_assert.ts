// Copyright 2026 the Tidings authors. MIT license.

/**
 * Stands in for the part of `node:assert/strict` that `tests/offline/assert.ts`
 * uses: browsers have none, and others print an outcome of their own.
 */

/** Thrown when what was tested does not hold. */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

function ok(value: unknown, message = ""): asserts value {
  if (!value) throw new AssertionError(message || `${inspect(value)} is falsy`);
}

function fail(message: string): never {
  throw new AssertionError(message);
}

function strictEqual(
  actual: unknown,
  expected: unknown,
  message?: string,
): void {
  if (!Object.is(actual, expected)) refuse(actual, "is not", expected, message);
}

function deepStrictEqual(
  actual: unknown,
  expected: unknown,
  message?: string,
): void {
  if (!isDeepEqual(actual, expected)) {
    refuse(actual, "is not", expected, message);
  }
}

function notDeepStrictEqual(
  actual: unknown,
  expected: unknown,
  message?: string,
): void {
  if (isDeepEqual(actual, expected)) refuse(actual, "is", expected, message);
}

function match(actual: string, expected: RegExp, message?: string): void {
  if (!expected.test(actual)) {
    refuse(actual, "does not match", String(expected), message);
  }
}

export default {
  deepStrictEqual,
  fail,
  match,
  notDeepStrictEqual,
  ok,
  strictEqual,
};

function refuse(
  actual: unknown,
  relation: string,
  expected: unknown,
  message = "",
): never {
  fail(`${message}\n${inspect(actual)}\n${relation}\n${inspect(expected)}`);
}

function isDeepEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (!isObject(a) || !isObject(b)) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (a instanceof Date && b instanceof Date) return Object.is(+a, +b);
  if (isCollection(a) && isCollection(b)) return isDeepEqual([...a], [...b]);
  if (
    a instanceof Error && b instanceof Error &&
    !isDeepEqual([a.name, a.message, a.cause], [b.name, b.message, b.cause])
  ) return false;
  const keys = Reflect.ownKeys(a).filter((key) => isEnumerable(a, key));
  const others = Reflect.ownKeys(b).filter((key) => isEnumerable(b, key));
  return keys.length === others.length &&
    keys.every((key) => isEnumerable(b, key) && isDeepEqual(a[key], b[key]));
}

function isObject(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === "object" && value !== null;
}

function isEnumerable(object: object, key: PropertyKey): boolean {
  return Object.prototype.propertyIsEnumerable.call(object, key);
}

function isCollection(
  value: object,
): value is Map<unknown, unknown> | Set<unknown> {
  return value instanceof Map || value instanceof Set;
}

/** Short enough to be read: a deep difference shows in Deno, with a diff. */
function inspect(value: unknown): string {
  const seen = new Set<unknown>();
  const text = JSON.stringify(value, (_key, member) => {
    if (member === undefined) return "(undefined)";
    if (typeof member === "bigint") return `${member}n`;
    if (member instanceof Error) return String(member);
    if (isObject(member)) {
      if (seen.has(member)) return "(seen above)";
      seen.add(member);
    }
    return member;
  }) ?? String(value);
  return text.length > 2000 ? `${text.slice(0, 2000)}…` : text;
}
