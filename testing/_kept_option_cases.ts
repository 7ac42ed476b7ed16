// Copyright 2026 the Tidings authors. MIT license.

/**
 * The cases of `EventLog` that are about `conflationKey` and `disconnect`. A log may drop
 * these, but must not give them to another entry. `eventLogCases()` declares them.
 *
 * @module
 */

import { assertEquals } from "./_assert.ts";
import type { DeclareCase, EventLogCasesOptions } from "./_case.ts";
import { readAll } from "./_readers.ts";

/** Declares the cases. */
export function testKeptOptions(
  test: DeclareCase,
  { conflationKeys, disconnects }: EventLogCasesOptions,
): void {
  test("append() keeps conflation keys, as far as the log has them", async (log) => {
    const sent = ["a", undefined, "a", "日本 🎈 [\"{'", "x".repeat(256)];
    for (const conflationKey of sent) {
      await log.append({ data: "with a key" }, { conflationKey });
    }
    const topics = ["user:42"];
    await log.append({}, { topics, conflationKey: "b" });
    const { events } = await readAll(log, await log.rewind(Infinity));
    const kept = events.map(({ conflationKey }) => conflationKey);
    assertKept(kept, [...sent, "b"], conflationKeys);
    const data = [...sent.map(() => "with a key"), undefined];
    assertEquals(events.map(({ data }) => data), data);
    assertEquals(events.at(-1)?.topics, topics);
  });

  test("append() keeps which entries end streams, as far as the log has it", async (log) => {
    const topics = ["user:42"];
    await log.append({ data: "a" }, { disconnect: false });
    await log.append({}, { topics, disconnect: true });
    await log.append({ data: "b" });
    await log.append({}, { disconnect: true });
    const { events } = await readAll(log, await log.rewind(Infinity));
    const kept = events.map(({ disconnect }) => disconnect || undefined);
    assertKept(kept, [undefined, true, undefined, true], disconnects);
    const data = ["a", undefined, "b", undefined];
    assertEquals(events.map(({ data }) => data), data);
    assertEquals(events[1]?.topics, topics);
  });
}

/**
 * Checks that a log has kept an option of each entry, or dropped it.
 *
 * @param kept The values of the option in the entries that were read.
 * @param sent The values with which they were appended.
 * @param keeps Whether the log has to keep the option. Otherwise it may drop a value.
 */
function assertKept<T>(
  kept: readonly (T | undefined)[],
  sent: readonly (T | undefined)[],
  keeps = false,
): void {
  const expected = sent.map((value, index) =>
    keeps || kept[index] !== undefined ? value : undefined
  );
  assertEquals(kept, expected);
}
