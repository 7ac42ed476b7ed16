// Copyright 2026 the Tidings authors. MIT license.

/**
 * One answer with the state of a log and the events after a cursor: what a reader needs first
 * is one round trip.
 *
 * @module
 */

import { readText, type Row } from "./connection.ts";

/** An event as it was read. */
export interface PageRow {
  /** Its ID, or the part of it that the statement gives. */
  readonly place: string;
  readonly event: string;
}

/**
 * Makes the end of a statement that reads events, the `n`th with its `place` from `found`.
 *
 * @param maxBytes The number of the parameter with the most bytes. One event is always
 * given.
 * @param state A query for the state, as JSON.
 */
export function selectPage(maxBytes: number, state: string): string {
  return `, sized AS (
  SELECT n, place, event,
    sum(octet_length(event)) OVER (ORDER BY n) - octet_length(event) AS before
  FROM found
)
SELECT place, event FROM (
  SELECT 0 AS n, '' AS place, (${state})::text AS event
  UNION ALL SELECT n, place, event FROM sized
  WHERE n = 1 OR before < $${maxBytes}::text::float8
) AS reply ORDER BY n`;
}

/** Reads the answer. */
export function readPage<State>(
  rows: readonly Row[],
): { state: State; rows: PageRow[] } {
  const [first, ...rest] = rows;
  const state: State = JSON.parse(readText(first, "event"));
  return {
    state,
    rows: rest.map((row) => ({
      place: readText(row, "place"),
      event: readText(row, "event"),
    })),
  };
}

/** A number for a statement, `NULL` for no bound. */
export function toInteger(value: number): string | null {
  return value === Infinity
    ? null
    : String(Math.min(value, Number.MAX_SAFE_INTEGER));
}
