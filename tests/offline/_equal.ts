// Copyright 2026 the Tidings authors. MIT license.

/**
 * Decides whether two values are equal, as `assertEquals()` of `@std/assert` does. It
 * is the half of the stand-in that is hard to get right.
 *
 * @module
 */

type Members = Record<PropertyKey, unknown>;

/** What is compared by its text. Other runtimes may lack some of them. */
const COMPARED_BY_TEXT = [
  RegExp,
  URL,
  URLSearchParams,
  Intl.Locale,
].map((type): object => type.prototype);

const ENDS = [null, Object.prototype, Array.prototype];

/**
 * Whether two values are equal. `0` is `-0`, and an object without a prototype is a
 * plain object. Of other classes, all that can be read counts, also from prototypes: two
 * errors differ in their stacks, unless one line made both.
 *
 * @throws {TypeError} For weak collections.
 */
export function isEqual(a: unknown, b: unknown): boolean {
  return compare(a, b, new Map());
}

/** @param pairs The objects that are being compared, for those in a circle. */
function compare(
  a: unknown,
  b: unknown,
  pairs: Map<object, object>,
): boolean {
  if (a === b || Object.is(a, b)) return true;
  if (!isObject(a) || !isObject(b)) return false;
  if (a instanceof Date && b instanceof Date) return Object.is(+a, +b);
  if (prototypeOf(a) !== prototypeOf(b)) return false;
  if (a instanceof WeakMap || a instanceof WeakSet) {
    throw new TypeError("Cannot compare values: they are weak collections");
  }
  if (a instanceof WeakRef) {
    return compare(a.deref(), (b as WeakRef<object>).deref(), pairs);
  }
  if (a instanceof ArrayBuffer) {
    return isSameList(new Uint8Array(a), new Uint8Array(b as ArrayBuffer));
  }
  if (ArrayBuffer.isView(a) && !(a instanceof DataView)) {
    return isSameList(a as Uint8Array, b as Uint8Array);
  }
  if (pairs.get(a) === b) return true;
  if (Object.keys(a).length !== Object.keys(b).length) return false;
  pairs.set(a, b);
  if (isCollection(a)) return compareCollections(a, b, pairs);
  if (COMPARED_BY_TEXT.includes(Object.getPrototypeOf(a))) {
    return String(a) === String(b);
  }
  return compareMembers(a as Members, b as Members, pairs);
}

function compareMembers(
  a: Members,
  b: Members,
  pairs: Map<object, object>,
): boolean {
  const keys = ENDS.includes(Object.getPrototypeOf(a))
    ? Reflect.ownKeys({ ...a, ...b })
    : [...readableKeys(a), ...readableKeys(b)];
  return keys.every((key) =>
    key in a === key in b && compare(a[key], b[key], pairs)
  );
}

/** The keys of an object and its prototypes, whether they are enumerable or not. */
function readableKeys(object: object): PropertyKey[] {
  const keys: PropertyKey[] = [];
  for (
    let next = object;
    !ENDS.includes(next);
    next = Object.getPrototypeOf(next)
  ) {
    keys.push(...Reflect.ownKeys(next));
  }
  return keys;
}

/** In whatever order: each entry of one has an equal one in the other. */
function compareCollections(
  a: Set<unknown> | Map<unknown, unknown>,
  b: object,
  pairs: Map<object, object>,
): boolean {
  const others = [...(b as Map<unknown, unknown>).entries()];
  if (a.size !== others.length) return false;
  return [...a.entries()].every(([key, value]) =>
    others.some(([otherKey, other]) =>
      compare(key, otherKey, pairs) && compare(value, other, pairs)
    )
  );
}

function isSameList(a: ArrayLike<unknown>, b: ArrayLike<unknown>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i] && !Object.is(a[i], b[i])) return false;
  }
  return true;
}

function prototypeOf(object: object): object {
  return Object.getPrototypeOf(object) ?? Object.prototype;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isCollection(
  value: object,
): value is Set<unknown> | Map<unknown, unknown> {
  return value instanceof Set || value instanceof Map;
}
