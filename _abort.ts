// Copyright 2026 the Tidings authors. MIT license.

/**
 * Listens to abort signals that many streams share, such as the one by which a server
 * shuts down. All rooms use it for signals that were not made for one listener.
 *
 * @module
 */

/** The listeners of each signal, behind the one that the signal itself has. */
const LISTENERS = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls a listener when a signal is aborted, but not if it is aborted already. The signal
 * itself gets one listener, however many are added here: Node warns of a leak at the
 * eleventh.
 *
 * @param signal The signal; without one, nothing happens.
 * @param listener The listener.
 * @returns Removes the listener.
 */
export function listenForAbort(
  signal: AbortSignal | undefined,
  listener: () => void,
): () => void {
  if (!signal) return () => {};
  const listeners = LISTENERS.get(signal) ?? new Set();
  LISTENERS.set(signal, listeners);
  // The same function may have been added for another purpose.
  const own = (): void => listener();
  if (listeners.size === 0) signal.addEventListener("abort", onAbort);
  listeners.add(own);
  return () => {
    if (listeners.delete(own) && listeners.size === 0) {
      signal.removeEventListener("abort", onAbort);
    }
  };
}

/**
 * Tells what an iteration throws after an abort: the reason if that is a `TimeoutError`, as
 * of `AbortSignal.timeout()`, and otherwise nothing, since the caller has ended it.
 *
 * @param signal The signal, which is aborted.
 * @returns The failure, `undefined` for none.
 */
export function findTimeout(
  { reason }: AbortSignal,
): { error: unknown } | undefined {
  return reason?.name === "TimeoutError" ? { error: reason } : undefined;
}

/** The listener of each signal, which calls the others. */
function onAbort(this: AbortSignal): void {
  this.removeEventListener("abort", onAbort);
  // Cannot fail: the signal has listeners before it has this one.
  const listeners = LISTENERS.get(this)!;
  // A listener that another one removes is not called any more.
  for (const listener of listeners) {
    listeners.delete(listener);
    try {
      listener();
    } catch (error) {
      // It keeps no other from being called, as in an `EventTarget`.
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}
