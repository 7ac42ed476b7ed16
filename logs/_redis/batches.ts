// Copyright 2026 the Tidings authors. MIT license.

/**
 * Several events of a claim in one entry of a stream, which costs one command.
 *
 * The entry is the last of the events, with its ID. A field has the events before it, with
 * the IDs that entries of their own would have. So a script that looks at the end of a
 * stream need not know about batches, and a range that starts with the ID of any event
 * starts with the entry that has the event.
 *
 * @module
 */

import { quote } from "../../_validate.ts";
import { type Entry, isTexts, parseJson } from "./entries.ts";

/** The distance between two IDs of a claim. */
export const ID_STEP = 1_000_000;

/** The last field of a batch: the fields of all events but the last, as JSON. */
export const BEFORE_FIELD = "before";

/** Makes the fields of one entry from the fields of its events. */
export function joinBatch(events: readonly string[][]): readonly string[] {
  const last = events.at(-1) ?? [];
  return events.length === 1
    ? last
    : [...last, BEFORE_FIELD, JSON.stringify(events.slice(0, -1))];
}

/** Splits an entry into an entry for each event. */
export function splitBatch(entry: Entry): readonly Entry[] {
  const { id, fields } = entry;
  const value = fields.at(-1);
  if (fields.at(-2) !== BEFORE_FIELD || value === undefined) return [entry];
  const before = readBefore(value);
  const [time, sequence] = id.split("-");
  const first = Number(sequence) - (before?.length ?? 0) * ID_STEP;
  if (before === undefined || first < 1) {
    const fault = `expected "${BEFORE_FIELD}" to be events, got ${
      quote(value)
    }`;
    return [{ id, fields, fault }];
  }
  const entries: Entry[] = before.map((fields, index) => ({
    id: `${time}-${first + index * ID_STEP}`,
    fields,
  }));
  entries.push({ id, fields: fields.slice(0, -2) });
  return entries;
}

/** Reads the fields of the events before the last; `undefined` if they are none. */
function readBefore(value: string): readonly (readonly string[])[] | undefined {
  const before = parseJson(value);
  return Array.isArray(before) && before.every(isTexts) ? before : undefined;
}

/** Splits entries into an entry for each event. */
export function* splitBatches(entries: readonly Entry[]): Generator<Entry> {
  for (const entry of entries) yield* splitBatch(entry);
}

/** Whether an entry has an event, or is the one that starts a generation. */
export function hasEvent(entry: Entry | undefined, id: string): boolean {
  return entry !== undefined &&
    (entry.id === id || splitBatch(entry).some((event) => event.id === id));
}
