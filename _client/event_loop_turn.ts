// Copyright 2026 the Tidings authors. MIT license.

/**
 * Tells when an event loop turn is over, at a small cost for each. `event_source.ts` gives
 * each event a turn of its own where listeners may await something.
 *
 * @module
 */

import { IS_WORKERD } from "./is_workerd.ts";

/**
 * How many callbacks are scheduled together once many turns were waited for, one after the
 * other: each time costs a trip through the event loop.
 */
const BATCH_SIZE = 16;

// Looked up once: with timers that a test fakes later, no event would come any more.
const { setImmediate } = globalThis as {
  setImmediate?: (callback: () => void) => unknown;
};
// workerd calls all listeners to a message within one turn.
const schedule = setImmediate ??
  (IS_WORKERD || typeof MessageChannel === "undefined"
    ? setTimeout
    : undefined);

/**
 * A turn of the event loop. It is over when all microtasks that are due by its beginning
 * have run, as between two tasks. A turn that is over before anybody waits costs one
 * callback.
 */
export class EventLoopTurn {
  readonly #schedule = createScheduler(() => this.#end());
  /** Callbacks that are scheduled and have not run. */
  #left = 0;
  /** Whether it is over. */
  isOver = true;
  /** Whether somebody has waited for the last one. */
  #hasWaited = false;
  /** How many turns in a row somebody has waited for. */
  #waits = 0;
  /** Ends the wait; set while there is one. */
  #resolve: (() => void) | undefined;

  /** Begins another turn. */
  begin(): void {
    this.#waits = this.#hasWaited ? this.#waits + 1 : 0;
    this.#hasWaited = this.isOver = false;
    if (this.#left > 0) return;
    this.#left = this.#waits < BATCH_SIZE ? 1 : BATCH_SIZE;
    this.#schedule(this.#left);
  }

  /** Waits until a turn that is not over is. Only one call may wait at a time. */
  wait(): Promise<void> {
    this.#hasWaited = true;
    return new Promise((resolve) => this.#resolve = resolve);
  }

  #end(): void {
    this.#left--;
    this.isOver = true;
    this.#resolve?.();
    this.#resolve = undefined;
  }
}

/** Makes a function that schedules as many calls of `callback`, each in a turn of its own. */
function createScheduler(callback: () => void): (count: number) => void {
  if (schedule !== undefined) {
    return (count) => {
      for (let i = 0; i < count; i++) schedule(callback);
    };
  }
  const { port1, port2 } = new MessageChannel();
  // Not addEventListener(): zone.js knows each call of such a listener as a task, and
  // Angular looks for changes after each.
  port1.onmessage = callback;
  let listeners = 1;
  return (count) => {
    if (count === 1 || "Zone" in globalThis) {
      for (let i = 0; i < count; i++) port2.postMessage(false);
      return;
    }
    // One message for all: the platform runs the microtasks after each listener that it
    // calls, and a message for each would cost many times as much.
    for (; listeners < count; listeners++) {
      port1.addEventListener("message", ({ data }) => data && callback());
    }
    port2.postMessage(true);
  };
}
