// Copyright 2026 the Tidings authors. MIT license.

/**
 * Cursors of the form `epoch-sequence`, which the logs in memory and in Deno KV give:
 * how they are read, and in which order they are.
 *
 * @module
 */

/** What a cursor tells. */
export interface EpochCursor {
  /** The log that gave it: another log, or one that has begun again, has another. */
  readonly epoch: string;
  /** How many events were ever before it. */
  readonly sequence: number;
}

// One spelling for each place: "1e3", "01" or "1.5" are of no log.
const CURSOR_REGEXP = /^([^-]+)-(0|[1-9]\d{0,15})$/;

/** Reads a cursor, `undefined` if it has another form. */
export function parseEpochCursor(cursor: string): EpochCursor | undefined {
  const [, epoch, digits] = CURSOR_REGEXP.exec(cursor) ?? [];
  const sequence = Number(digits);
  if (epoch === undefined || !Number.isSafeInteger(sequence)) return undefined;
  return { epoch, sequence };
}

/** Compares two cursors as `EventLog.compare` does: those of two epochs have no order. */
export function compareEpochCursors(a: string, b: string): number | undefined {
  const first = parseEpochCursor(a);
  const second = parseEpochCursor(b);
  return first === undefined || first.epoch !== second?.epoch
    ? undefined
    : first.sequence - second.sequence;
}
