// Copyright 2026 the Tidings authors. MIT license.

/**
 * The state of a name in Deno KV, and what a cursor says about it.
 *
 * @module
 */

/** The state of a name. Times are those of the wall clock, in milliseconds. */
export interface NamedHead {
  /** What the IDs of the log begin with. */
  readonly epoch: string;
  /** The sequence of the latest event, 0 before there was one. */
  readonly last: number;
  /** Who has claimed the name last, `undefined` if it was released. */
  readonly holder: string | undefined;
  /** When the claim has run out. */
  readonly leaseEnd: number;
  /** When all is gone, or `Infinity`. */
  readonly expiresAt: number;
  /** Until when the blocks are kept, however often the name is used meanwhile. */
  readonly keptUntil: number;
}

/** The cursor of the beginning, whatever the epoch is. */
export const BEGINNING = "0-0";

/** The sequence of the event after which a cursor stands, `undefined` if it is unknown. */
export function findSequence(
  head: NamedHead,
  cursor: string,
): number | undefined {
  if (cursor === BEGINNING) return 0;
  const prefix = `${head.epoch}-`;
  if (!cursor.startsWith(prefix)) return undefined;
  const sequence = Number(cursor.slice(prefix.length));
  const isOurs = sequence >= 0 && sequence <= head.last &&
    cursor === prefix + sequence;
  return isOurs ? sequence : undefined;
}

/** Whether a cursor is of this log, and after its end. */
export function isAfterEnd(
  { epoch, last }: NamedHead,
  cursor: string,
): boolean {
  const prefix = `${epoch}-`;
  return cursor.startsWith(prefix) &&
    Number(cursor.slice(prefix.length)) > last;
}

/** 48 random bits. */
export function makeEpoch(): string {
  return crypto.randomUUID().slice(-12);
}
