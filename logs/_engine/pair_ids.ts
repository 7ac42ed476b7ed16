// Copyright 2026 the Tidings authors. MIT license.

/**
 * IDs of two numbers with a hyphen between them, for the engines that number their events
 * so: `12-5` comes after `12-4`, and `13-0` after both. The numbers may be too large for a
 * `number`.
 *
 * @module
 */

// One spelling for each position: "01-1" comes from no log.
const PAIR_REGEXP = /^(?:0|[1-9]\d*)-(?:0|[1-9]\d*)$/;

/** Whether a text is an ID, neither of whose numbers is larger than that of another ID. */
export function isPairId(text: string, largest: string): boolean {
  if (!PAIR_REGEXP.test(text)) return false;
  const [first, second] = splitId(text);
  const [maxFirst, maxSecond] = splitId(largest);
  return compareDigits(first, maxFirst) <= 0 &&
    compareDigits(second, maxSecond) <= 0;
}

/** Splits an ID into its two numbers, as text. */
export function splitId(id: string): readonly [first: string, second: string] {
  const middle = id.indexOf("-");
  return [id.slice(0, middle), id.slice(middle + 1)];
}

/** Compares two IDs. */
export function compareIds(a: string, b: string): number {
  const [first, second] = splitId(a);
  const [otherFirst, otherSecond] = splitId(b);
  return compareDigits(first, otherFirst) ||
    compareDigits(second, otherSecond);
}

/** Compares two numbers of any length, by their digits. */
function compareDigits(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}
