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
  /** What was added last to each type, unless with an option. */
  readonly #listeners = new Map<string, unknown>();

  /** Follows a call of `addEventListener()`. */
  add(type: string, callback: unknown, options?: unknown): void {
    this.#listeners.set(type, options ? undefined : callback);
  }

  /**
   * Finds the listener to a type if it is the only one, a function, and was added
   * without an option.
   *
   * @returns `undefined` if the platform has to dispatch the event.
   */
  find(target: EventTarget, type: string): Listener | undefined {
    const listener = this.#listeners.get(type);
    if (typeof listener !== "function") return undefined;
    try {
      const listeners = getEventListeners?.(target, type);
      if (listeners?.length === 1 && listeners[0] === listener) {
        return listener as Listener;
      }
    } catch {
      // Where a DOM is emulated, the platform does not know its EventTarget.
    }
    return undefined;
  }
}
