// Copyright 2026 the Tidings authors. MIT license.

/**
 * The statement that reads the state of a log and the events after a cursor, so that a read is
 * one round trip: makes its end, and parses its reply. The histories of both kinds of logs
 * use it.
 *
 * @module
 */

import { readText, type Row } from "./connection.ts";

/** An event as it was read. */
export interface EventRow {
  /** Its cursor, or the part of it that the statement gives. */
  readonly cursor: string;
  readonly event: string;
}

/**
 * Makes the end of a statement. The part before it names a query `found`, which has the
 * number `n` of each event, its `cursor` and its `event`.
 *
 * @param maxBytes The number of the parameter that limits the bytes of the events. The
 * first event is always given.
 * @param state A query for the state, as JSON.
 */
export function endReadStatement(maxBytes: number, state: string): string {
  return `, sized AS (
  SELECT n, cursor, event,
    sum(octet_length(event)) OVER (ORDER BY n) - octet_length(event) AS before
  FROM found
)
SELECT cursor, event FROM (
  SELECT 0 AS n, '' AS cursor, (${state})::text AS event
  UNION ALL SELECT n, cursor, event FROM sized
  WHERE n = 1 OR before < $${maxBytes}::text::float8
) AS reply ORDER BY n`;
}

/** Parses the reply to the statement. */
export function readReply<State>(
  rows: readonly Row[],
): { state: State; rows: EventRow[] } {
  const [first, ...rest] = rows;
  const state: State = JSON.parse(readText(first, "event"));
  return {
    state,
    rows: rest.map((row) => ({
      cursor: readText(row, "cursor"),
      event: readText(row, "event"),
    })),
  };
}

/** Makes a bound for a statement: `NULL` if it is `Infinity`. */
export function toBound(value: number): string | null {
  return value === Infinity
    ? null
    : String(Math.min(value, Number.MAX_SAFE_INTEGER));
}
