// Copyright 2026 the Tidings authors. MIT license.

/**
 * Several events of a holder in one entry of a stream, which costs one command.
 *
 * The entry is the last of the events, with its ID; a field tells those before it, which
 * have the IDs that entries of their own would have. So whatever looks at the end of a
 * stream need not know of packs, and a range that begins with the ID of any event begins
 * with the entry that has it.
 *
 * @module
 */

import type { Entry } from "./entries.ts";

/** The distance between two IDs of a holder. */
export const ID_STEP = 1_000_000;

/** The last field of an entry with several events: a list of the fields of the others. */
export const BEFORE_FIELD = "before";

/** Makes the fields of an entry for events, of which the fields are given. */
export function joinBatch(events: readonly string[][]): readonly string[] {
  const last = events.at(-1) ?? [];
  return events.length === 1
    ? last
    : [...last, BEFORE_FIELD, JSON.stringify(events.slice(0, -1))];
}

/** Gives each event of an entry as an entry of its own. */
export function splitBatch(entry: Entry): readonly Entry[] {
  const { id, fields } = entry;
  const value = fields.at(-1);
  if (fields.at(-2) !== BEFORE_FIELD || value === undefined) return [entry];
  const before: string[][] = JSON.parse(value);
  const [time, sequence] = id.split("-");
  const first = Number(sequence) - before.length * ID_STEP;
  const entries: Entry[] = before.map((fields, index) => ({
    id: `${time}-${first + index * ID_STEP}`,
    fields,
  }));
  entries.push({ id, fields: fields.slice(0, -2) });
  return entries;
}

/** Gives the events of entries one after the other. */
export function* splitBatches(entries: readonly Entry[]): Generator<Entry> {
  for (const entry of entries) yield* splitBatch(entry);
}

/** Whether an event, or what begins a generation, is one of those of an entry. */
export function hasEvent(entry: Entry | undefined, id: string): boolean {
  return entry !== undefined &&
    (entry.id === id || splitBatch(entry).some((event) => event.id === id));
}
