// Copyright 2026 the Tidings authors. MIT license.

/**
 * Cursors of logs that need not exist: of the form `epoch-sequence`, and one of the
 * beginning, before there is an epoch.
 *
 * @module
 */

import {
  compareEpochCursors,
  findEpochSequence,
  parseEpochCursor,
} from "../../_log/epoch_cursor.ts";

/** The cursor of the beginning of every log, in any epoch. */
export const BEGINNING = "0-0";

/**
 * Finds the sequence of the last event before a cursor, which may be more than the last
 * one; `undefined` if the cursor is of another epoch.
 */
export function findSequence(
  cursor: string,
  epoch: string,
): number | undefined {
  return cursor === BEGINNING ? 0 : findEpochSequence(cursor, epoch);
}

/**
 * Compares two cursors, as `EventLog.compare`. The beginning lies before all events of
 * all epochs.
 */
export function compareCursors(a: string, b: string): number | undefined {
  if (a !== BEGINNING && b !== BEGINNING) return compareEpochCursors(a, b);
  return parseEpochCursor(a) && parseEpochCursor(b)
    ? Number(b === BEGINNING) - Number(a === BEGINNING)
    : undefined;
}
