// Copyright 2026 the Tidings authors. MIT license.

/**
 * As much of the [Web Locks API](https://www.w3.org/TR/web-locks/) as is used here;
 * not every runtime's types have it.
 */
interface LockManager {
  request(
    name: string,
    options: { signal?: AbortSignal; steal?: boolean },
    callback: () => void | Promise<void>,
  ): Promise<void>;
}

/** The locks of this origin, `undefined` where there are none. */
export function getLocks(): LockManager | undefined {
  const { navigator } = globalThis as { navigator?: { locks?: LockManager } };
  return navigator?.locks;
}

/**
 * Whether there are others to share with, and the means to. All the tabs of an
 * origin are one user, which cannot be said of what runs in a server.
 */
export function canShare(): boolean {
  // "null" stands for an origin that is nobody else's, as in a sandbox.
  const { origin } = globalThis as { origin?: unknown };
  return typeof origin === "string" && origin !== "null" &&
    typeof BroadcastChannel === "function" && getLocks() !== undefined;
}

/**
 * Holds a lock until a signal, which also gives up the place in the queue for it.
 *
 * @param name The lock.
 * @param signal What ends it.
 * @param steal Whether to take the lock from who has it.
 * @param onGranted Is called once the lock is held.
 * @throws {DOMException} Named `"AbortError"` at the signal, or if the lock is
 * stolen; and with other names where there are no locks for us.
 */
export function holdLock(
  name: string,
  signal: AbortSignal,
  steal: boolean,
  onGranted: () => void,
): Promise<void> {
  // Cannot fail: who has no locks shares nothing.
  return getLocks()!.request(name, steal ? { steal } : { signal }, () => {
    if (signal.aborted) return;
    return new Promise((resolve) => {
      signal.addEventListener("abort", () => resolve());
      onGranted();
    });
  });
}
