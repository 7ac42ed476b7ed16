// Copyright 2026 the Tidings authors. MIT license.

/** Runs a function while `location` is of this URL, in a runtime that has one or not. */
export async function withLocation(
  href: string,
  run: () => void | Promise<void>,
): Promise<void> {
  const descriptor = Object.getOwnPropertyDescriptor(globalThis, "location");
  const value = new URL(href);
  Object.defineProperty(globalThis, "location", { value, configurable: true });
  try {
    await run();
  } finally {
    if (descriptor === undefined) {
      Reflect.deleteProperty(globalThis, "location");
    } else Object.defineProperty(globalThis, "location", descriptor);
  }
}
