// Copyright 2026 the Tidings authors. MIT license.

/**
 * The error that says why a connection ended, and the list of reasons.
 *
 * @module
 */

/**
 * Why a connection ended.
 *
 * - `"end"`: the server ended the body
 * - `"network-error"`: the network failed; in a browser perhaps CORS, or a redirect
 *   that cannot be followed: a browser does not tell these apart
 * - `"invalid-request"`: the request can never be sent: `fetch` refuses the URL, its
 *   scheme, the credentials in it or where it redirects to, the runtime has no
 *   permission for the network, or the last event ID holds a control character that
 *   the runtime cannot send in a header
 * - `"idle-timeout"`: no byte came for `idleTimeout`
 * - `"reconnect"`: `reconnect()` was called
 * - `"no-content"`: the status was 204: the server says that there is no more
 * - `"unexpected-status"`: the status was not 200
 * - `"unexpected-content-type"`: the response was not `text/event-stream`
 * - `"event-too-large"`: an event grew beyond `maxEventSize`
 * - `"not-an-event-stream"`: the body ended without an event, and looks like something else,
 *   such as JSON or a page; a browser, and so `EventSource`, tries again
 * - `"local-error"`: a function of the options threw
 */
export type DisconnectReason =
  | "end"
  | "network-error"
  | "invalid-request"
  | "idle-timeout"
  | "reconnect"
  | "no-content"
  | "unexpected-status"
  | "unexpected-content-type"
  | "event-too-large"
  | "not-an-event-stream"
  | "local-error";

/** The facts of an {@linkcode EventSourceError}. */
export interface EventSourceErrorOptions extends ErrorOptions {
  /** The URL that the request went to; of a URL of HTTP the origin and the path. */
  url?: string | undefined;
  /** The response's status. */
  status?: number | undefined;
  /** The response's headers. */
  headers?: Headers | undefined;
  /** The beginning of the response's body as text. */
  body?: string | undefined;
}

/**
 * Why a connection ended, in fields. An iteration over `connect()` throws one
 * if the connection fails for good; `onStateChange` and `shouldReconnect` get
 * one each time a connection is lost.
 *
 * @example What the server said
 * ```ts
 * import { connect, EventSourceError } from "@tidings/sse/client";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * await using events = connect("https://example.com/events", {
 *   fetch: async () => new Response("Who are you?", { status: 401 }),
 * });
 *
 * const error = await assertRejects(() => events.next(), EventSourceError);
 * assertEquals(error.reason, "unexpected-status");
 * assertEquals(error.status, 401);
 * assertEquals(error.body, "Who are you?");
 * ```
 */
export class EventSourceError extends Error {
  /** Always `"EventSourceError"`. */
  override name = "EventSourceError";
  /** Why the connection ended. */
  declare readonly reason: DisconnectReason;
  /**
   * The origin and the path of the URL that the request went to. Credentials and the query
   * are left out, since errors are kept in logs. Of another URL than one of HTTP, it is the
   * scheme. `undefined` if another tab had the connection, and is gone.
   */
  declare readonly url: string | undefined;
  /** The status of the response that was refused, otherwise `undefined`. */
  declare readonly status: number | undefined;
  /** The headers of the response that was refused, otherwise `undefined`. */
  declare readonly headers: Headers | undefined;
  /**
   * The first 1024 bytes of the body of the response that was refused, as text;
   * less if the rest takes longer than a second, and otherwise empty.
   */
  declare readonly body: string;

  /**
   * Makes the error for a connection that ended.
   *
   * @param reason Why the connection ended.
   * @param message The same in prose.
   * @param options The facts of the response, and the cause.
   */
  constructor(
    reason: DisconnectReason,
    message: string,
    options: EventSourceErrorOptions = {},
  ) {
    super(message, options);
    const { url, status, headers, body = "" } = options;
    Object.assign(this, { reason, url, status, headers, body });
  }
}
