// Copyright 2026 the Tidings authors. MIT license.

/**
 * The attributes such as `onmessage` of `EventSource` and of sockets.
 *
 * @module
 */

import { IS_WORKERD } from "./is_workerd.ts";

/** What an attribute such as `onmessage` holds. */
export type EventHandler<E extends Event> = ((event: E) => unknown) | null;

/**
 * The value of an attribute such as `onmessage`, and its listener.
 * Spec: [event handlers](https://html.spec.whatwg.org/multipage/webappapis.html#event-handlers).
 */
export class EventHandlerSlot {
  readonly #target: EventTarget;
  readonly #type: string;
  readonly #addEventListener: EventTarget["addEventListener"];
  #value: unknown = null;

  /**
   * @param target The object that has the attribute.
   * @param type The type of its events.
   * @param addEventListener The method of the class: a subclass may override its own.
   */
  constructor(
    target: EventTarget,
    type: string,
    addEventListener: EventTarget["addEventListener"],
  ) {
    this.#target = target;
    this.#type = type;
    this.#addEventListener = addEventListener;
  }

  /** Returns the handler, `null` if there is none. */
  get(): unknown {
    return this.#value;
  }

  /** Sets the handler. A value that is not an object or a function means `null`. */
  set(value: unknown): void {
    this.#value = Object(value) === value ? value : null;
    // A handler that replaces another keeps its listener's position in the order. After
    // null, the listener is added again, at the end.
    const method = this.#value === null
      ? EventTarget.prototype.removeEventListener
      : this.#addEventListener;
    method.call(this.#target, this.#type, this.#listener);
  }

  /** Calls the handler, and returns what it returns. */
  readonly #listener = (event: Event): unknown => {
    const handler = this.#value;
    // Spec: an object that cannot be called is kept, and calling it does nothing.
    // workerd itself calls the handlers of each `EventTarget`, before the listeners.
    if (typeof handler !== "function" || IS_WORKERD) return;
    // Spec: "If return value is false, then set event's canceled flag."
    const result = handler.call(event.currentTarget, event);
    if (result === false) event.preventDefault();
    return result;
  };
}
