// Copyright 2026 the Tidings authors. MIT license.

/**
 * Places in the one order of a `PostgresEventLog`: the transaction, and the row in it. The ID
 * of an event is its place.
 *
 * @module
 */

/** A place. Both numbers may be too large for a `number`. */
export interface Place {
  readonly xid: bigint;
  readonly id: bigint;
}

/** Before all events: no transaction has the number 0. */
export const START = "0-0";

// One spelling for each place. PostgreSQL refuses numbers that are larger.
const PLACE_REGEXP = /^(0|[1-9]\d{0,19})-(0|[1-9]\d{0,18})$/;
const MAX_XID = 2n ** 64n - 1n;
const MAX_ID = 2n ** 63n - 1n;

/** Reads the place of a cursor, `undefined` if it is none. */
export function parsePlace(cursor: string): Place | undefined {
  const [, xid, id] = PLACE_REGEXP.exec(cursor) ?? [];
  if (xid === undefined || id === undefined) return undefined;
  const place = { xid: BigInt(xid), id: BigInt(id) };
  return place.xid > MAX_XID || place.id > MAX_ID ? undefined : place;
}

/** Compares two cursors, as `EventLog.compare`. */
export function comparePlaces(a: string, b: string): number | undefined {
  const [first, second] = [parsePlace(a), parsePlace(b)];
  if (first === undefined || second === undefined) return undefined;
  const difference = first.xid === second.xid
    ? first.id - second.id
    : first.xid - second.xid;
  return Number(difference);
}
