// Copyright 2026 the Tidings authors. MIT license.

/** What an attribute such as `onmessage` holds. */
export type EventHandler<E extends Event> = ((event: E) => unknown) | null;

/**
 * Whether the platform calls `onmessage` and its like by itself, as workerd does for
 * each `EventTarget`, before the listeners.
 */
const CALLS_HANDLERS = callsHandlers();

/**
 * What is behind an attribute such as `onmessage`.
 * Spec: [event handlers](https://html.spec.whatwg.org/multipage/webappapis.html#event-handlers).
 */
export class EventHandlerSlot {
  readonly #target: EventTarget;
  readonly #type: string;
  #value: unknown = null;

  constructor(target: EventTarget, type: string) {
    this.#target = target;
    this.#type = type;
  }

  get(): unknown {
    return this.#value;
  }

  /** Sets the handler. A value that is not an object or a function means `null`. */
  set(value: unknown): void {
    const isObject = typeof value === "object" || typeof value === "function";
    this.#value = isObject ? value : null;
    // A listener that is there already keeps its place among the others. A
    // handler that was null in between takes a new one, at the end.
    if (this.#value === null) {
      this.#target.removeEventListener(this.#type, this.#listener);
    } else {
      this.#target.addEventListener(this.#type, this.#listener);
    }
  }

  // An object leaves its type to the platform (see `Listeners`).
  readonly #listener = CALLS_HANDLERS
    ? { handleEvent() {} }
    : (event: Event): void => this.#handle(event);

  #handle(event: Event): void {
    const handler = this.#value;
    // Spec: an object that cannot be called is kept, and calling it does nothing.
    if (typeof handler !== "function") return;
    // Spec: "If return value is false, then set event's canceled flag."
    if (handler.call(event.currentTarget, event) === false) {
      event.preventDefault();
    }
  }
}

function callsHandlers(): boolean {
  let isCalled = false;
  class Probe extends EventTarget {
    get onprobe(): () => void {
      return () => {
        isCalled = true;
      };
    }
  }
  new Probe().dispatchEvent(new Event("probe"));
  return isCalled;
}
