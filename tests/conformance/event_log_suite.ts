// Copyright 2026 the Tidings authors. MIT license.

/**
 * What every `EventLog` promises, as tests that run against any of them.
 *
 * ```ts ignore (the engine is only a name here)
 * testEventLog("MyEventLog", () => ({ log: new MyEventLog() }), { ownIds: false });
 * ```
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import type { TextEventInit } from "../../event.ts";
import { encodeEvent } from "../../encoder.ts";
import type { EventLog } from "../../log.ts";
import {
  type MakeCursorAfter,
  testCursors,
} from "./event_log_cursors_suite.ts";
import { testFollow } from "./event_log_follow_suite.ts";
import { appendAll, Following, numbers, readAll } from "./event_log_readers.ts";

/** A log to test, and what to do when the test is over. */
export interface EventLogFixture {
  log: EventLog;
  close?: () => Promise<void> | void;
}

/** What a log is made with. */
export interface EventLogFixtureOptions {
  /** How many events must be kept. One that is 500 events older must be gone. */
  maxEvents: number;
}

/** What the suite cannot know by itself. */
export interface TestEventLogOptions {
  /** Whether the log resumes by the application's own IDs; it must refuse them otherwise. */
  ownIds: boolean;
  /** Whether old events leave the log; left out, they do. */
  retention?: boolean;
  /** Makes a cursor after the end, as of events that were lost; left out, none is tested. */
  makeCursorAfter?: MakeCursorAfter;
  /** Whether to show the tests as ignored, for engines that are not there. */
  ignore?: boolean;
}

type MakeLog = (
  options: EventLogFixtureOptions,
) => Promise<EventLogFixture> | EventLogFixture;

/** Declares the tests of one implementation. Each of them asks for an empty log. */
export function testEventLog(
  name: string,
  makeLog: MakeLog,
  { ownIds, retention = true, makeCursorAfter, ignore = false }:
    TestEventLogOptions,
): void {
  function test(
    behaviour: string,
    fn: (log: EventLog) => Promise<void>,
    maxEvents = 10_000,
  ): void {
    Deno.test(`${name}.${behaviour}`, { ignore }, async () => {
      const { log, close } = await makeLog({ maxEvents });
      try {
        await fn(log);
      } finally {
        await close?.();
      }
    });
  }

  testAppend(test);
  testRead(test);
  testRewind(test);
  testCursors(test, makeCursorAfter);
  if (retention) testRetention(test);
  testFollow(test);
  if (ownIds) testOwnIds(test);
  else testNoOwnIds(test);
}

/** Declares one test, with a log that keeps as many events as it says. */
export type DeclareTest = (
  behaviour: string,
  fn: (log: EventLog) => Promise<void>,
  maxEvents?: number,
) => void;

function testAppend(test: DeclareTest): void {
  test("append() gives each event an ID of its own", async (log) => {
    const ids = await appendAll(log, ["a", "b", "c"]);
    assertEquals(new Set(ids).size, 3);
    for (const id of ids) {
      assert(id !== "");
      encodeEvent({ id });
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

function testRead(test: DeclareTest): void {
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

  test("read() gives nothing at the end, and the same place", async (log) => {
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

function testRewind(test: DeclareTest): void {
  test("rewind() finds the place before the last events", async (log) => {
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

  test("rewind() gives a place in an empty log", async (log) => {
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

function testRetention(test: DeclareTest): void {
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
      await using following = new Following(log, ids[0]);
      await following.until(() => following.data.at(-1) === "519");
      assertEquals(following.batches[0]?.gap, true);
    },
    20,
  );
}

function testOwnIds(test: DeclareTest): void {
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

function testNoOwnIds(test: DeclareTest): void {
  test("append() refuses the application's own IDs", async (log) => {
    await assertRejects(
      () => log.append({ data: "a", id: "order" }),
      TypeError,
    );
    const { events } = await log.read(await log.rewind(Infinity));
    assertEquals(events, []);
  });
}
