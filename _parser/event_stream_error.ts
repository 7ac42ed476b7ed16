// Copyright 2026 the Tidings authors. MIT license.

/**
 * The error of the parser's room and of the client for bytes that are not an event stream.
 *
 * @module
 */

/** Why an {@linkcode EventStreamError} was thrown. */
export type EventStreamErrorCode =
  | "event-too-large"
  | "unexpected-status"
  | "unexpected-content-type"
  | "missing-body"
  | "not-an-event-stream"
  | "idle-timeout";

/** The facts of an {@linkcode EventStreamError}. */
export interface EventStreamErrorOptions extends ErrorOptions {
  /** The response's status. */
  status?: number | undefined;
  /** The response's `Content-Type`, `null` if it has none. */
  contentType?: string | null | undefined;
  /** The beginning of the stream, or of the refused body, as text. */
  body?: string | undefined;
}

/**
 * Thrown where bytes cannot be read as an event stream. Its `code` says why:
 *
 * - `"event-too-large"`: an event grew beyond `maxEventSize`
 * - `"unexpected-status"`: the response's status is not 200; `body` is the beginning of what
 *   it says
 * - `"unexpected-content-type"`: the response is not `text/event-stream`
 * - `"missing-body"`: the response has no body
 * - `"not-an-event-stream"`: the stream ended without an event, and looks like something
 *   else, such as JSON or a page; `body` is its beginning
 * - `"idle-timeout"`: nothing came for `idleTimeout`
 *
 * @example Tell a refusal from a broken stream
 * ```ts
 * import { EventStreamError, readEvents } from "@tidings/sse/parser";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const response = new Response("Slow down", { status: 429 });
 *
 * const events = readEvents(response);
 * const error = await assertRejects(() => events.next(), EventStreamError);
 * assertEquals(error.code, "unexpected-status");
 * assertEquals(error.status, 429);
 * assertEquals(error.body, "Slow down");
 * ```
 */
export class EventStreamError extends Error {
  /** The name of the class. */
  override name = "EventStreamError";
  /** Why the error was thrown. */
  declare readonly code: EventStreamErrorCode;
  /** The response's status, `undefined` if the error is not about a response. */
  declare readonly status: number | undefined;
  /**
   * The response's `Content-Type`, `null` if it has none, `undefined` if the
   * error is not about a response.
   */
  declare readonly contentType: string | null | undefined;
  /**
   * The beginning as text: the first 1024 UTF-16 code units of a stream that was no event
   * stream, or the first 1024 bytes of the body of a response that was refused, less if the
   * rest takes longer than a second. Otherwise empty.
   */
  declare readonly body: string;

  /**
   * Makes an error.
   *
   * @param code Why the error is thrown.
   * @param message The same in prose.
   * @param options The facts of the response, and the cause.
   */
  constructor(
    code: EventStreamErrorCode,
    message: string,
    options: EventStreamErrorOptions = {},
  ) {
    super(message, options);
    this.code = code;
    ({
      status: this.status,
      contentType: this.contentType,
      body: this.body = "",
    } = options);
  }
}
