// Copyright 2026 the Tidings authors. MIT license.

/**
 * The options of `EventStreamSocket`; `_client_option_checks.ts` checks them.
 *
 * @module
 */

import type { BackoffOptions } from "../_client/backoff.ts";

/** The options of `EventStreamSocket`. */
export interface EventStreamSocketOptions {
  /**
   * The function that sends the requests. It must respect `init.signal`.
   *
   * @default {globalThis.fetch}
   */
  fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
  /**
   * Headers of all requests. A function is called for each request, for credentials that
   * expire; if it throws, the request fails. A `Last-Event-ID` among them is not sent: the
   * socket counts what has come.
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
   * The least milliseconds to wait before a request that failed is repeated, from 0 to
   * 2 147 483 647.
   *
   * @default {500}
   */
  reconnectionTime?: number | undefined;
  /**
   * Milliseconds without a byte of the stream, or without a response to a POST, after
   * which the request is aborted and repeated: 1 to 2 147 483 647. A server is silent
   * for 15 seconds at most, unless its `keepAlive` says otherwise. After `close()` the
   * socket fails with 1006 if the server confirms nothing for as long. If this process stood
   * still meanwhile, the time starts again, at most twice.
   *
   * @default {45_000}
   */
  idleTimeout?: number | undefined;
  /**
   * Milliseconds in which a WebSocket of the runtime has to open, before an event stream
   * replaces it: 0 to 2 147 483 647, where 0 tries none. It does not send the `headers`:
   * a WebSocket has none.
   *
   * @default {0}
   */
  webSocketTimeout?: number | undefined;
}
