// Copyright 2026 the Tidings authors. MIT license.

/**
 * The cases of `EventLogs`; its logs run those of `EventLog` as well.
 *
 * @module
 */

import { assertEquals, assertRejects, assertThrows } from "./_assert.ts";
import { testClaimAppends, testClaims } from "./_claim_cases.ts";
import { type DeclareLogsCase, LONG, readData } from "./_claims.ts";
import { testAfterEnd, testExpiry, testLoss } from "./_expiry_cases.ts";
import { testFences, testTakeOver } from "./_fence_cases.ts";
import type {
  ConformanceCase,
  EventLogCasesOptions,
  OpenEventLogs,
} from "./_case.ts";
import { eventLogCases } from "./_log_cases.ts";
import { appendAll, Following, numbers } from "./_readers.ts";

/**
 * Gives what every `EventLogs` must do, as cases for any test runner. Each of them asks
 * for an empty engine of its own.
 *
 * @param open Opens the logs.
 * @param options What the cases cannot know by themselves. `retention` does not count:
 * logs by name keep their events until the names expire.
 * @returns The cases.
 *
 * @example Usage
 * ```ts
 * import { MemoryEventLogs } from "@tidings/sse/log";
 * import { eventLogsCases } from "@tidings/sse/testing";
 *
 * const cases = eventLogsCases(() => {
 *   const logs = new MemoryEventLogs();
 *   return { logs, countEntries: () => logs.size, close: () => logs.close() };
 * }, { ownIds: true });
 * // Under a test runner, each is a test: `test(name, run)`.
 * for (const { run } of cases) await run();
 * ```
 */
export function eventLogsCases(
  open: OpenEventLogs,
  options: EventLogCasesOptions = {},
): ConformanceCase[] {
  const { makeCursorAfter } = options;
  const cases = eventLogCases(async () => {
    const { logs, begin, close } = await open();
    return { log: logs.open("name"), begin, close };
  }, { ...options, retention: false })
    .map(({ name, run }) => ({ name: `open() ${name}`, run }));
  const declare: DeclareLogsCase = (name, fn) => {
    const run = async (): Promise<void> => {
      const fixture = await open();
      const { logs, other = logs, countEntries = () => 0 } = fixture;
      const countsNothing = fixture.countEntries === undefined;
      try {
        await fn({ ...fixture, other, countEntries, countsNothing });
      } finally {
        await fixture.close?.();
      }
    };
    cases.push({ name, run });
  };
  testNames(declare);
  testClaims(declare);
  testClaimAppends(declare);
  testTakeOver(declare);
  testFences(declare);
  testLoss(declare);
  if (makeCursorAfter !== undefined) testAfterEnd(declare);
  testExpiry(declare);
  return cases;
}

function testNames(test: DeclareLogsCase): void {
  test("open() keeps logs of different names apart", async ({ logs, other }) => {
    const names = ["a", "b", "a:b", "{a}", "a}", "}", "%7D", "é 日", " "];
    for (const name of names) await logs.open(name).append({ data: name });
    for (const name of names) {
      assertEquals(await readData(other, name), [name]);
    }
  });

  test("open() and claim() refuse an empty name", async ({ logs }) => {
    assertThrows(() => logs.open(""), TypeError);
    await assertRejects(() => logs.claim("", { leaseTime: LONG }), TypeError);
  });

  test("inspect() tells of the last event, and leaves no trace", async ({ logs, other, countEntries }) => {
    const before = await countEntries();
    const nothing = { last: undefined, isClaimed: false };
    assertEquals(await logs.inspect("a"), nothing);
    assertEquals(await countEntries(), before);
    const [, id] = await appendAll(other.open("a"), ["first", "second"]);
    const { last, isClaimed } = await logs.inspect("a");
    assertEquals([last?.id, last?.data], [id, "second"]);
    assertEquals(isClaimed, false);
  });

  test("follow() tells each of what is its own", async ({ logs, other }) => {
    const names = numbers(20);
    const followings = names.map((name) => new Following(logs.open(name)));
    for (const following of followings) {
      await following.until((batches) => batches.length > 0);
    }
    await Promise.all(
      names.map((name) =>
        appendAll(other.open(name), [`${name}a`, `${name}b`])
      ),
    );
    for (const [index, following] of followings.entries()) {
      await following.untilEvents(2);
      assertEquals(following.data, [`${index}a`, `${index}b`]);
      await following[Symbol.asyncDispose]();
    }
  });
}
