// Copyright 2026 the Tidings authors. MIT license.

/**
 * Tells when an event loop turn is over, at a small cost. `event_source.ts` gives each event
 * an event loop turn of its own if its listeners may await something.
 *
 * @module
 */

import { BATCH_SIZE } from "./times.ts";
import { IS_WORKERD } from "../_is_workerd.ts";

// Looked up once: after a test has faked the timers, no event would arrive any more.
const { setImmediate } = globalThis as {
  setImmediate?: (callback: () => void) => unknown;
};
// A `MessageChannel` does not do in workerd, which calls all listeners of a message within one
// event loop turn.
const schedule = setImmediate ??
  (IS_WORKERD || typeof MessageChannel === "undefined"
    ? setTimeout
    : undefined);

/**
 * An event loop turn. It is over when all microtasks that were due at its beginning have run,
 * as between two tasks. If it is over before `wait()` is called, it costs one callback.
 */
export class EventLoopTurn {
  readonly #schedule = createScheduler((message) => this.#end(message));
  /** Callbacks that are scheduled and have not run. */
  #left = 0;
  /** Whether it is over. */
  isOver = true;
  /** The number of event loop turns in a row for which `wait()` was called. */
  #waits = 0;
  /** Ends the wait; set while there is one. */
  #resolve: (() => void) | undefined;

  /** Begins another event loop turn. */
  begin(): void {
    this.isOver = false;
    // zone.js knows each call of a listener as a task, and Angular looks for changes after
    // each.
    this.#left ||= this.#schedule(
      this.#waits < BATCH_SIZE || "Zone" in globalThis ? 1 : BATCH_SIZE,
    );
  }

  /** Waits for the end of the event loop turn. Only one call may wait at a time. */
  wait(): Promise<void> {
    this.#waits++;
    return new Promise((resolve) => this.#resolve = resolve);
  }

  #end(message?: Event): void {
    this.#left--;
    if (this.isOver && message) {
      // Nothing has begun since the listener before: the others need not be called.
      message.stopImmediatePropagation();
      this.#left = 0;
    }
    this.isOver = true;
    if (this.#resolve) this.#resolve();
    else this.#waits = 0;
    this.#resolve = undefined;
  }
}

/**
 * Creates a function that schedules a number of calls, or more, each in an event loop turn of
 * its own, and returns the number.
 */
function createScheduler(
  callback: (message?: Event) => void,
): (count: number) => number {
  if (schedule !== undefined) {
    return (count) => {
      for (let i = 0; i < count; i++) schedule(callback);
      return count;
    };
  }
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = callback;
  let listeners = 1;
  return (count) => {
    // One message for all: the platform runs the microtasks after each listener that it
    // calls, and a message for each would cost many times as much.
    for (; listeners < count; listeners++) {
      port1.addEventListener("message", (message) => callback(message));
    }
    port2.postMessage(0);
    return listeners;
  };
}
