// Copyright 2026 the Tidings authors. MIT license.

/**
 * Makes the batches that logs give to their readers.
 *
 * @module
 */

import type { EventLogBatch, LoggedEvent } from "../../_log/event_log.ts";

/**
 * Makes a batch.
 *
 * @param gapCursor The cursor of the position after the gap, if there is one.
 * @returns The batch; without a gap cursor it has no such member.
 */
export function makeEventLogBatch(
  events: readonly LoggedEvent[],
  cursor: string,
  gap: boolean,
  gapCursor?: string,
): EventLogBatch {
  const batch = { events, cursor, gap };
  return gapCursor === undefined ? batch : { ...batch, gapCursor };
}
