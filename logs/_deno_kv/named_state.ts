// Copyright 2026 the Tidings authors. MIT license.

/**
 * The state of a name in Deno KV, and what a cursor says about it.
 *
 * @module
 */

import {
  compareEpochCursors,
  parseEpochCursor,
} from "../../_log/epoch_cursor.ts";

/** The state of a name. Times are those of the wall clock, in milliseconds. */
export interface NamedState {
  /** What the IDs of the log begin with. */
  readonly epoch: string;
  /** The sequence of the latest event, 0 before there was one. */
  readonly last: number;
  /** Who has claimed the name last, `undefined` if it was released. */
  readonly token: string | undefined;
  /** When the claim has run out. */
  readonly leaseEnd: number;
  /** When all is gone, or `Infinity`. */
  readonly expiresAt: number;
  /** Until when the batches are kept, however often the name is used meanwhile. */
  readonly keptUntil: number;
}

/** The cursor of the beginning, whatever the epoch is. */
export const BEGINNING = "0-0";

/**
 * The sequence of the event after which a cursor stands, which may be more than the
 * last; `undefined` if it is of another epoch.
 */
export function findSequence(
  state: NamedState,
  cursor: string,
): number | undefined {
  if (cursor === BEGINNING) return 0;
  const parsed = parseEpochCursor(cursor);
  return parsed?.epoch === state.epoch ? parsed.sequence : undefined;
}

/**
 * Compares two cursors, as `EventLog.compare`. The beginning is before what any epoch
 * has.
 */
export function compareCursors(a: string, b: string): number | undefined {
  if (a !== BEGINNING && b !== BEGINNING) return compareEpochCursors(a, b);
  return parseEpochCursor(a) && parseEpochCursor(b)
    ? Number(b === BEGINNING) - Number(a === BEGINNING)
    : undefined;
}

/** 48 random bits. */
export function makeEpoch(): string {
  return crypto.randomUUID().slice(-12);
}
