// Copyright 2026 the Tidings authors. MIT license.

/**
 * The cases of `EventLog` that are about transactions of the application: an event that is
 * appended in one exists if and only if it is committed. `eventLogCases()` declares them.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "./_assert.ts";
import type { EventLog } from "../log.ts";
import type {
  BeginTransaction,
  DeclareCase,
  EventLogTransaction,
} from "./_case.ts";
import { Following, numbers, readAll } from "./_readers.ts";

/** Milliseconds between two reads that must find nothing, and the number of reads. */
const LOOK_DELAY = 5;
const LOOKS = 10;

/** Declares the cases of transactions. */
export function testTransactions(test: DeclareCase): void {
  test(
    "append() in a transaction: readers and followers get it after the commit",
    async (log, begin) => {
      const start = await log.rewind(0);
      const following = new Following(log, start);
      try {
        const ids: string[] = [];
        for (const name of ["a", "b"]) {
          ids.push(await log.append({ data: `before ${name}` }));
          const transaction = await begin();
          ids.push(...await appendIn(transaction, log, numbers(5)));
          await transaction.commit();
        }
        ids.push(await log.append({ data: "last" }));
        await following.untilEvents(ids.length);
        assertEquals(following.ids, ids);
        assert(following.batches.every(({ gap }) => !gap));
        const { events, gap } = await readAll(log, start);
        assertEquals(events.map(({ id }) => id), ids);
        assertEquals(gap, false);
      } finally {
        await following[Symbol.asyncDispose]();
      }
    },
  );

  test(
    "append() in a transaction: nobody gets it after a rollback",
    async (log, begin) => {
      const start = await log.rewind(0);
      const following = new Following(log, start);
      try {
        for (const [index, data] of numbers(4).entries()) {
          const transaction = await begin();
          await appendIn(transaction, log, ["rolled back", "rolled back"]);
          await transaction.rollback();
          // The first transaction may find an engine that has nothing of the log.
          if (index % 2 === 0) await log.append({ data });
        }
        const id = await log.append({ data: "last" });
        await following.until(() => following.ids.at(-1) === id);
        assertEquals(following.data, ["0", "2", "last"]);
        assert(following.batches.every(({ gap }) => !gap));
        const { events, gap } = await readAll(log, start);
        assertEquals(events.map(({ data }) => data), ["0", "2", "last"]);
        assertEquals(gap, false);
      } finally {
        await following[Symbol.asyncDispose]();
      }
    },
  );

  for (const isKept of [true, false]) {
    const end = isKept ? "a commit" : "a rollback";
    test(
      `append() in a transaction: nothing of it is read before ${end}`,
      (log, begin) => checkUnseen(log, begin, isKept),
    );
  }

  test(
    "append() in a transaction: an event that is refused leaves it as it is",
    async (log, begin) => {
      const start = await log.rewind(0);
      const transaction = await begin();
      await appendIn(transaction, log, ["before"]);
      const signal = AbortSignal.abort(new Error("Enough"));
      const options = { ...transaction.options, signal };
      await assertRejects(
        () => log.append({ data: "refused" }, options),
        Error,
        "Enough",
      );
      await appendIn(transaction, log, ["after"]);
      await transaction.commit();
      const { events } = await readAll(log, start);
      assertEquals(events.map(({ data }) => data), ["before", "after"]);
    },
  );

  test(
    "append() in a transaction keeps every field and the topics",
    async (log, begin) => {
      const start = await log.rewind(0);
      const event = { event: "tick", data: "1\n2 é", retry: 5, comment: "why" };
      const topics = ["user:42", "room:tea"];
      const transaction = await begin();
      const id = await log.append(event, { ...transaction.options, topics });
      await transaction.commit();
      const { events } = await readAll(log, start);
      const fields = events.map((
        { id, event, data, retry, comment, topics },
      ) => ({
        id,
        event,
        data,
        retry,
        comment,
        topics,
      }));
      assertEquals(fields, [{ id, ...event, topics }]);
    },
  );
}

/** Reads in every way while a transaction is open. */
async function checkUnseen(
  log: EventLog,
  begin: BeginTransaction,
  isKept: boolean,
): Promise<void> {
  const start = await log.append({ data: "first" });
  const followings = [new Following(log, start)];
  try {
    await followings[0]!.until((batches) => batches.length > 0);
    const transaction = await begin();
    await appendIn(transaction, log, ["inside"]);
    followings.push(new Following(log, start));
    // An engine may let these wait until the transaction has ended.
    const early: string[] = [];
    const cursors = [
      log.read(start).then(({ cursor }) => cursor),
      log.rewind(0),
    ];
    for (const cursor of cursors) cursor.then((it) => early.push(it), () => {});
    for (let i = 0; i < LOOKS; i++) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_DELAY));
      assertEquals(followings.flatMap(({ data }) => data), []);
    }
    const givenBefore = [...early];
    await (isKept ? transaction.commit() : transaction.rollback());
    const last = await log.append({ data: "last" });
    const expected = isKept ? ["inside", "last"] : ["last"];
    for (const following of followings) {
      await following.until(() => following.ids.at(-1) === last);
      assertEquals(following.data, expected);
      assert(following.batches.every(({ gap }) => !gap));
    }
    // A cursor from before the commit has not passed what was committed.
    for (const cursor of givenBefore) {
      const { events, gap } = await readAll(log, cursor);
      assertEquals(events.map(({ data }) => data), expected);
      assertEquals(gap, false);
    }
    for (const cursor of await Promise.all(cursors)) {
      assertEquals((await log.read(cursor)).gap, false);
    }
  } finally {
    for (const each of followings) await each[Symbol.asyncDispose]();
  }
}

/** Appends in a transaction, without waiting in between. */
function appendIn(
  { options }: EventLogTransaction,
  log: EventLog,
  data: readonly string[],
): Promise<string[]> {
  return Promise.all(data.map((data) => log.append({ data }, options)));
}
