// Copyright 2026 the Tidings authors. MIT license.

// What is asked for at once: one call costs a trip through the event loop.
const BATCH_SIZE = 16;

// Looked up once: who fakes the timers later would stop the events.
const { setImmediate } = globalThis as {
  setImmediate?: (callback: () => void) => unknown;
};
// workerd calls all listeners to a message as one.
const schedule = setImmediate ??
  (typeof MessageChannel === "undefined" || "WebSocketPair" in globalThis
    ? setTimeout
    : undefined);

/**
 * Makes a function that waits for the next turn of the event loop: until everything
 * is done that promises have set off by now, as between tasks. Only one may wait.
 *
 * The platform sees to that whenever it has called a function. So many calls are
 * asked for together, where each would cost many times as much alone.
 */
export function createTurnWaiter(): () => Promise<void> {
  let left = 0;
  let take: () => void;
  const begin = (): void => {
    left--;
    take();
  };
  let ask = (): void => {
    // Cannot fail: it is replaced where there is none.
    for (; left < BATCH_SIZE; left++) schedule!(begin);
  };
  if (schedule === undefined) {
    const { port1, port2 } = new MessageChannel();
    for (let i = 0; i < BATCH_SIZE; i++) {
      // Not the same function, which would be called once.
      port1.addEventListener("message", () => begin());
    }
    port1.start();
    ask = () => {
      left = BATCH_SIZE;
      port2.postMessage(0);
    };
  }
  return () =>
    new Promise((resolve) => {
      take = resolve;
      if (left === 0) ask();
    });
}
