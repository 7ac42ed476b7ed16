// Copyright 2026 the Tidings authors. MIT license.

/**
 * The logs in PostgreSQL over PGlite, which is PostgreSQL in this process: the suites, with the
 * client of the guide.
 */

import { PGlite } from "npm:@electric-sql/pglite@0.5";
import { assertEquals, assertRejects } from "@std/assert";
import {
  type PostgresClient,
  PostgresEventLog,
  PostgresEventLogs,
} from "../../logs/postgres.ts";
import { afterSequence } from "../conformance/event_log_cursors_suite.ts";
import { readAll } from "../conformance/event_log_readers.ts";
import { testEventLog } from "../conformance/event_log_suite.ts";
import { testEventLogs } from "../conformance/event_logs_suite.ts";

const KEPT = {
  ownIds: false,
  makeCursorAfter: afterSequence,
  conflationKeys: true,
  disconnects: true,
};

/** Shared, since it takes a while to start. */
const db = await PGlite.create();

function openClient(): PostgresClient {
  return {
    query: async (sql, values, on: Pick<PGlite, "query"> = db) =>
      (await on.query<object>(sql, values)).rows,
    listen: (channel, onNotify) => db.listen(channel, onNotify),
  };
}

// Not in the first test: it would seem to leave something behind.
await new PostgresEventLog(openClient(), "first").append({ data: "a" });

/** How a transaction ends that is to be rolled back. */
const ROLLBACK = new Error("The transaction is rolled back");

/** Begins a transaction as its documentation does, and ends it when it is told to. */
async function begin() {
  const ended = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<unknown>();
  const done = db.transaction(async (transaction) => {
    begun.resolve(transaction);
    await ended.promise;
  });
  done.catch(begun.reject);
  const transaction = await begun.promise;
  return {
    options: { transaction },
    commit: async () => {
      ended.resolve();
      await done;
    },
    rollback: async () => {
      ended.reject(ROLLBACK);
      await done.catch(() => {});
    },
  };
}

// It runs one transaction at a time, and nothing beside it, so the cases of transactions that
// overlap are not for it.
testEventLog("PostgresEventLog (PGlite)", ({ maxEvents }) => ({
  log: new PostgresEventLog(openClient(), crypto.randomUUID(), { maxEvents }),
}), KEPT);

testEventLogs("PostgresEventLogs (PGlite)", () => {
  const collection = crypto.randomUUID();
  const other = new PostgresEventLogs(openClient(), collection);
  return {
    logs: new PostgresEventLogs(openClient(), collection),
    other,
    countEntries: async () => {
      // What has expired is removed by a call that may make more.
      await other.expire("nothing", 1);
      const { rows: [row] } = await db.query<{ count: number }>(
        `SELECT count(DISTINCT name)::int + count(e.sequence)::int AS count
        FROM tidings_logs LEFT JOIN tidings_log_events AS e USING (epoch)
        WHERE collection = $1`,
        [collection],
      );
      return Number(row?.count);
    },
  };
}, KEPT);

Deno.test("PostgresEventLog (PGlite) has what was committed, and refuses a transaction that has ended", async () => {
  const log = new PostgresEventLog(openClient(), crypto.randomUUID());
  const start = await log.rewind(0);
  for (const end of ["commit", "rollback"] as const) {
    const transaction = await begin();
    await log.append({ data: end }, transaction.options);
    await transaction[end]();
    await assertRejects(
      () => log.append({ data: "late" }, transaction.options),
      Error,
      "Transaction is closed",
    );
  }
  const { events } = await readAll(log, start);
  assertEquals(events.map(({ data }) => data), ["commit"]);
});
