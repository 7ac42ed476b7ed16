// Copyright 2026 the Tidings authors. MIT license.

/**
 * Tells a body that was no event stream from one that has ended, for `connection.ts`.
 *
 * @module
 */

import { quote } from "../_validate.ts";
import type { ConnectionResponse } from "./connection_state.ts";
import { EventSourceError } from "./event_source_error.ts";

/**
 * Makes the error of a body that was no event stream.
 *
 * @param error Why the connection was lost.
 * @param response The response.
 * @param body The beginning of what is no event stream, `undefined` if it is one.
 * @returns The error; the same one if the body did not end, or was an event stream.
 */
export function explainEnd(
  error: unknown,
  response: ConnectionResponse | undefined,
  body: string | undefined,
): unknown {
  if (!(error instanceof EventSourceError) || error.reason !== "end") {
    return error;
  }
  if (body === undefined) return error;
  const { status, headers } = response ?? {};
  return new EventSourceError(
    "not-an-event-stream",
    `Cannot read event stream: expected an event stream, got ${quote(body)}`,
    { status, headers, body },
  );
}
