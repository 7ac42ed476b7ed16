// Copyright 2026 the Tidings authors. MIT license.

/** Objects that pass for others, which are not made before they are needed. */

/**
 * Lets the objects of a class pass for those of the platform: they are `instanceof`
 * its class, and have whatever that has and theirs has not. What a platform keeps in
 * an object under symbols, as Node 20 and Deno do, is found in them as well.
 *
 * @param prototype The prototype of the class.
 * @param sample An object of the platform.
 * @param getGenuine Gives what an object stands for.
 */
export function delegateMissingMembers<StandIn extends object>(
  prototype: StandIn,
  sample: object,
  getGenuine: (standIn: StandIn) => object,
): void {
  const parent = Object.getPrototypeOf(sample);
  Object.setPrototypeOf(prototype, parent);
  for (const key of [...Reflect.ownKeys(parent), ...Reflect.ownKeys(sample)]) {
    if (Object.hasOwn(prototype, key)) continue;
    Object.defineProperty(prototype, key, {
      get(this: StandIn): unknown {
        const genuine = getGenuine(this);
        const value = Reflect.get(genuine, key);
        return typeof value === "function" ? value.bind(genuine) : value;
      },
    });
  }
}
