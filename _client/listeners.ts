// Copyright 2026 the Tidings authors. MIT license.

/** A function that listens. */
export type Listener = (this: EventTarget, event: Event) => unknown;

/** What is known of the listeners to one type of event. */
export interface ListenerList {
  readonly type: string;
  /** The functions that listen, in their order. Replaced, never changed. */
  functions: readonly Listener[];
  /** Whether nothing else listens, so that calling them is all there is to do. */
  isComplete: boolean;
}

/**
 * Follows what listens to an `EventTarget`, so that its events can be dispatched
 * without its `dispatchEvent()`, which does its work for trees of nodes: that is
 * more than half of what an event costs (`bench/client_ratios.ts`).
 *
 * Only plain functions are followed. Any other listener (an object, `once`,
 * `capture`, `signal`) leaves its type to the platform from then on.
 */
export class Listeners {
  readonly #lists = new Map<string, ListenerList>();
  // The list that was asked for last: its type is mostly that of the next event,
  // and to compare a string costs a fraction of hashing it.
  #last: ListenerList | undefined;

  /** Follows a call of `addEventListener()`. */
  add(type: string, callback: unknown, options: unknown): void {
    if (callback === null || callback === undefined) return;
    let list = this.#lists.get(type);
    if (list === undefined) {
      list = { type, functions: [], isComplete: true };
      this.#lists.set(type, list);
    }
    if (!isListener(callback) || !isPlain(options)) {
      list.isComplete = false;
    } else if (!list.functions.includes(callback)) {
      list.functions = [...list.functions, callback];
    }
  }

  /** Follows a call of `removeEventListener()`. */
  remove(type: string, callback: unknown, options: unknown): void {
    const list = this.#lists.get(type);
    if (list === undefined || isCapturing(options)) return;
    list.functions = list.functions.filter((listener) => listener !== callback);
  }

  /** Finds the listeners to a type, `undefined` if there never was one. */
  find(type: string): ListenerList | undefined {
    if (type !== this.#last?.type) this.#last = this.#lists.get(type);
    return this.#last;
  }
}

function isListener(callback: unknown): callback is Listener {
  return typeof callback === "function";
}

function isPlain(options: unknown): boolean {
  if (isCapturing(options)) return false;
  const { once, signal } = Object(options);
  return !once && signal === undefined;
}

function isCapturing(options: unknown): boolean {
  return typeof options === "boolean" ? options : !!Object(options).capture;
}
