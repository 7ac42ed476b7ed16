// Copyright 2026 the Tidings authors. MIT license.

/**
 * Makes the batches that logs give to their readers, and knows which of them reach the end.
 *
 * @module
 */

import type { EventLogBatch, LoggedEvent } from "../../_log/event_log.ts";

/** Batches after which there was nothing when they were read. */
const LAST = new WeakSet<EventLogBatch>();

/** Whether the log had nothing after a batch when that was read. */
export function isLastBatch(batch: EventLogBatch): boolean {
  return LAST.has(batch);
}

/**
 * Makes a batch.
 *
 * @param gapCursor The cursor of the position after the gap, if there is one.
 * @param isLast Whether the log has nothing after it. Left out, nobody knows.
 * @returns The batch; without a gap cursor it has no such member.
 */
export function makeEventLogBatch(
  events: readonly LoggedEvent[],
  cursor: string,
  gap: boolean,
  gapCursor?: string,
  isLast = false,
): EventLogBatch {
  const rest = gapCursor === undefined ? {} : { gapCursor };
  const batch = { events, cursor, gap, ...rest };
  if (isLast) LAST.add(batch);
  return batch;
}
