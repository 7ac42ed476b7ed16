// Copyright 2026 the Tidings authors. MIT license.

/**
 * Several events of a holder in one entry of a stream, which costs one command.
 *
 * The entry has the ID of its last event, and those before it have the IDs that the
 * holder would have given them in entries of their own. So whatever compares IDs with
 * the end of a stream need not know of packs, and a range that begins with the ID of
 * any event begins with the entry that has it.
 *
 * @module
 */

import type { Entry } from "./_redis_entries.ts";

/** The distance between two IDs of a holder. */
export const STRIDE = 1_000_000;

/** Stands between two events. Its value is empty. */
const NEXT_FIELD = "next";

/** The fields of an entry with one event or more. */
export function pack(events: readonly (readonly string[])[]): string[] {
  return events.flatMap((fields, index) =>
    index === 0 ? fields : [NEXT_FIELD, "", ...fields]
  );
}

/** Makes an entry for each event of an entry. */
export function unpack(entry: Entry): readonly Entry[] {
  const events: string[][] = [[]];
  for (let i = 0; i + 1 < entry.fields.length; i += 2) {
    // Both are there, and so is the list to which they belong.
    const name = entry.fields[i]!;
    if (name === NEXT_FIELD) events.push([]);
    else events.at(-1)!.push(name, entry.fields[i + 1]!);
  }
  if (events.length === 1) return [entry];
  const [time, sequence] = entry.id.split("-");
  return events.map((fields, index) => {
    const distance = (events.length - 1 - index) * STRIDE;
    return { id: `${time}-${Number(sequence) - distance}`, fields };
  });
}
