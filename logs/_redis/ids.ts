// Copyright 2026 the Tidings authors. MIT license.

/**
 * The IDs of a stream's entries, `time-sequence`, each a number of up to 64 bits.
 *
 * @module
 */

/** The two numbers of an ID, as text. */
export function splitId(id: string): readonly [time: string, sequence: string] {
  const middle = id.indexOf("-");
  return [id.slice(0, middle), id.slice(middle + 1)];
}

/** Whether an ID is later than another one. */
export function isAfter(id: string, other: string): boolean {
  const [time, sequence] = splitId(id);
  const [otherTime, otherSequence] = splitId(other);
  const order = compare(time, otherTime);
  return order > 0 || (order === 0 && compare(sequence, otherSequence) > 0);
}

/** Compares two numbers of any length. */
function compare(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}
