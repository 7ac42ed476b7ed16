// Copyright 2026 the Tidings authors. MIT license.

/**
 * The state of a name in Deno KV, and the positions that cursors name in its log.
 *
 * @module
 */

import {
  compareEpochCursors,
  findEpochSequence,
  parseEpochCursor,
} from "../../_log/epoch_cursor.ts";

/** The state of a name. Times are those of the wall clock, in milliseconds. */
export interface NamedState {
  /** The first part of the log's IDs. */
  readonly epoch: string;
  /** The sequence of the latest event, 0 before there was one. */
  readonly last: number;
  /** The token of the last claim, `undefined` if it was released. */
  readonly token: string | undefined;
  /** The token of the last claim, also after its release; `undefined` if there was none. */
  readonly claimId?: string | undefined;
  /** When the lease of the claim ends. */
  readonly leaseEnd: number;
  /** When the name expires, or `Infinity`. */
  readonly expiresAt: number;
  /** When the batches expire, unless they are rewritten with a later time. */
  readonly keptUntil: number;
}

/** The cursor of the beginning, whatever the epoch is. */
export const BEGINNING = "0-0";

/**
 * Finds the sequence of the last event before a cursor, which may be more than the last
 * one; `undefined` if the cursor is of another epoch.
 */
export function findSequence(
  state: NamedState,
  cursor: string,
): number | undefined {
  if (cursor === BEGINNING) return 0;
  return findEpochSequence(cursor, state.epoch);
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
