// Copyright 2026 the Tidings authors. MIT license.

/**
 * Lets an object of ours pass for a `Request` or a `Response` that is made only when it
 * is needed. `LazyRequest` and `LazyResponse` are such classes.
 *
 * @module
 */

/**
 * Makes the objects of a class `instanceof` a class of the platform, and defines all
 * members that the class lacks: they are read from the platform's object, which is made
 * then. Node 20 and Deno keep state of an object under symbols; those are members as well.
 *
 * @param prototype The prototype of the class.
 * @param sample An object of the platform.
 * @param getReal Gives the platform's object for an object of the class.
 */
export function delegateMissingMembers<Lazy extends object>(
  prototype: Lazy,
  sample: object,
  getReal: (lazy: Lazy) => object,
): void {
  const parent = Object.getPrototypeOf(sample);
  Object.setPrototypeOf(prototype, parent);
  for (const key of [...Reflect.ownKeys(parent), ...Reflect.ownKeys(sample)]) {
    if (Object.hasOwn(prototype, key)) continue;
    Object.defineProperty(prototype, key, {
      get(this: Lazy): unknown {
        const real = getReal(this);
        const value = Reflect.get(real, key);
        return typeof value === "function" ? value.bind(real) : value;
      },
    });
  }
}
