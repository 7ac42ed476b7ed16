// Copyright 2026 the Tidings authors. MIT license.

/** What is held of events that a relay receives, beside what is counted for them. */

import { assert, assertLessOrEqual } from "@std/assert";

const PROGRAM = new URL("./_retained_program.ts", import.meta.url);
const IMPORT_MAP = new URL("../offline/import_map.json", import.meta.url);

/** The bytes that each holds of 10 000 events at most. A window of a parser has 15 KiB. */
const HOLDERS: Record<string, Record<string, number>> = {
  // Twice its `maxBytes`.
  MemoryEventLog: { tiny: 2 ** 20, small: 2 ** 20, wide: 2 ** 20 },
  MemoryEventLogs: {
    tiny: 10_000 * 700,
    small: 10_000 * 900,
    wide: 10_000 * 1800,
  },
  // Twice 1 Mi code units of two bytes each.
  RecentEvents: { tiny: 2 ** 22, small: 2 ** 22, wide: 2 ** 22 },
  SendBuffer: { small: 10_000 * 300, wide: 10_000 * 1200 },
};

const rows = Object.entries(HOLDERS).flatMap(([name, bounds]) =>
  Object.entries(bounds).map(([kind, most]) => ({ name, kind, most }))
);

for (const { name, kind, most } of rows) {
  Deno.test(`${name} holds what it counts of ${kind} events from a parser`, async () => {
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-check",
        `--import-map=${IMPORT_MAP.pathname}`,
        "--v8-flags=--expose-gc",
        PROGRAM.pathname,
        name,
        kind,
      ],
      stderr: "inherit",
    }).output();
    const held = Number(new TextDecoder().decode(stdout));
    assert(held > 0, `${held} is no size`);
    assertLessOrEqual(held, most);
  });
}
