// Copyright 2026 the Tidings authors. MIT license.

/** A log in SQLite: the suite, in memory and in a file that two connections have open. */

import { assertEquals } from "@std/assert";
import { testConflation } from "../channel/_conflation_model.ts";
import { MAX_EVENTS, testCursors } from "../channel/_cursors_model.ts";
import { testDisconnect } from "../channel/_disconnect_suite.ts";
import { testSnapshot } from "../channel/_snapshot_model.ts";
import type { MakeStorage, Storage } from "../channel/_storage.ts";
import { testTopicSets } from "../channel/_topic_sets_model.ts";
import { testTopics } from "../channel/_topics_model.ts";
import { afterSequence } from "../conformance/event_log_cursors_suite.ts";
import { Following } from "../conformance/event_log_readers.ts";
import { testEventLog } from "../conformance/event_log_suite.ts";
import { type SqliteDatabase, SqliteEventLog } from "../../logs/sqlite.ts";
import {
  hasSqlite,
  makeBegin,
  makeDatabaseFile,
  openDatabase,
  type TestDatabase,
} from "../support/sqlite.ts";

const SUITE = {
  ownIds: false,
  makeCursorAfter: afterSequence,
  transactions: true,
  ignore: !hasSqlite,
};

testEventLog("SqliteEventLog (in memory)", ({ maxEvents }) => {
  const db = openDatabase(":memory:");
  const log = new SqliteEventLog(db, "news", { maxEvents });
  return { log, begin: makeBegin(db), close: () => db.close() };
}, SUITE);

for (const wal of [false, true]) {
  const mode = wal ? "WAL" : "a rollback journal";
  testEventLog(
    `SqliteEventLog (in a file with ${mode})`,
    async ({ maxEvents }) => {
      const file = await makeDatabaseFile();
      const db = openDatabase(file.path);
      const log = new SqliteEventLog(db, "news", { maxEvents, wal });
      return {
        log,
        begin: makeBegin(db),
        close: async () => {
          db.close();
          await file[Symbol.asyncDispose]();
        },
      };
    },
    SUITE,
  );

  testEventLog(
    `SqliteEventLog (written by another connection, with ${mode})`,
    async ({ maxEvents }) => {
      const file = await makeDatabaseFile();
      const [ours, others] = [openDatabase(file.path), openDatabase(file.path)];
      const options = { maxEvents, wal, pollInterval: 5 };
      const log = new SqliteEventLog(ours, "news", options);
      const other = new SqliteEventLog(others, "news", options);
      return {
        log: {
          append: (event, options) => other.append(event, options),
          read: (after, options) => log.read(after, options),
          rewind: (count, options) => log.rewind(count, options),
          follow: (onBatch, options) => log.follow(onBatch, options),
          compare: (a, b) => log.compare(a, b),
        },
        begin: makeBegin(others),
        close: async () => {
          ours.close();
          others.close();
          await file[Symbol.asyncDispose]();
        },
      };
    },
    SUITE,
  );
}

const MODEL = { runs: 3, ignore: !hasSqlite };

/** A file that each log opens over a connection of its own, as processes do. */
async function shareFile(maxEvents?: number): Promise<Storage> {
  const file = await makeDatabaseFile();
  const databases: TestDatabase[] = [];
  return {
    open: () => {
      const db = openDatabase(file.path);
      databases.push(db);
      const options = { maxEvents, wal: true, pollInterval: 5 };
      return new SqliteEventLog(db, "news", options);
    },
    close: async () => {
      for (const db of databases) db.close();
      await file[Symbol.asyncDispose]();
    },
  };
}

const openModel: MakeStorage = (_, maxEvents) => shareFile(maxEvents);

testDisconnect("SqliteEventLog", () => shareFile(), { ignore: !hasSqlite });
testTopics("SqliteEventLog", openModel, MODEL);
testTopicSets("SqliteEventLog", openModel, MODEL);
testConflation("SqliteEventLog", openModel, MODEL);
testSnapshot("SqliteEventLog", openModel, MODEL);

/** Counts the statements that a database runs. */
function counting(
  db: TestDatabase,
  count: (sql: string) => void,
): SqliteDatabase {
  return {
    exec: (sql) => db.exec(sql),
    prepare: (sql) => {
      const statement = db.prepare(sql);
      return {
        run: (...values) => (count(sql), statement.run(...values)),
        get: (...values) => (count(sql), statement.get(...values)),
        all: (...values) => (count(sql), statement.all(...values)),
      };
    },
    get isTransaction() {
      // One of both is there.
      return (db.isTransaction ?? db.inTransaction)!;
    },
  };
}

testCursors("SqliteEventLog", () => {
  const db = openDatabase(":memory:");
  let commands = 0;
  const log = new SqliteEventLog(counting(db, () => commands++), "news", {
    maxEvents: MAX_EVENTS,
    pollInterval: Infinity,
  });
  return { log, countCommands: () => commands, close: () => db.close() };
}, { ignore: !hasSqlite });

Deno.test("SqliteEventLog reads once for an event that it follows", {
  ignore: !hasSqlite,
}, async () => {
  const db = openDatabase(":memory:");
  let reads = 0;
  const counted = counting(db, (sql) => {
    if (sql.startsWith("SELECT")) reads++;
  });
  const log = new SqliteEventLog(counted, "news", { pollInterval: Infinity });
  {
    await using following = new Following(log);
    await following.until((batches) => batches.length > 0);
    reads = 0;
    for (let count = 1; count <= 30; count++) {
      await log.append({ data: `${count}` });
      await following.untilEvents(count);
      await new Promise((go) => setTimeout(go, 0));
    }
    // The state for the append, and the state and the event for the follower.
    assertEquals(reads, 3 * 30);
  }
  db.close();
});
