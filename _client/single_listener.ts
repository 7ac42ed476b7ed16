// Copyright 2026 the Tidings authors. MIT license.

import type { Listener } from "./direct_message_event.ts";

/** Tells the listeners to a type of event. */
type GetEventListeners = (target: EventTarget, type: string) => unknown[];

// What the platform tells: in Deno, Node.js and Bun, not in browsers.
const getEventListeners = (globalThis as {
  process?: {
    getBuiltinModule?: (
      name: string,
    ) => { getEventListeners?: GetEventListeners } | undefined;
  };
}).process?.getBuiltinModule?.("node:events")?.getEventListeners;

/**
 * Knows which events have one listener, and that a plain function: to call it is
 * all there is to do. The platform is asked, so that a listener is found which was
 * added or removed behind our back, as zone.js does.
 */
export class SingleListeners {
  // The function that was added last to each type without an option.
  readonly #functions = new Map<string, Listener>();

  /** Follows a call of `addEventListener()`. */
  add(type: string, callback: unknown, options?: unknown): void {
    if (typeof callback === "function" && !options) {
      this.#functions.set(type, callback as Listener);
    } else {
      this.#functions.delete(type);
    }
  }

  /**
   * Finds the listener to a type if it is the only one, and otherwise nothing: then
   * it is up to the platform.
   */
  find(target: EventTarget, type: string): Listener | undefined {
    const listener = this.#functions.get(type);
    try {
      const listeners = getEventListeners?.(target, type);
      if (listeners?.length === 1 && listeners[0] === listener) return listener;
    } catch {
      // It does not know the class, as where a DOM is emulated.
    }
    return undefined;
  }
}
