// Copyright 2026 the Tidings authors. MIT license.

/**
 * Finds the classes of the platform that classes of ours extend, for all rooms. React Native
 * and test environments lack some of them, and an import must not fail for a class that the
 * program does not use.
 *
 * @module
 */

// Each call is marked as pure: a bundler leaves out the classes that the bundle does not use.

/** The platform's `EventTarget`, or a stand-in that cannot be constructed. */
export const PlatformEventTarget: typeof EventTarget =
  /* @__PURE__ */ findClass("EventTarget");
/** The platform's `MessageEvent`, or a stand-in that cannot be constructed. */
export const PlatformMessageEvent: typeof MessageEvent =
  /* @__PURE__ */ findClass("MessageEvent");
/** The platform's `TransformStream`, or a stand-in that cannot be constructed. */
export const PlatformTransformStream: typeof TransformStream =
  /* @__PURE__ */ findClass("TransformStream");

/**
 * Finds a class of the platform.
 *
 * @param name The name of the global.
 * @returns The class, or one whose constructor throws a `TypeError` where there is none.
 */
function findClass<Class>(name: string): Class {
  return (globalThis as unknown as Record<string, Class | undefined>)[name] ??
    function (): never {
      throw new TypeError(`Cannot create object: there is no ${name} here`);
    } as Class;
}
