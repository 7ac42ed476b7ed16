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
    typeof BroadcastChannel === "function" && Boolean(getLocks());
}
