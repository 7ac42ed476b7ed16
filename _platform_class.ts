// Copyright 2026 the Tidings authors. MIT license.

/**
 * Finds the classes of the platform that classes of ours extend, for all rooms. React Native
 * and test environments lack some of them, and an import must not fail for a class that the
 * program does not use.
 *
 * @module
 */

/**
 * The classes of the platform that ours extend. One that is not there has a stand-in that
 * cannot be constructed.
 */
export const platform: {
  readonly EventTarget: typeof EventTarget;
  readonly MessageEvent: typeof MessageEvent;
  readonly TransformStream: typeof TransformStream;
} = {
  EventTarget: findClass("EventTarget"),
  MessageEvent: findClass("MessageEvent"),
  TransformStream: findClass("TransformStream"),
};

/**
 * Finds a class of the platform.
 *
 * @param name The name of the global.
 * @returns The class, or one whose constructor throws a `TypeError` where there is none.
 */
function findClass<Class>(name: string): Class {
  return (globalThis as unknown as Record<string, Class | undefined>)[name] ??
    class {
      constructor() {
        throw new TypeError(`Cannot create object: there is no ${name} here`);
      }
    } as Class;
}
