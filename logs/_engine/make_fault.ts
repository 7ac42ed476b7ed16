// Copyright 2026 the Tidings authors. MIT license.

/**
 * Makes what readers get of an entry that is no event: another program has written it.
 * Failing would stop all readers there for good.
 *
 * @module
 */

import { EventLogEntryError } from "../../_log/entry_error.ts";
import type { LoggedEvent } from "../../_log/event_log.ts";

/**
 * Makes an event that has only the ID of its entry, and what is wrong with it.
 *
 * @param id The ID.
 * @param fault What is wrong, such as `expected a list, got 5`.
 * @param topics The topics, as far as they can be read.
 */
export function makeFault(
  id: string,
  fault: string,
  topics?: readonly string[],
): LoggedEvent {
  const nothing = { event: undefined, data: undefined, retry: undefined };
  const event = { ...nothing, id, comment: undefined, topics };
  // Not enumerable: an event that is copied into another log is not faulty there.
  return Object.defineProperty(event, "fault", {
    value: new EventLogEntryError(id, fault),
  });
}
