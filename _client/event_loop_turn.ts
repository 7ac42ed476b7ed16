// Copyright 2026 the Tidings authors. MIT license.

/**
 * Waits for the next event loop turn, at a small cost for each wait. `event_source.ts`
 * gives each event a turn of its own where listeners may await something.
 *
 * @module
 */

// How many callbacks are scheduled together: each time costs a trip through the event loop.
const BATCH_SIZE = 16;

// Looked up once: with timers that a test fakes later, no event would come any more.
const { setImmediate } = globalThis as {
  setImmediate?: (callback: () => void) => unknown;
};
// workerd calls all listeners to a message within one turn.
const schedule = setImmediate ??
  (typeof MessageChannel === "undefined" || "WebSocketPair" in globalThis
    ? setTimeout
    : undefined);

/**
 * Makes a function that waits for the next event loop turn: until all microtasks that
 * are due by now have run, as between two tasks. Only one call may wait at a time.
 *
 * The platform runs all microtasks after each callback that it calls. So a batch of
 * callbacks is scheduled together, where each alone would cost many times as much.
 */
export function createTurnWaiter(): () => Promise<void> {
  // Callbacks that are scheduled and have not run.
  let left = 0;
  let resolve: () => void;
  const handleTurn = (): void => {
    left--;
    resolve();
  };
  let scheduleBatch = (): void => {
    // Cannot fail: scheduleBatch() is replaced where there is no `schedule`.
    for (; left < BATCH_SIZE; left++) schedule!(handleTurn);
  };
  if (schedule === undefined) {
    const { port1, port2 } = new MessageChannel();
    for (let i = 0; i < BATCH_SIZE; i++) {
      // A function for each: the same one would be added, and called, once.
      port1.addEventListener("message", () => handleTurn());
    }
    port1.start();
    scheduleBatch = () => {
      left = BATCH_SIZE;
      port2.postMessage(0);
    };
  }
  return () =>
    new Promise((resolveTurn) => {
      resolve = resolveTurn;
      if (left === 0) scheduleBatch();
    });
}
