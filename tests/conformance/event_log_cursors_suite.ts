// Copyright 2026 the Tidings authors. MIT license.

/** Cursors for the suites. */

/** A cursor after the end, for the logs whose cursors are an epoch and a sequence. */
export function afterSequence(end: string): string {
  return end.replace(/\d+$/, (digits) => String(Number(digits) + 5));
}
