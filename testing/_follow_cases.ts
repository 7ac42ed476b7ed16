// Copyright 2026 the Tidings authors. MIT license.

/**
 * The cases of `EventLog` that are about following, alone and beside readers and
 * write.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "./_assert.ts";
import type { EventLog } from "../log.ts";
import { appendAll, Following, numbers, readAll } from "./_readers.ts";
import type { DeclareCase } from "./_case.ts";
import { within } from "./_within.ts";

/** Declares the tests of `follow()`. */
export function testFollow(test: DeclareCase): void {
  testBatches(test);
  testEnds(test);
  testConcurrency(test);
}

function testBatches(test: DeclareCase): void {
  test("follow() begins at the end with an empty batch", async (log) => {
    const ids = await appendAll(log, ["a", "b"]);
    const following = new Following(log);
    try {
      await following.until((batches) => batches.length > 0);
      assertEquals(following.batches, [
        { events: [], cursor: ids[1]!, gap: false },
      ]);
      await appendAll(log, ["c"]);
      await following.untilEvents(1);
      assertEquals(following.data, ["c"]);
    } finally {
      await following[Symbol.asyncDispose]();
    }
  });

  test("follow() gives a cursor in an empty log", async (log) => {
    const following = new Following(log);
    try {
      await following.until((batches) => batches.length > 0);
      const { cursor } = following.batches[0]!;
      await appendAll(log, ["a"]);
      const { events, gap } = await log.read(cursor);
      assertEquals(events.map((event) => event.data), ["a"]);
      assertEquals(gap, false);
    } finally {
      await following[Symbol.asyncDispose]();
    }
  });

  test("follow() gives what is there after a cursor, and what comes", async (log) => {
    const ids = await appendAll(log, ["a", "b"]);
    const following = new Following(log, ids[0]);
    try {
      await following.untilEvents(1);
      await appendAll(log, ["c", "d"]);
      await following.untilEvents(3);
      assertEquals(following.data, ["b", "c", "d"]);
      assert(following.batches.every((batch) => !batch.gap));
      for (const { events, cursor } of following.batches) {
        assertEquals(cursor, events.at(-1)?.id ?? ids[0]);
      }
    } finally {
      await following[Symbol.asyncDispose]();
    }
  });

  test("follow() calls back at once where there is nothing yet", async (log) => {
    const [id] = await appendAll(log, ["a"]);
    const following = new Following(log, id);
    try {
      await following.until((batches) => batches.length > 0);
      assertEquals(following.batches, [{
        events: [],
        cursor: id!,
        gap: false,
      }]);
    } finally {
      await following[Symbol.asyncDispose]();
    }
  });

  test("follow() tells of a gap if it does not know the cursor", async (log) => {
    await appendAll(log, ["a"]);
    const following = new Following(log, "from-elsewhere");
    try {
      await following.untilEvents(1);
      assertEquals(following.batches[0]?.gap, true);
      await appendAll(log, ["b"]);
      await following.untilEvents(2);
      assertEquals(following.data, ["a", "b"]);
      assert(following.batches.slice(1).every((batch) => !batch.gap));
    } finally {
      await following[Symbol.asyncDispose]();
    }
  });

  test("follow() fails if the callback throws, and the log goes on", async (log) => {
    const other = new Following(log);
    try {
      await other.until((batches) => batches.length > 0);
      let begin = (): void => {};
      const begun = new Promise<void>((resolve) => begin = resolve);
      const failing = log.follow(({ events }) => {
        begin();
        if (events.length > 0) throw new Error("It is me");
      });
      const failed = assertRejects(() => failing, Error, "It is me");
      // What is appended before that, it need not get.
      await within("the log is followed", begun);
      await appendAll(log, ["a"]);
      await failed;
      await appendAll(log, ["b"]);
      await other.untilEvents(2);
      assertEquals(other.data, ["a", "b"]);
    } finally {
      await other[Symbol.asyncDispose]();
    }
  });
}

function testEnds(test: DeclareCase): void {
  test("follow() rejects with the signal's reason, and calls no more", async (log) => {
    const controller = new AbortController();
    let calls = 0;
    let following!: Promise<never>;
    await new Promise<void>((resolve) => {
      following = log.follow(() => {
        calls++;
        resolve();
      }, { signal: controller.signal });
    });
    controller.abort(new Error("Enough"));
    await assertRejects(() => following, Error, "Enough");
    await appendAll(log, ["a"]);
    assertEquals(calls, 1);
  });

  test("gives every call up whose signal is aborted already", async (log) => {
    const signal = AbortSignal.abort(new Error("Enough"));
    const calls = [
      () => log.append({ data: "a" }, { signal }),
      () => log.read("from-elsewhere", { signal }),
      () => log.rewind(1, { signal }),
      () => log.follow(() => {}, { signal }),
    ];
    for (const call of calls) await assertRejects(call, Error, "Enough");
    const { events } = await log.read(await log.rewind(Infinity));
    assertEquals(events, []);
  });
}

function testConcurrency(test: DeclareCase): void {
  test("gives all readers and followers the same order, each event once", async (log) => {
    await checkOneOrder(log);
  });
}

/** Writers, readers and followers at once; each reader joins a follower on its way. */
async function checkOneOrder(log: EventLog): Promise<void> {
  const total = 200;
  const start = await log.rewind(0);
  const first = new Following(log, start);
  try {
    let left = total;
    const write = async (): Promise<void> => {
      while (left > 0) {
        const count = Math.min(left, 1 + below(5));
        left -= count;
        await appendAll(log, numbers(count));
      }
    };
    const readThenFollow = async (): Promise<string[]> => {
      const ids: string[] = [];
      let cursor = start;
      for (let reads = 1 + below(30); reads > 0; reads--) {
        const batch = await log.read(cursor, { limit: 1 + below(20) });
        ids.push(...batch.events.map((event) => event.id));
        cursor = batch.cursor;
      }
      const rest = new Following(log, cursor);
      try {
        await rest.untilEvents(total - ids.length);
        return [...ids, ...rest.ids];
      } finally {
        await rest[Symbol.asyncDispose]();
      }
    };
    const [joined1, joined2] = await Promise.all([
      readThenFollow(),
      readThenFollow(),
      write(),
      write(),
    ]);
    await first.untilEvents(total);
    const { events } = await readAll(log, start);
    const ids = events.map((event) => event.id);
    assertEquals(new Set(ids).size, total);
    assertEquals(first.ids, ids);
    assertEquals(joined1, ids);
    assertEquals(joined2, ids);
  } finally {
    await first[Symbol.asyncDispose]();
  }
}

/** An integer from 0 up to, but not including, `limit`. */
function below(limit: number): number {
  return Math.floor(Math.random() * limit);
}
