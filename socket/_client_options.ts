// Copyright 2026 the Tidings authors. MIT license.

import type { BackoffOptions } from "../_client/backoff.ts";
import { assertNumber, MAX_DELAY } from "../_validate.ts";

/** The options of `EventStreamSocket`. */
export interface EventStreamSocketOptions {
  /**
   * What sends the requests. It must heed `init.signal`.
   *
   * @default {globalThis.fetch}
   */
  fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
  /**
   * Headers of all requests. A function is asked anew at each one, for what
   * expires; if it throws, the request fails.
   */
  headers?:
    | HeadersInit
    | (() => HeadersInit | Promise<HeadersInit>)
    | undefined;
  /**
   * Whether cookies and other credentials go to other origins as well, for the
   * runtimes that keep any.
   *
   * @default {false}
   */
  withCredentials?: boolean | undefined;
  /** How the waits grow while requests fail. */
  backoff?: BackoffOptions | undefined;
  /**
   * Milliseconds to wait at least before a request that failed is repeated, from 0
   * to 2 147 483 647.
   *
   * @default {500}
   */
  reconnectionTime?: number | undefined;
  /**
   * Milliseconds without a byte of the stream, or without an answer to a POST,
   * after which the request is given up and repeated: 1 to 2 147 483 647. A server
   * sends a comment each 15 seconds unless its `keepAlive` says otherwise. After
   * `close()` the socket fails with 1006 if the server confirms nothing for as long.
   *
   * @default {45_000}
   */
  idleTimeout?: number | undefined;
  /**
   * Milliseconds that a genuine WebSocket gets to open before an event stream takes
   * its place: 0 to 2 147 483 647, where 0 tries none. The `headers` do not go with
   * it, since a WebSocket has none.
   *
   * @default {0}
   */
  webSocketTimeout?: number | undefined;
}

/**
 * Checks what is not checked when the stream is opened.
 *
 * @throws {TypeError} If an option is of the wrong type, or a header invalid.
 * @throws {RangeError} If an option is a number outside its range.
 */
export function assertOptions(options: EventStreamSocketOptions): void {
  const { headers, webSocketTimeout = 0 } = options;
  if (typeof headers !== "function") new Headers(headers);
  assertNumber("connect", "webSocketTimeout", webSocketTimeout, 0, MAX_DELAY);
}
