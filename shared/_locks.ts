// Copyright 2026 the Tidings authors. MIT license.

/**
 * The Web Locks by which tabs elect their leader, and whether tabs can share at all.
 *
 * @module
 */

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
 * Tells whether there may be other tabs, and the means to share with them. All tabs of an
 * origin belong to one user; in a server, streams of several users must not be shared.
 */
export function canShare(): boolean {
  // The origin of a sandboxed frame is "null", and is not that of any other frame.
  const { origin } = globalThis as { origin?: unknown };
  return typeof origin === "string" && origin !== "null" &&
    typeof BroadcastChannel === "function" && getLocks() !== undefined;
}

/**
 * Holds a lock until a signal aborts, which also ends the wait for it.
 *
 * @param name The name of the lock.
 * @param signal Ends it.
 * @param steal Whether to take the lock from its holder, as the API's `steal` does.
 * @param onGranted Called once the lock is held.
 * @throws {DOMException} Named `"AbortError"` if the signal aborts while it waits, or if
 * the lock is taken away; with another name if the browser refuses locks.
 */
export function holdLock(
  name: string,
  signal: AbortSignal,
  steal: boolean,
  onGranted: () => void,
): Promise<void> {
  // There are locks: without them, tabs do not share a connection.
  return getLocks()!.request(name, steal ? { steal } : { signal }, () => {
    if (signal.aborted) return;
    return new Promise((resolve) => {
      signal.addEventListener("abort", () => resolve());
      onGranted();
    });
  });
}
