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
 * Tells whether a listener is the only one to a type. The platform is asked each time:
 * zone.js, for one, adds and removes listeners without our `addEventListener()`.
 *
 * @param target What it listens to.
 * @param type The type.
 * @param listener What was added last to the type, unless with an option.
 * @returns Whether it is a function, and the only listener.
 */
export function isSingleListener(
  target: EventTarget,
  type: string,
  listener: unknown,
): listener is Listener {
  if (typeof listener !== "function") return false;
  try {
    const listeners = getEventListeners?.(target, type);
    return listeners?.length === 1 && listeners[0] === listener;
  } catch {
    // Where a DOM is emulated, the platform does not know its EventTarget.
    return false;
  }
}
