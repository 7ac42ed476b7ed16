// Copyright 2026 the Tidings authors. MIT license.

/**
 * Cursors of logs in Redis, and the order of entries' IDs. A cursor is the ID of an entry,
 * or `<` and an ID for the position before that entry.
 *
 * @module
 */

import { compareIds } from "../_engine/pair_ids.ts";

// One spelling for each position. Redis refuses what does not fit two integers of 64
// bits.
const CURSOR_REGEXP = /^(<?)(0|[1-9]\d{0,18})-(0|[1-9]\d{0,18})$/;

/** The parts of a cursor. */
export interface RedisCursor {
  /** The ID of an entry. */
  readonly id: string;
  /** Whether the position is before that entry, and not after it. */
  readonly isBefore: boolean;
}

/** Parses a cursor. Gives `undefined` if it has another form. */
export function parseCursor(cursor: string): RedisCursor | undefined {
  const match = CURSOR_REGEXP.exec(cursor);
  if (match === null) return undefined;
  return {
    id: cursor.slice(match[1]!.length),
    isBefore: match[1] !== "",
  };
}

/** Compares two cursors, as `EventLog.compare`. */
export function compareCursors(a: string, b: string): number | undefined {
  const first = parseCursor(a);
  const second = parseCursor(b);
  return first === undefined || second === undefined
    ? undefined
    : compareIds(first.id, second.id) ||
      Number(second.isBefore) - Number(first.isBefore);
}

/** Whether the ID of an entry is later than another one. */
export function isAfter(id: string, other: string): boolean {
  return compareIds(id, other) > 0;
}
