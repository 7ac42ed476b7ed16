// Copyright 2026 the Tidings authors. MIT license.

/**
 * Finds where events are missing in the stream of a name, by the IDs of its entries.
 *
 * @module
 */

import type { EventLogBatch, LoggedEvent } from "../../_log/event_log.ts";
import { makeEventLogBatch } from "../_engine/event_log_batch.ts";
import { ID_STEP, splitBatches } from "./batches.ts";
import { splitId } from "../_engine/pair_ids.ts";
import { isAfter, parseCursor } from "./cursors.ts";
import { type Entry, isStart, readEvent } from "./entries.ts";

/** The cursor of the position before all entries. */
export const BEGINNING = "0-0";

/** Whether nothing is missing between a cursor and the event that was found after it. */
export function follows(cursor: string, event: Entry): boolean {
  if (isStart(event)) return cursorBefore(event) === cursor;
  const [time, sequence] = splitId(event.id);
  const number = Number(sequence);
  // The entry that starts the generation is not an event: without it, none is missing.
  if (cursor === BEGINNING) return number === 1 || number === ID_STEP;
  const [otherTime, otherSequence] = splitId(cursor);
  const other = Number(otherSequence);
  return time === otherTime &&
    (number === other + 1 || number === other - other % ID_STEP + ID_STEP);
}

/** The cursor of the position before an event, even if the event before is missing. */
export function cursorBefore(event: Entry): string {
  if (isStart(event)) {
    const [, before = ""] = event.fields;
    // Another program may have written it.
    return parseCursor(before) === undefined ? BEGINNING : before;
  }
  const [time, sequence] = splitId(event.id);
  const number = Number(sequence);
  return `${time}-${number % ID_STEP === 0 ? number - ID_STEP : number - 1}`;
}

/** Makes batches of the events after a cursor: one more for each gap. */
export function splitAtGaps(
  entries: readonly Entry[],
  after: string,
): EventLogBatch[] {
  const batches: EventLogBatch[] = [];
  let events: LoggedEvent[] = [];
  let cursor = after;
  let gapCursor: string | undefined;
  const finish = (): void => {
    const gap = gapCursor !== undefined;
    if (events.length === 0 && !gap) return;
    batches.push(makeEventLogBatch(events, cursor, gap, gapCursor));
  };
  for (const entry of splitBatches(entries)) {
    if (!isAfter(entry.id, cursor)) continue;
    if (!follows(cursor, entry)) {
      finish();
      events = [];
      gapCursor = cursorBefore(entry);
    }
    cursor = entry.id;
    if (!isStart(entry)) events.push(readEvent(entry));
  }
  finish();
  return batches;
}
