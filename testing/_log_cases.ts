// Copyright 2026 the Tidings authors. MIT license.

/**
 * The cases of `EventLog`.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "./_assert.ts";
import type { TextEventInit } from "../event.ts";
import type {
  ConformanceCase,
  DeclareCase,
  EventLogCasesOptions,
  OpenEventLog,
} from "./_case.ts";
import { testCursors } from "./_cursor_cases.ts";
import { testFollow } from "./_follow_cases.ts";
import { testKeptOptions } from "./_kept_option_cases.ts";
import { appendAll, Following, numbers, readAll } from "./_readers.ts";
import { testTransactions } from "./_transaction_cases.ts";

/**
 * Gives what every `EventLog` must do, as cases for any test runner. Each of them asks for
 * an empty log of its own.
 *
 * @param open Opens a log.
 * @param options What the cases cannot know by themselves.
 * @returns The cases.
 *
 * @example Usage
 * ```ts
 * import { MemoryEventLog } from "@tidings/sse/log";
 * import { eventLogCases } from "@tidings/sse/testing";
 *
 * const cases = eventLogCases(
 *   ({ maxEvents }) => ({ log: new MemoryEventLog({ maxEvents }) }),
 *   { ownIds: true },
 * );
 * // Under a test runner, each is a test: `test(name, run)`.
 * for (const { run } of cases) await run();
 * ```
 */
export function eventLogCases(
  open: OpenEventLog,
  options: EventLogCasesOptions = {},
): ConformanceCase[] {
  const { ownIds, retention = true, makeCursorAfter, transactions } = options;
  const cases: ConformanceCase[] = [];
  const declare: DeclareCase = (name, fn, maxEvents = 10_000) => {
    const run = async (): Promise<void> => {
      const { log, begin = hasNoBegin, close } = await open({ maxEvents });
      try {
        await fn(log, begin);
      } finally {
        await close?.();
      }
    };
    cases.push({ name, run });
  };
  testAppend(declare);
  testKeptOptions(declare, options);
  testRead(declare);
  testRewind(declare);
  testCursors(declare, makeCursorAfter);
  if (retention) testRetention(declare);
  testFollow(declare);
  if (ownIds === true) testOwnIds(declare);
  if (ownIds === false) testNoOwnIds(declare);
  if (transactions) testTransactions(declare);
  return cases;
}

function hasNoBegin(): never {
  throw new Error(
    "Cannot test transactions: expected a fixture with begin(), got one without",
  );
}

function testAppend(test: DeclareCase): void {
  test("append() gives each event an ID of its own", async (log) => {
    const ids = await appendAll(log, ["a", "b", "c"]);
    assertEquals(new Set(ids).size, 3);
    for (const id of ids) {
      assert(id !== "");
      // It goes over the wire in a line of its own.
      assert(!/[\r\n\0]/.test(id), `the ID ${JSON.stringify(id)}`);
    }
  });

  test("append() keeps the order of overlapping calls", async (log) => {
    const data = numbers(300);
    const ids = await appendAll(log, data);
    const { events } = await readAll(log, await log.rewind(Infinity));
    assertEquals(events.map((event) => event.data), data);
    assertEquals(events.map((event) => event.id), ids);
  });

  test("append() keeps every field", async (log) => {
    const sent: TextEventInit[] = [
      { event: "tick", data: "1\n2\r\n\n3", retry: 0, comment: "why" },
      { data: "" },
      { data: " \0\t日本 é 🎈 " },
      { comment: "no data" },
      { event: "", retry: 5000 },
      {},
    ];
    for (const event of sent) await log.append(event);
    const { events } = await readAll(log, await log.rewind(Infinity));
    const received = events.map(({ event, data, retry, comment }) =>
      // Fields that are undefined are as good as absent.
      JSON.parse(JSON.stringify({ event, data, retry, comment }))
    );
    assertEquals(received, sent);
  });

  test("append() keeps the topics", async (log) => {
    const sent = [
      undefined,
      [],
      ["a"],
      ["user:42", "room:tea", "user:42"],
      ["[", '"', "a,b", " \0\n\ud800 日本 🎈 ", "x".repeat(256)],
    ];
    for (const topics of sent) await log.append({ data: "a" }, { topics });
    await log.append({}, { topics: ["b"] });
    const { events } = await readAll(log, await log.rewind(Infinity));
    assertEquals(events.map(({ topics }) => topics), [...sent, ["b"]]);
  });

  test("append() is not touched by a later change of the event", async (log) => {
    const event = { data: "before" };
    const topics = ["before"];
    await log.append(event, { topics });
    event.data = "after";
    topics[0] = "after";
    const { events } = await log.read(await log.rewind(1));
    assertEquals(events[0]?.data, "before");
    assertEquals(events[0]?.topics, ["before"]);
  });
}

function testRead(test: DeclareCase): void {
  test("read() gives what comes after a cursor", async (log) => {
    const ids = await appendAll(log, ["a", "b", "c"]);
    for (const [index, id] of ids.entries()) {
      const { events, cursor, gap } = await log.read(id);
      assertEquals(events.map((event) => event.data), ["b", "c"].slice(index));
      assertEquals(cursor, ids[2]);
      assertEquals(gap, false);
    }
  });

  test("read() stops at the limit, and its cursor goes on from there", async (log) => {
    const ids = await appendAll(log, numbers(10));
    const { events, cursor, gap } = await log.read(ids[1]!, { limit: 3 });
    assertEquals(events.map((event) => event.data), ["2", "3", "4"]);
    assertEquals(cursor, ids[4]);
    assertEquals(gap, false);
    const rest = await log.read(cursor);
    assertEquals(rest.events.map((event) => event.id), ids.slice(5));
  });

  test("read() stops at the size, but not before it has one event", async (log) => {
    const start = await log.rewind(0);
    await appendAll(log, Array(20).fill("x".repeat(2000)));
    const one = await log.read(start, { maxBytes: 1 });
    assertEquals(one.events.length, 1);
    const some = await log.read(start, { maxBytes: 20_000 });
    assert(some.events.length < 20, `${some.events.length} events came`);
    const { events } = await readAll(log, start, { maxBytes: 20_000 });
    assertEquals(events.length, 20);
  });

  test("read() gives nothing at the end, and the same cursor", async (log) => {
    const [id] = await appendAll(log, ["a"]);
    assertEquals(await log.read(id!), { events: [], cursor: id!, gap: false });
  });

  test("read() gives a cursor that it knows after a gap in an empty log", async (log) => {
    const { events, cursor, gap } = await log.read("from-elsewhere");
    assertEquals(gap, true);
    assertEquals(events, []);
    await log.append({ data: "a" });
    const rest = await log.read(cursor);
    assertEquals(rest.gap, false);
    assertEquals(rest.events.map((event) => event.data), ["a"]);
  });
}

function testRewind(test: DeclareCase): void {
  test("rewind() finds the cursor before the last events", async (log) => {
    const ids = await appendAll(log, numbers(6));
    for (const count of [0, 1, 3, 6, 7, Infinity]) {
      const { events, gap } = await log.read(await log.rewind(count));
      assertEquals(
        events.map((event) => event.id),
        ids.slice(Math.max(0, 6 - count)),
      );
      assertEquals(gap, false);
    }
  });

  test("rewind() gives a cursor in an empty log", async (log) => {
    for (const count of [0, 1, Infinity]) {
      const cursor = await log.rewind(count);
      assertEquals(await log.read(cursor), { events: [], cursor, gap: false });
    }
    const cursor = await log.rewind(0);
    await appendAll(log, ["a"]);
    const { events, gap } = await log.read(cursor);
    assertEquals(events.map((event) => event.data), ["a"]);
    assertEquals(gap, false);
  });
}

function testRetention(test: DeclareCase): void {
  test(
    "read() tells of a gap once events have left the history",
    async (log) => {
      const ids = await appendAll(log, numbers(520));
      const { events, gap } = await readAll(log, ids[0]!);
      assertEquals(gap, true);
      assert(events.length >= 20, `${events.length} events are left`);
      assertEquals(
        events.map((event) => event.id),
        ids.slice(ids.length - events.length),
      );
    },
    20,
  );

  test("read() tells of no gap within the history", async (log) => {
    const ids = await appendAll(log, numbers(520));
    const { events, gap } = await readAll(log, ids[ids.length - 21]!);
    assertEquals(gap, false);
    assertEquals(events.length, 20);
  }, 20);

  test("rewind() goes to the oldest event that is left", async (log) => {
    await appendAll(log, numbers(520));
    const { events, gap } = await readAll(log, await log.rewind(Infinity));
    assertEquals(gap, false);
    assert(events.length >= 20 && events.length < 520);
    assertEquals(events.at(-1)?.data, "519");
  }, 20);

  test(
    "follow() tells of a gap once events have left the history",
    async (log) => {
      const ids = await appendAll(log, numbers(520));
      const following = new Following(log, ids[0]);
      try {
        await following.until(() => following.data.at(-1) === "519");
        assertEquals(following.batches[0]?.gap, true);
      } finally {
        await following[Symbol.asyncDispose]();
      }
    },
    20,
  );
}

function testOwnIds(test: DeclareCase): void {
  test("append() takes the application's own IDs, and resumes by them", async (log) => {
    const ids = [
      await log.append({ data: "a", id: "order 1 é" }),
      await log.append({ data: "b", id: 2 }),
      await log.append({ data: "c" }),
    ];
    assertEquals(ids.slice(0, 2), ["order 1 é", "2"]);
    const { events, gap } = await log.read("order 1 é");
    assertEquals(gap, false);
    assertEquals(events.map((event) => event.id), ids.slice(1));
    assertEquals((await log.read("2")).events[0]?.data, "c");
  });

  test("append() refuses an own ID that is in the history, or empty", async (log) => {
    const given = await log.append({ data: "a" });
    await log.append({ data: "b", id: "order" });
    for (const id of ["order", given]) {
      await assertRejects(
        () => log.append({ data: "c", id }),
        RangeError,
        "an ID that is not in use",
      );
    }
    await assertRejects(() => log.append({ data: "c", id: "" }), TypeError);
    const { events } = await log.read(await log.rewind(Infinity));
    assertEquals(events.map((event) => event.data), ["a", "b"]);
  });
}

function testNoOwnIds(test: DeclareCase): void {
  test("append() refuses the application's own IDs", async (log) => {
    await assertRejects(
      () => log.append({ data: "a", id: "order" }),
      TypeError,
    );
    const { events } = await log.read(await log.rewind(Infinity));
    assertEquals(events, []);
  });
}
