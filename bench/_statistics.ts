// Copyright 2026 the Tidings authors. MIT license.

/** What many figures come to. */

/** The one in the middle, or what is between the two there; there is one at least. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? sorted[middle]!
    : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
