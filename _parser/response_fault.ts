// Copyright 2026 the Tidings authors. MIT license.

/**
 * Which responses are event streams: the one rule for `readEvents()`, `connect()`,
 * `EventSource`, sockets and the command line.
 *
 * @module
 */

import { EVENT_STREAM_TYPE } from "../event.ts";
import { describeMismatch } from "../_validate.ts";

// Fetch's "extract a MIME type": of all values, the last one that is a MIME type counts,
// other than */*, and a comma in a quoted string separates nothing.
// Deviation: whatever has a slash is taken for a MIME type, also if it does not parse.
const EVENT_STREAM_TYPE_REGEXP =
  /(^|,)[\t ]*text\/event-stream[\t ]*(;("(\\.|[^"\\])*("|$)|[^",])*)?(,([^/]|\*\/\*)*)?$/i;

/** Why a response is not an event stream. */
export interface ResponseFault {
  code: "unexpected-status" | "unexpected-content-type";
  message: string;
}

/**
 * Finds out why a response is not an event stream: its status is not 200, or its
 * `Content-Type` is another one.
 *
 * @param response The response.
 * @param verb What cannot be done with it, for the message.
 * @param ignoreContentType Whether any `Content-Type` will do.
 * @returns `undefined` for an event stream.
 */
export function findResponseFault(
  { status, headers }: Pick<Response, "status" | "headers">,
  verb: string,
  ignoreContentType: boolean | undefined,
): ResponseFault | undefined {
  if (status !== 200) {
    return {
      code: "unexpected-status",
      message: describeMismatch(verb, "status", "200", status),
    };
  }
  const type = headers.get("content-type");
  if (ignoreContentType || isEventStreamType(type)) return undefined;
  const expected = `"${EVENT_STREAM_TYPE}"`;
  return {
    code: "unexpected-content-type",
    message: describeMismatch(verb, "content-type", expected, type),
  };
}

/**
 * Whether a `Content-Type` is that of an event stream, whatever its parameters.
 *
 * @param contentType The header's value, `null` if there is none.
 */
export function isEventStreamType(contentType: string | null): boolean {
  return EVENT_STREAM_TYPE_REGEXP.test(`${contentType}`);
}
