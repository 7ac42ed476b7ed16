// Copyright 2026 the Tidings authors. MIT license.

/**
 * The cases of `EventLog` that are about cursors which the history does not have: the table
 * of `EventLog.read`, row by row.
 *
 * @module
 */

import { assert, assertEquals } from "./_assert.ts";
import { appendAll, Following, numbers } from "./_readers.ts";
import type { DeclareCase } from "./_case.ts";

/** Makes a cursor of a log that has lost its last events, from the one of its end. */
export type MakeCursorAfter = (end: string) => string;

/** Cursors that no log has given. */
const FOREIGN = [
  "from-elsewhere",
  "",
  "-1",
  "\ud800",
  "x-1e3",
  "1.5",
  "01-0",
  " 1-1",
  "1-1\n",
  "\u0661-\u0661",
  "\0",
  "a\0-1",
  "\0-0",
  `${"9".repeat(40)}-${"9".repeat(40)}`,
];

/** Declares the tests of cursors. */
export function testCursors(
  test: DeclareCase,
  makeCursorAfter: MakeCursorAfter | undefined,
): void {
  test("read() begins with the oldest event if a cursor cannot be ordered", async (log) => {
    await appendAll(log, ["a", "b"]);
    for (const cursor of FOREIGN) {
      const { events, gap } = await log.read(cursor);
      assertEquals(gap, true, cursor);
      assertEquals(events.map(({ data }) => data), ["a", "b"], cursor);
    }
  });
  testCompare(test);
  if (makeCursorAfter !== undefined) testAfter(test, makeCursorAfter);
}

function testCompare(test: DeclareCase): void {
  test("compare() orders cursors as the log does", async (log) => {
    const cursors = [await log.rewind(Infinity)];
    cursors.push(...await appendAll(log, ["a", "b"]));
    cursors.push(await log.append({ data: "c" }));
    if (log.compare === undefined) return;
    assertEquals(log.compare(cursors.at(-1)!, await log.rewind(0)), 0);
    for (const [i, a] of cursors.entries()) {
      for (const [j, b] of cursors.entries()) {
        assertEquals(Math.sign(log.compare(a, b)!), Math.sign(i - j));
      }
    }
  });

  test("compare() gives no order to a cursor from elsewhere", async (log) => {
    const [id] = await appendAll(log, ["a"]);
    for (const cursor of FOREIGN) {
      if (log.compare === undefined) return;
      assertEquals(log.compare(cursor, id!), undefined, cursor);
      assertEquals(log.compare(id!, cursor), undefined, cursor);
    }
  });

  test(
    "compare() tells what has left the history from what has not",
    async (log) => {
      const ids = await appendAll(log, numbers(520));
      if (log.compare === undefined) return;
      const begin = await log.rewind(Infinity);
      for (const [index, id] of ids.entries()) {
        const { gap } = await log.read(id, { limit: 1 });
        assertEquals(log.compare(id, begin)! < 0, gap, `event ${index}`);
      }
    },
    20,
  );
}

function testAfter(test: DeclareCase, makeCursorAfter: MakeCursorAfter): void {
  test("read() gives the end and a gap for a cursor after it", async (log) => {
    const [, end] = await appendAll(log, ["a", "b"]);
    const after = makeCursorAfter(end!);
    const expected = { events: [], cursor: end!, gap: true };
    assertEquals(await log.read(after), expected);
    assertEquals(await log.read(after, { limit: 1 }), expected);
    const next = await log.append({ data: "c" });
    const { events, gap } = await log.read(end!);
    assertEquals([events.map(({ id }) => id), gap], [[next], false]);
    assert(log.compare === undefined || log.compare(after, end!)! > 0);
  });

  test("follow() goes on at the end, with one gap, from a cursor after it", async (log) => {
    const [, end] = await appendAll(log, ["a", "b"]);
    const following = new Following(log, makeCursorAfter(end!));
    try {
      await following.until((batches) => batches.length > 0);
      await appendAll(log, ["c"]);
      await following.untilEvents(1);
      await appendAll(log, ["d"]);
      await following.untilEvents(2);
      assertEquals(following.data, ["c", "d"]);
      assertEquals(following.batches[0], {
        events: [],
        cursor: end!,
        gap: true,
      });
      assert(following.batches.slice(1).every(({ gap }) => !gap));
    } finally {
      await following[Symbol.asyncDispose]();
    }
  });
}
