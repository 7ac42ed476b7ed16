// Copyright 2026 the Tidings authors. MIT license.

/**
 * Cursors of the form `transaction-row`, which `PostgresEventLog` gives as the IDs of its
 * events: parses and compares them.
 *
 * @module
 */

import { compareIds } from "../_engine/pair_ids.ts";

/** The parts of a cursor. Both numbers may be too large for a `number`. */
export interface TransactionCursor {
  /** The ID of the transaction that has written the event. */
  readonly xid: bigint;
  /** The ID of the event's row. */
  readonly id: bigint;
}

/** The cursor before all events: no transaction has the number 0. */
export const START = "0-0";

// One spelling for each position: "01-1" comes from no log.
const CURSOR_REGEXP = /^(0|[1-9]\d{0,19})-(0|[1-9]\d{0,18})$/;
// PostgreSQL refuses a statement with a number that is larger.
const MAX_XID = 2n ** 64n - 1n;
const MAX_ID = 2n ** 63n - 1n;

/**
 * Parses a cursor.
 *
 * @returns Its parts, `undefined` if it has another form.
 */
export function parseTransactionCursor(
  cursor: string,
): TransactionCursor | undefined {
  const [, xid, id] = CURSOR_REGEXP.exec(cursor) ?? [];
  if (xid === undefined || id === undefined) return undefined;
  const parsed = { xid: BigInt(xid), id: BigInt(id) };
  return parsed.xid > MAX_XID || parsed.id > MAX_ID ? undefined : parsed;
}

/** Compares two cursors, as `EventLog.compare`. */
export function compareTransactionCursors(
  a: string,
  b: string,
): number | undefined {
  const areKnown = parseTransactionCursor(a) !== undefined &&
    parseTransactionCursor(b) !== undefined;
  return areKnown ? compareIds(a, b) : undefined;
}
