// Copyright 2026 the Tidings authors. MIT license.

/**
 * Finds the classes of the platform that modules need when they are imported, for all rooms:
 * those that classes of ours extend, and the encoder of text. React Native and test
 * environments lack some of them, and an import must not fail for a class that the program
 * does not use.
 *
 * @module
 */

// Each call is marked as pure: a bundler leaves out the classes that the bundle does not use.

/** The platform's `Event`, or a stand-in that cannot be constructed. */
export const PlatformEvent: typeof Event = /* @__PURE__ */ findClass("Event");
/** The platform's `EventTarget`, or a stand-in that cannot be constructed. */
export const PlatformEventTarget: typeof EventTarget =
  /* @__PURE__ */ findClass("EventTarget");
/** The platform's `MessageEvent`, or a stand-in that cannot be constructed. */
export const PlatformMessageEvent: typeof MessageEvent =
  /* @__PURE__ */ findClass("MessageEvent");
/** The platform's `ReadableStream`, or a stand-in that cannot be constructed. */
export const PlatformReadableStream: typeof ReadableStream =
  /* @__PURE__ */ findClass("ReadableStream");
/** The platform's `TransformStream`, or a stand-in that cannot be constructed. */
export const PlatformTransformStream: typeof TransformStream =
  /* @__PURE__ */ findClass("TransformStream");

/** Encodes text as UTF-8. If there is no `TextEncoder` yet, each call looks for one. */
export const ENCODER: Pick<TextEncoder, "encode" | "encodeInto"> =
  /* @__PURE__ */ makeEncoder();

function makeEncoder(): Pick<TextEncoder, "encode" | "encodeInto"> {
  if (typeof TextEncoder === "function") return new TextEncoder();
  return {
    encode: (text) => new TextEncoder().encode(text),
    encodeInto: (text, bytes) => new TextEncoder().encodeInto(text, bytes),
  };
}

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
