// Copyright 2026 the Tidings authors. MIT license.

/**
 * The cases of what a log keeps beside the event and its topics. A log may leave it out, but
 * never give it to another entry.
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
 * Checks what came of an option of each entry.
 *
 * @param kept What the log gave.
 * @param sent What it got.
 * @param keeps Whether the log has to keep it. It may leave it out otherwise.
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
