// Copyright 2026 the Tidings authors. MIT license.

/**
 * The statement that reads the state of a log and the events after a cursor, so that a read is
 * one round trip: makes its end, and parses its reply. The histories call it.
 *
 * @module
 */

import { readText, type Row } from "./connection.ts";

/**
 * Makes the end of a statement. The part before it names a query `found`, which has the
 * number `n` of each event, its `cursor`, its `event` and the bytes of those `before` it.
 *
 * @param maxBytes The number of the parameter that limits the bytes of the events. The
 * first event is always given.
 * @param state A query for the state, as JSON, which then is the first row.
 */
export function endReadStatement(maxBytes: number, state?: string): string {
  const first = state === undefined
    ? ""
    : `SELECT 0 AS n, '' AS cursor, (${state})::text AS event UNION ALL `;
  return `SELECT cursor, event FROM (
  ${first}SELECT n, cursor, event FROM found
  WHERE before < greatest($${maxBytes}::text::float8, 1)
) AS reply ORDER BY n`;
}

/** Parses the reply to the statement: the state, and the rows of the events. */
export function readReply<State>(
  [first, ...rows]: readonly Row[],
): { state: State; rows: Row[] } {
  return { state: JSON.parse(readText(first, "event")), rows };
}

/** Makes a bound for a statement: `NULL` if it is `Infinity`. */
export function toBound(value: number): string | null {
  return value === Infinity
    ? null
    : String(Math.min(value, Number.MAX_SAFE_INTEGER));
}
