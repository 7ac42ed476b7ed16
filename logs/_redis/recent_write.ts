// Copyright 2026 the Tidings authors. MIT license.

/**
 * A write of a claim in Redis, as the claim keeps it to write it again.
 *
 * @module
 */

import type { WriteSize } from "../_engine/recent_writes.ts";
import { isAfter } from "./cursors.ts";

/** An entry as it was written. */
export interface RecentWrite {
  readonly id: string;
  /** Names and values, alternating, as JSON. */
  readonly fields: string;
  /** How many events it has. */
  readonly events: number;
}

/**
 * Makes a write.
 *
 * @param id The ID of the entry.
 * @param fields Names and values, alternating. They are copied: a field may be a slice of
 * a large text, and would keep all of it in memory.
 * @param events How many events the entry has.
 * @returns The write.
 */
export function makeWrite(
  id: string,
  fields: readonly string[],
  events: number,
): RecentWrite {
  return { id, fields: JSON.stringify(fields), events };
}

/** Tells what a write takes: two bytes for each UTF-16 code unit. */
export function measureWrite({ events, fields }: RecentWrite): WriteSize {
  return { events, bytes: 2 * fields.length };
}

/**
 * Gives the writes after an ID up to another one, as many as the bounds allow, but at least
 * one if there is one.
 */
export function takeWrites(
  writes: readonly RecentWrite[],
  after: string,
  upTo: string,
  bounds: { items: number; bytes: number },
): readonly RecentWrite[] {
  const taken: RecentWrite[] = [];
  let bytes = 0;
  for (const write of writes) {
    if (!isAfter(write.id, after)) continue;
    if (isAfter(write.id, upTo)) break;
    bytes += measureWrite(write).bytes;
    const isFull = taken.length === bounds.items || bytes > bounds.bytes;
    if (isFull && taken.length > 0) break;
    taken.push(write);
  }
  return taken;
}
