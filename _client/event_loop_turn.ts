// Copyright 2026 the Tidings authors. MIT license.

/**
 * Tells when an event loop turn is over, at a small cost. `event_source.ts` gives each event
 * an event loop turn of its own if its listeners may await something.
 *
 * @module
 */

import { BATCH_SIZE } from "./times.ts";
import { IS_WORKERD } from "./is_workerd.ts";

/**
 * How many callbacks are scheduled together once this many event loop turns in a row were
 * waited for: scheduling them one by one costs a trip through the event loop each.
 */

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
  readonly #schedule = createScheduler(() => this.#end());
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
    if (this.#left > 0) return;
    // zone.js knows each call of a listener as a task, and Angular looks for changes after
    // each.
    this.#left = this.#waits < BATCH_SIZE || "Zone" in globalThis
      ? 1
      : BATCH_SIZE;
    this.#schedule(this.#left);
  }

  /** Waits for the end of the event loop turn. Only one call may wait at a time. */
  wait(): Promise<void> {
    this.#waits++;
    return new Promise((resolve) => this.#resolve = resolve);
  }

  #end(): void {
    this.#left--;
    this.isOver = true;
    if (!this.#resolve) this.#waits = 0;
    this.#resolve?.();
    this.#resolve = undefined;
  }
}

/** Makes a function that schedules a number of calls, each in an event loop turn of its own. */
function createScheduler(callback: () => void): (count: number) => void {
  if (schedule !== undefined) {
    return (count) => {
      for (let i = 0; i < count; i++) schedule(callback);
    };
  }
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = callback;
  let listeners = 1;
  return (count) => {
    // One message for all: the platform runs the microtasks after each listener that it
    // calls, and a message for each would cost many times as much.
    for (; listeners < count; listeners++) {
      port1.addEventListener("message", ({ data }) => data && callback());
    }
    port2.postMessage(count > 1);
  };
}
