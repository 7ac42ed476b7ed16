// Copyright 2026 the Tidings authors. MIT license.

/**
 * The error for a response that is not an event stream, for `connection_attempt.ts`.
 *
 * @module
 */

import { EventSourceError } from "./event_source_error.ts";
import type { ResponseFault } from "../_parser/response_fault.ts";

/**
 * Makes the error for a response that is not an event stream.
 *
 * @param response The response.
 * @param fault What is wrong with it.
 * @param body The beginning of its body.
 */
export function createRefusalError(
  { status, headers }: Response,
  { code, message }: ResponseFault,
  body: string,
): EventSourceError {
  const reason = status === 204 ? "no-content" : code;
  return new EventSourceError(reason, message, { status, headers, body });
}
