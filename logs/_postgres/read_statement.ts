// Copyright 2026 the Tidings authors. MIT license.

/**
 * The statement that reads the state of a log and the events after a cursor, so that a read is
 * one round trip: makes its end, and parses its reply. The histories of both kinds of logs
 * use it.
 *
 * @module
 */

import { readText, type Row } from "./connection.ts";

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

/** Parses the reply to the statement: the state, and the cursors and lines of the events. */
export function readReply<State>(
  reply: readonly Row[],
): { state: State; rows: [cursor: string, line: string][] } {
  const [first, ...rest] = reply;
  return {
    state: JSON.parse(readText(first, "event")),
    rows: rest.map((row) => [readText(row, "cursor"), readText(row, "event")]),
  };
}

/** Makes a bound for a statement: `NULL` if it is `Infinity`. */
export function toBound(value: number): string | null {
  return value === Infinity
    ? null
    : String(Math.min(value, Number.MAX_SAFE_INTEGER));
}
