// Copyright 2026 the Tidings authors. MIT license.

/**
 * Cursors of the form `epoch-sequence`, which the logs in memory and in Deno KV give:
 * parses and compares them.
 *
 * @module
 */

/** The parts of a cursor. */
export interface EpochCursor {
  /** Identifies the log; a log that starts over draws a new one. */
  readonly epoch: string;
  /** The number of the last event before the cursor, 0 for none. */
  readonly sequence: number;
}

// One spelling for each position: "1e3", "01" or "1.5" come from no log. An epoch is in
// hexadecimal; no engine is asked for another text, which it may refuse.
const CURSOR_REGEXP = /^(\w+)-(0|[1-9]\d{0,15})$/;

/**
 * Parses a cursor.
 *
 * @returns Its parts, `undefined` if it has another form.
 */
export function parseEpochCursor(cursor: string): EpochCursor | undefined {
  const [, epoch, digits] = CURSOR_REGEXP.exec(cursor) ?? [];
  const sequence = Number(digits);
  if (epoch === undefined || !Number.isSafeInteger(sequence)) return undefined;
  return { epoch, sequence };
}

/** Compares two cursors as `EventLog.compare`; cursors of two epochs have no order. */
export function compareEpochCursors(a: string, b: string): number | undefined {
  const first = parseEpochCursor(a);
  const second = parseEpochCursor(b);
  return first === undefined || first.epoch !== second?.epoch
    ? undefined
    : first.sequence - second.sequence;
}

/**
 * Finds the sequence in a cursor, which may be more than that of the last event.
 *
 * @returns The sequence, `undefined` if the cursor is of another epoch.
 */
export function findEpochSequence(
  cursor: string,
  epoch: string,
): number | undefined {
  const parsed = parseEpochCursor(cursor);
  return parsed?.epoch === epoch ? parsed.sequence : undefined;
}

/** Draws 48 random bits: two logs with the same epoch would accept each other's IDs. */
export function makeEpoch(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(6));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}
