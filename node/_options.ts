// Copyright 2026 the Tidings authors. MIT license.

/**
 * The options of `toNodeHandler()`; `_listener_checks.ts` checks them.
 *
 * @module
 */

/** Options for `toNodeHandler()`. */
export interface ToNodeHandlerOptions {
  /**
   * Called with what the handler or the body of its response throws. The client
   * gets status 500 and nothing of the error, or, if the response has begun, a
   * connection that is cut off. What is thrown because `request.signal` was aborted is
   * no error. Also called, once, if the handler reads a body that other code has read
   * before. What it throws becomes a warning.
   *
   * Left out, the error is a warning, which Node prints with its stack.
   *
   * @param error What was thrown.
   * @param request The request that was answered.
   */
  onError?: ((error: unknown, request: Request) => void) | undefined;
}
