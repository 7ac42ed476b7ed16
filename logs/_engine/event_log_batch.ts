// Copyright 2026 the Tidings authors. MIT license.

import type { EventLogBatch, LoggedEvent } from "../../_log/event_log.ts";

/**
 * Makes a batch.
 *
 * @param gapCursor The cursor of the place after the gap, where there is one.
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
