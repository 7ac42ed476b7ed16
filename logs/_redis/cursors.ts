// Copyright 2026 the Tidings authors. MIT license.

/**
 * Cursors of logs in Redis, and the order of entries' IDs. A cursor is the ID of an entry,
 * or `<` and an ID for the position before that entry.
 *
 * @module
 */

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

/** Splits the ID of an entry into its two numbers, as text. */
export function splitId(id: string): readonly [time: string, sequence: string] {
  const middle = id.indexOf("-");
  return [id.slice(0, middle), id.slice(middle + 1)];
}

/** Compares the IDs of two entries, each two numbers of up to 64 bits. */
function compareIds(id: string, other: string): number {
  const [time, sequence] = splitId(id);
  const [otherTime, otherSequence] = splitId(other);
  return compareDigits(time, otherTime) ||
    compareDigits(sequence, otherSequence);
}

/** Whether the ID of an entry is later than another one. */
export function isAfter(id: string, other: string): boolean {
  return compareIds(id, other) > 0;
}

/** Compares two numbers of any length, by their digits. */
function compareDigits(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}
