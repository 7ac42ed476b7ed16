// Copyright 2026 the Tidings authors. MIT license.

import { isEventStreamType } from "../_parser/byte_source.ts";
import {
  type DisconnectReason,
  EventSourceError,
} from "./event_source_error.ts";

/** Whether a response is an event stream that the standard lets us read. */
export function isEventStream({ status, headers }: Response): boolean {
  return status === 200 && isEventStreamType(headers.get("Content-Type"));
}

/**
 * Says why a response is no event stream.
 *
 * @param body The beginning of its body.
 */
export function createRefusalError(
  { status, headers }: Response,
  body: string,
): EventSourceError {
  const type = headers.get("Content-Type");
  let reason: DisconnectReason = "unexpected-status";
  let state = `status is ${status}, 200`;
  if (status === 204) reason = "no-content";
  if (status === 200) {
    reason = "unexpected-content-type";
    state = `type is ${
      type === null ? "missing" : JSON.stringify(type.slice(0, 40))
    }, "text/event-stream"`;
  }
  return new EventSourceError(
    reason,
    `Cannot read event stream: the response's ${state} is wanted`,
    { status, headers, body },
  );
}
