// Copyright 2026 the Tidings authors. MIT license.

/**
 * Listens to abort signals that many streams share, such as the one by which a server
 * shuts down. All rooms use it for signals that were not made for one listener.
 *
 * @module
 */

/** The listeners of a signal, behind the one that the signal itself has. */
interface Registry {
  listeners: Set<() => void>;
  onAbort: () => void;
}

const REGISTRIES = new WeakMap<AbortSignal, Registry>();

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
  if (signal === undefined) return () => {};
  const registry = REGISTRIES.get(signal) ?? register(signal);
  const { listeners, onAbort } = registry;
  // The same function may have been added for another purpose.
  const own = (): void => listener();
  listeners.add(own);
  return () => {
    listeners.delete(own);
    if (listeners.size > 0 || REGISTRIES.get(signal) !== registry) return;
    REGISTRIES.delete(signal);
    signal.removeEventListener("abort", onAbort);
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

function register(signal: AbortSignal): Registry {
  const listeners = new Set<() => void>();
  const onAbort = (): void => {
    REGISTRIES.delete(signal);
    signal.removeEventListener("abort", onAbort);
    // A listener that another one removes is not called any more.
    for (const listener of listeners) callSafely(listener);
  };
  const registry = { listeners, onAbort };
  REGISTRIES.set(signal, registry);
  signal.addEventListener("abort", onAbort);
  return registry;
}

/** What a listener throws keeps no other from being called, as in an `EventTarget`. */
function callSafely(listener: () => void): void {
  try {
    listener();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
