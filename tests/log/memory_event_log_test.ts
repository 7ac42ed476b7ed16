// Copyright 2026 the Tidings authors. MIT license.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { MemoryEventLog } from "../../log.ts";
import { afterSequence } from "../conformance/event_log_cursors_suite.ts";
import { testEventLog } from "../conformance/event_log_suite.ts";
import { FakeTime } from "../support/fake_time.ts";

testEventLog(
  "MemoryEventLog",
  (options) => ({ log: new MemoryEventLog(options) }),
  { ownIds: true, makeCursorAfter: afterSequence },
);

Deno.test("MemoryEventLog gives IDs of the form epoch-sequence", async () => {
  const log = new MemoryEventLog();
  const ids = [await log.append({}), await log.append({})];
  const [, epoch] = /^([0-9a-f]{12})-1$/.exec(ids[0]!) ?? [];
  assert(epoch !== undefined, `The first ID is ${ids[0]}`);
  assertEquals(ids[1], `${epoch}-2`);
});

Deno.test("MemoryEventLog recognises the IDs of another log", async () => {
  const before = new MemoryEventLog();
  const id = await before.append({ data: "a" });
  const after = new MemoryEventLog();
  await after.append({ data: "b" });
  const { events, gap } = await after.read(id);
  assertEquals(gap, true);
  assertEquals(events.map((event) => event.data), ["b"]);
});

Deno.test("MemoryEventLog does not take a forged ID for its own", async () => {
  const log = new MemoryEventLog();
  const id = await log.append({ data: "a" });
  const epoch = id.slice(0, -2);
  const forged = ["-2", "-01", "-1e0", "-1.0", "-0x1", "--1", "-NaN", "-", ""];
  for (const end of forged) {
    assertEquals(
      (await log.read(epoch + end)).gap,
      true,
      `"…${end}" is forged`,
    );
  }
});

Deno.test("MemoryEventLog keeps at most maxEvents events", async () => {
  const log = new MemoryEventLog({ maxEvents: 3 });
  const ids: string[] = [];
  for (const data of "abcdef") ids.push(await log.append({ data }));
  assertEquals(await dataAfter(log, ids[1]!), ["gap", "d", "e", "f"]);
  assertEquals(await dataAfter(log, ids[2]!), ["d", "e", "f"]);
});

Deno.test("MemoryEventLog keeps at most maxBytes bytes", async () => {
  // Two for each code unit of the data and the ID, and 256 for each event.
  const log = new MemoryEventLog({ maxBytes: 4 * (2 * 101 + 256) });
  const ids: string[] = [];
  for (const data of "abcdef") {
    ids.push(await log.append({ data: data.repeat(100), id: data }));
  }
  assertEquals(await dataAfter(log, ids[0]!), [
    "gap",
    ..."cdef".split("").map((data) => data.repeat(100)),
  ]);
});

Deno.test("MemoryEventLog does not keep one event above maxBytes", async () => {
  const log = new MemoryEventLog({ maxBytes: 1000 });
  const controller = new AbortController();
  const seen: (string | undefined)[] = [];
  const following = log.follow(
    ({ events, gap }) => {
      assertEquals(gap, false);
      seen.push(...events.map((event) => event.data));
    },
    { signal: controller.signal },
  );
  const id = await log.append({ data: "small" });
  const big = "x".repeat(1000);
  await log.append({ data: big });
  assertEquals(seen, ["small", big]);
  assertEquals(await dataAfter(log, id), ["gap"]);
  controller.abort();
  await assertRejects(() => following, DOMException);
});

Deno.test("MemoryEventLog gives out no event older than maxAge", async () => {
  using time = new FakeTime();
  const log = new MemoryEventLog({ maxAge: 20 });
  const id = await log.append({ data: "a" });
  const start = await log.rewind(1);
  time.pass(20);
  assertEquals(log.reaches(start), true);
  assertEquals(await dataAfter(log, start), ["a"]);
  time.pass(1);
  assertEquals(log.reaches(start), false);
  assertEquals(await dataAfter(log, start), ["gap"]);
  assertEquals(await dataAfter(log, id), []);
});

Deno.test("MemoryEventLog keeps nothing with maxEvents 0, and follows all the same", async () => {
  const log = new MemoryEventLog({ maxEvents: 0 });
  const controller = new AbortController();
  const seen: (string | undefined)[] = [];
  const following = log.follow(
    ({ events }) => seen.push(...events.map((event) => event.data)),
    { signal: controller.signal },
  );
  const ids = [
    await log.append({ data: "a" }),
    await log.append({ data: "b" }),
  ];
  assertEquals(seen, ["a", "b"]);
  assertEquals(await dataAfter(log, ids[0]!), ["gap"]);
  assertEquals(await dataAfter(log, ids[1]!), []);
  controller.abort();
  await assertRejects(() => following, DOMException);
});

Deno.test("MemoryEventLog knows an own ID until an event after it is dropped", async () => {
  const log = new MemoryEventLog({ maxEvents: 1 });
  for (const id of ["a", "b"]) await log.append({ data: id, id });
  assertEquals(await dataAfter(log, "a"), ["b"]);
  await log.append({ data: "c", id: "c" });
  assertEquals(await dataAfter(log, "a"), ["gap", "c"]);
  await log.append({ data: "again", id: "a" });
});

Deno.test("MemoryEventLog.append() calls followers back before it returns", async () => {
  const log = new MemoryEventLog();
  const controller = new AbortController();
  const seen: (string | undefined)[] = [];
  const following = log.follow(
    ({ events }) => seen.push(...events.map((event) => event.data)),
    { signal: controller.signal },
  );
  const appended = log.append({ data: "a" });
  assertEquals(seen, ["a"]);
  await appended;
  controller.abort();
  await assertRejects(() => following, DOMException);
});

Deno.test("MemoryEventLog.append() keeps the order where a follower appends", async () => {
  const log = new MemoryEventLog();
  const controller = new AbortController();
  const { signal } = controller;
  const seen: (string | undefined)[][] = [[], []];
  const appended: Promise<string>[] = [];
  const followings = seen.map((list) =>
    log.follow(({ events }) => {
      for (const { data } of events) {
        list.push(`begin ${data}`);
        if (data === "a") appended.push(log.append({ data: "b" }));
        list.push(`end ${data}`);
      }
    }, { signal })
  );
  await log.append({ data: "a" });
  const expected = ["begin a", "end a", "begin b", "end b"];
  await Promise.all(appended);
  assertEquals(seen[0]!.slice(0, 4), expected);
  assertEquals(seen[1]!.slice(0, 4), expected);
  controller.abort();
  for (const following of followings) {
    await assertRejects(() => following, DOMException);
  }
});

Deno.test("MemoryEventLog.reaches() tells what is still in the history", async () => {
  const log = new MemoryEventLog({ maxEvents: 1 });
  const start = await log.rewind(0);
  assert(log.reaches(start));
  const id = await log.append({ data: "a" });
  assert(log.reaches(start));
  await log.append({ data: "b" });
  assertEquals(log.reaches(start), false);
  assert(log.reaches(id));
  assertEquals(log.reaches("from-elsewhere"), false);
});

Deno.test("MemoryEventLog throws RangeError if an option is outside its range", async () => {
  for (const maxEvents of [-1, NaN, -Infinity, 1.5]) {
    assertThrows(
      () => new MemoryEventLog({ maxEvents }),
      RangeError,
      `Cannot make event log: expected "maxEvents" to be an integer of at least 0, or Infinity, got ${maxEvents}`,
    );
  }
  assertThrows(() => new MemoryEventLog({ maxBytes: -1 }), RangeError);
  assertThrows(() => new MemoryEventLog({ maxAge: NaN }), RangeError);
  const log = new MemoryEventLog();
  const start = await log.rewind(0);
  await assertRejects(() => log.read(start, { limit: 0 }), RangeError);
  await assertRejects(() => log.read(start, { maxBytes: NaN }), RangeError);
  await assertRejects(() => log.rewind(-1), RangeError);
});

Deno.test("MemoryEventLog throws TypeError if an option is not a number", () => {
  assertThrows(
    () => new MemoryEventLog({ maxAge: "1000" as unknown as number }),
    TypeError,
    'Cannot make event log: expected "maxAge" to be a number of at least 0, got "1000"',
  );
});

/** The data after a cursor, with "gap" in front if events are missing. */
async function dataAfter(
  log: MemoryEventLog,
  cursor: string,
): Promise<(string | undefined)[]> {
  const { events, gap } = await log.read(cursor);
  return [...(gap ? ["gap"] : []), ...events.map((event) => event.data)];
}

Deno.test("MemoryEventLog.read() gives 256 events and 65 536 bytes unless it is told", async () => {
  const log = new MemoryEventLog();
  const start = await log.rewind(0);
  for (let i = 0; i < 300; i++) await log.append({ data: "x".repeat(1000) });
  const count = async (options?: { limit?: number; maxBytes?: number }) =>
    (await log.read(start, options)).events.length;
  assertEquals(await count({ maxBytes: Infinity }), 256);
  const most = await count({ limit: Infinity, maxBytes: 65_536 });
  assert(most > 10 && most < 100, `${most} events`);
  assertEquals(await count({ limit: Infinity }), most);
  assertEquals(await count(), most);
});
