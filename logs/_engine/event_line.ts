// Copyright 2026 the Tidings authors. MIT license.

/**
 * Events as JSON, as they are kept in Deno KV and in SQLite.
 *
 * @module
 */

import type {
  EventLogAppendOptions,
  LoggedEvent,
} from "../../_log/event_log.ts";
import { quote } from "../../_validate.ts";
import type { ServerSentEventInit } from "../../event.ts";
import { makeFault } from "./make_fault.ts";

/**
 * Makes the line of an event, without its ID: the position tells that.
 *
 * @param options What the line keeps beside the event's fields.
 */
export function makeEventLine(
  { event, data, retry, comment }: ServerSentEventInit,
  { topics, conflationKey, disconnect }: EventLogAppendOptions,
): string {
  return JSON.stringify({
    event,
    data,
    retry,
    comment,
    topics,
    conflationKey,
    disconnect: disconnect || undefined,
  });
}

/** Reads an event from its line, which another program may have written. */
export function readEventLine(text: string, id: string): LoggedEvent {
  let line: unknown;
  try {
    line = JSON.parse(text);
  } catch {
    // It is no object either.
  }
  if (typeof line !== "object" || line === null || Array.isArray(line)) {
    return makeFault(id, `expected the JSON of an event, got ${quote(text)}`);
  }
  const { event, data, retry, comment, topics, conflationKey, disconnect } =
    line as Omit<LoggedEvent, "id">;
  const logged: LoggedEvent = { event, data, id, retry, comment, topics };
  if (conflationKey !== undefined) logged.conflationKey = conflationKey;
  if (disconnect !== undefined) logged.disconnect = disconnect;
  return logged;
}
