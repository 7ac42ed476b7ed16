// Copyright 2026 the Tidings authors. MIT license.

/**
 * Looks why a body has ended, for `connect()`. A browser reestablishes the connection
 * whatever the body was, so that `EventSource` has no use for it, nor has its bundle.
 *
 * @module
 */

import type { ConnectionResponse } from "./connection_state.ts";
import { EventSourceError } from "./event_source_error.ts";
import { findForeignText } from "../_parser/foreign_text.ts";
import type { Interpreter } from "../_parser/interpreter.ts";
import { quote } from "../_validate.ts";

/**
 * Finds out whether a body that has ended was a page, or an error.
 *
 * @param interpreter The interpreter of the body.
 * @param response The response that had it.
 * @returns What was wrong, `undefined` for an event stream.
 */
export function findEndFault(
  interpreter: Interpreter,
  { status, headers }: ConnectionResponse,
): EventSourceError | undefined {
  const body = findForeignText(interpreter);
  return body === undefined ? undefined : new EventSourceError(
    "not-an-event-stream",
    `Cannot read event stream: expected an event stream, got ${quote(body)}`,
    { status, headers, body },
  );
}
