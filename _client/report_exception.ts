// Copyright 2026 the Tidings authors. MIT license.

/**
 * Reports exceptions of callbacks and listeners, for the client, sockets and typed
 * listeners.
 *
 * @module
 */

/** Reports what a callback threw as the platform does: as an uncaught exception. */
export function reportException(error: unknown): void {
  if (typeof reportError === "function") return reportError(error);
  // Node.js has no reportError(); its own EventTarget does about the same.
  queueMicrotask(() => {
    throw error;
  });
}
