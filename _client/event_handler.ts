// Copyright 2026 the Tidings authors. MIT license.

/**
 * The attributes such as `onmessage` of `EventSource` and of sockets.
 *
 * @module
 */

import { IS_WORKERD } from "../_is_workerd.ts";

/** What an attribute such as `onmessage` holds. */
export type EventHandler<E extends Event> = ((event: E) => unknown) | null;

/**
 * Defines attributes such as `onmessage`.
 * Spec: [event handlers](https://html.spec.whatwg.org/multipage/webappapis.html#event-handlers).
 *
 * @param prototype The prototype of the class that has them. Its own method adds the
 * listeners: a subclass may override it for itself.
 * @param types The types of their events.
 */
export function defineEventHandlers(
  prototype: EventTarget,
  types: readonly string[],
): void {
  const { addEventListener, removeEventListener } = prototype;
  // Web IDL: the attributes of another object throw a TypeError, as `readyState` does.
  const assertInstance: (value: object) => asserts value is EventTarget = (
    value,
  ) => void Reflect.get(prototype, "readyState", value);
  for (const type of types) {
    const handlers = new WeakMap<EventTarget, unknown>();
    // `event.currentTarget` would not do: Node has none for a listener after the first.
    const listener = function (this: EventTarget, event: Event): unknown {
      const handler = handlers.get(this);
      // Spec: an object that cannot be called is kept, and calling it does nothing.
      // workerd itself calls the handlers of each `EventTarget`, before the listeners.
      if (typeof handler !== "function" || IS_WORKERD) return;
      // Spec: "If return value is false, then set event's canceled flag."
      const result = handler.call(this, event);
      if (result === false) event.preventDefault();
      return result;
    };
    const attribute = {
      get [`on${type}`](): unknown {
        assertInstance(this);
        return handlers.get(this) ?? null;
      },
      set [`on${type}`](value: unknown) {
        assertInstance(this);
        if (Object(value) === value) {
          handlers.set(this, value);
          // A handler that replaces another keeps its listener's position in the order.
          addEventListener.call(this, type, listener);
        } else {
          // A value that is not an object or a function means `null`. The listener of a later
          // handler comes at the end.
          handlers.delete(this);
          removeEventListener.call(this, type, listener);
        }
      },
    };
    Object.defineProperties(
      prototype,
      Object.getOwnPropertyDescriptors(attribute),
    );
  }
}
