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
  readonly #addEventListener: EventTarget["addEventListener"];
  #value: unknown = null;

  /**
   * @param addEventListener The class's own, which a subclass cannot override.
   */
  constructor(
    target: EventTarget,
    type: string,
    addEventListener: EventTarget["addEventListener"] =
      EventTarget.prototype.addEventListener,
  ) {
    this.#target = target;
    this.#type = type;
    this.#addEventListener = addEventListener;
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
      EventTarget.prototype.removeEventListener.call(
        this.#target,
        this.#type,
        this.#listener,
      );
    } else {
      this.#addEventListener.call(this.#target, this.#type, this.#listener);
    }
  }

  readonly #listener = CALLS_HANDLERS
    ? () => {}
    : (event: Event): unknown => this.#handle(event);

  /** Returns what the handler does. */
  #handle(event: Event): unknown {
    const handler = this.#value;
    // Spec: an object that cannot be called is kept, and calling it does nothing.
    if (typeof handler !== "function") return;
    // Spec: "If return value is false, then set event's canceled flag."
    const result = handler.call(event.currentTarget, event);
    if (result === false) event.preventDefault();
    return result;
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
