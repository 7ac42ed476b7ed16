// Copyright 2026 the Tidings authors. MIT license.

/**
 * Finds the types of events that have a single listener, which is a plain function:
 * `event_source.ts` calls it directly, without the platform's `dispatchEvent()`.
 *
 * @module
 */

import type { Listener } from "./direct_message_event.ts";

/** Tells the listeners to a type of event. */
type GetEventListeners = (target: EventTarget, type: string) => unknown[];

// Deno, Node.js and Bun tell the listeners, browsers do not.
const getEventListeners = (globalThis as {
  process?: {
    getBuiltinModule?: (
      name: string,
    ) => { getEventListeners?: GetEventListeners } | undefined;
  };
}).process?.getBuiltinModule?.("node:events")?.getEventListeners;

/**
 * Knows the types that have a single listener. The platform is asked each time:
 * zone.js, for one, adds and removes listeners without our `addEventListener()`.
 */
export class SingleListeners {
  /** The function that was added last to each type, without an option. */
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
   * Finds the listener to a type if it is the only one, a function, and was added
   * without an option.
   *
   * @returns `undefined` if the platform has to dispatch the event.
   */
  find(target: EventTarget, type: string): Listener | undefined {
    const listener = this.#functions.get(type);
    try {
      const listeners = getEventListeners?.(target, type);
      if (listeners?.length === 1 && listeners[0] === listener) return listener;
    } catch {
      // Where a DOM is emulated, the platform does not know its EventTarget.
    }
    return undefined;
  }
}
