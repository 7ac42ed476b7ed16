// Copyright 2026 the Tidings authors. MIT license.

/**
 * Events as JSON, as they are kept in Deno KV and in SQLite.
 *
 * @module
 */

import type { LoggedEvent } from "../../_log/event_log.ts";
import { quote } from "../../_validate.ts";
import type { ServerSentEventInit } from "../../event.ts";
import { makeFault } from "./make_fault.ts";

/** Makes the line of an event, without its ID: the position tells that. */
export function makeEventLine(
  { event, data, retry, comment }: ServerSentEventInit,
  topics: readonly string[] | undefined,
): string {
  return JSON.stringify({ event, data, retry, comment, topics });
}

/** Reads an event from its line, which another program may have written. */
export function readEventLine(text: string, id: string): LoggedEvent {
  let line: unknown;
  try {
    line = JSON.parse(text);
  } catch {
    // It is no object either.
  }
  if (typeof line !== "object" || line === null) {
    return makeFault(id, `expected the JSON of an event, got ${quote(text)}`);
  }
  const { event, data, retry, comment, topics } = line as Omit<
    LoggedEvent,
    "id"
  >;
  return { event, data, id, retry, comment, topics };
}
