// Copyright 2026 the Tidings authors. MIT license.

/** Publishing as a part of the application's transaction, and what followers see of it. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { EventChannel } from "../../channel.ts";
import {
  type SqliteDatabase,
  SqliteEventLog,
  SqliteEventLogs,
} from "../../logs/sqlite.ts";
import {
  Following,
  numbers,
  readAll,
} from "../conformance/event_log_readers.ts";
import {
  hasSqlite,
  makeDatabaseFile,
  openDatabase,
  type TestDatabase,
} from "../support/sqlite.ts";

/** A log whose connection tells of its transactions, or only refuses a second one. */
const CONNECTIONS: Record<string, (db: TestDatabase) => SqliteDatabase> = {
  "a connection": (db) => db,
  "a connection that does not tell of transactions": (db) => ({
    exec: (sql) => db.exec(sql),
    prepare: (sql) => db.prepare(sql),
  }),
  "a connection that gives rows as arrays": (db) => ({
    exec: (sql) => db.exec(sql),
    prepare: (sql) => {
      const statement = db.prepare(sql);
      const toArray = (row: unknown): unknown => row && Object.values(row);
      return {
        run: (...values) => statement.run(...values),
        get: (...values) => toArray(statement.get(...values)),
        all: (...values) => statement.all(...values).map(toArray),
      };
    },
  }),
};

for (const [name, wrap] of Object.entries(CONNECTIONS)) {
  testTransactions(name, wrap);
}

function testTransactions(
  name: string,
  wrap: (db: TestDatabase) => SqliteDatabase,
): void {
  function test(
    behaviour: string,
    fn: (db: TestDatabase, log: SqliteEventLog) => Promise<void>,
  ): void {
    const options = { ignore: !hasSqlite };
    Deno.test(
      `SqliteEventLog over ${name}: ${behaviour}`,
      options,
      async () => {
        await using file = await makeDatabaseFile();
        const db = openDatabase(file.path);
        try {
          db.exec("CREATE TABLE changes (value TEXT)");
          const log = new SqliteEventLog(wrap(db), "news", { wal: true });
          await fn(db, log);
        } finally {
          db.close();
        }
      },
    );
  }

  test(
    "what is committed reaches followers, and what is rolled back does not",
    async (db, log) => {
      await using following = new Following(log);
      await following.until((batches) => batches.length > 0);
      const ids: string[] = [];
      for (const end of ["COMMIT", "ROLLBACK", "COMMIT", "ROLLBACK"]) {
        db.exec("BEGIN");
        db.exec(`INSERT INTO changes VALUES ('${end}')`);
        const appended = numbers(3).map((data) =>
          log.append({ data: end + data })
        );
        db.exec(end);
        const given = await Promise.all(appended);
        if (end === "COMMIT") ids.push(...given);
      }
      ids.push(await log.append({ data: "last" }));
      await following.untilEvents(7);
      assertEquals(following.ids, ids);
      assert(following.data.every((data) => !data?.startsWith("ROLLBACK")));
      const { events } = await readAll(log, await log.rewind(Infinity));
      assertEquals(events.map(({ id }) => id), ids);
      const count = db.prepare("SELECT count(*) AS n FROM changes").get();
      assertEquals((count as { n: number }).n, 2);
    },
  );

  test(
    "the tables that a rolled back transaction has made are made again",
    async (db, log) => {
      for (let i = 0; i < 2; i++) {
        db.exec("BEGIN");
        await log.append({ data: "rolled back" });
        db.exec("ROLLBACK");
      }
      await log.append({ data: "kept" });
      const { events } = await log.read(await log.rewind(Infinity));
      assertEquals(events.map(({ data }) => data), ["kept"]);
    },
  );

  test(
    "a savepoint of the application's that is undone takes its events with it",
    async (db, log) => {
      db.exec("BEGIN");
      log.append({ data: "before" });
      db.exec("SAVEPOINT application");
      log.append({ data: "undone" });
      db.exec("ROLLBACK TO application");
      log.append({ data: "after" });
      db.exec("COMMIT");
      const { events } = await log.read(await log.rewind(Infinity));
      assertEquals(events.map(({ data }) => data), ["before", "after"]);
    },
  );

  test("nobody reads while a transaction is open", async (db, log) => {
    await log.append({ data: "first" });
    const start = await log.rewind(1);
    await using following = new Following(log, start);
    await following.untilEvents(1);
    for (const end of ["ROLLBACK", "COMMIT"]) {
      db.exec("BEGIN");
      await log.append({ data: end });
      await using late = new Following(log, start);
      const read = log.read(start);
      const rewound = log.rewind(0);
      let isRead = false;
      read.then(() => isRead = true, () => {});
      // Longer than the first look for a commit, with as many event loop turns.
      for (let i = 0; i < 20; i++) await new Promise((go) => setTimeout(go, 2));
      assertEquals([isRead, late.batches.length], [false, 0]);
      assertEquals(following.data, ["first"]);
      db.exec(end);
      const expected = end === "COMMIT" ? ["first", "COMMIT"] : ["first"];
      assertEquals((await read).events.map(({ data }) => data), expected);
      assertEquals(await rewound, (await read).cursor);
      await late.untilEvents(expected.length);
      assertEquals(late.data, expected);
    }
    await following.untilEvents(2);
    assertEquals(following.data, ["first", "COMMIT"]);
  });

  test(
    "an event that is refused leaves the transaction open",
    async (db, log) => {
      db.exec("BEGIN");
      db.exec("INSERT INTO changes VALUES ('kept')");
      const refused = log.append({ data: "a", id: "own" });
      await assertRejects(() => refused, TypeError);
      await log.append({ data: "b" });
      db.exec("COMMIT");
      const { events } = await log.read(await log.rewind(Infinity));
      assertEquals(events.map(({ data }) => data), ["b"]);
    },
  );

  test("a channel publishes within a transaction", async (db, log) => {
    await using channel = new EventChannel({ log });
    db.exec("BEGIN");
    const published = channel.publish({ data: "rolled back" });
    db.exec("ROLLBACK");
    await published;
    db.exec("BEGIN");
    const kept = channel.publish({ data: "kept" });
    db.exec("COMMIT");
    const id = await kept;
    const { events } = await log.read(await log.rewind(Infinity));
    assertEquals(events.map(({ id, data }) => [id, data]), [[id, "kept"]]);
  });

  test(
    "an append that is handed a transaction tells that it joins the open one",
    async (db, log) => {
      const logs = new SqliteEventLogs(wrap(db), "logs", { wal: false });
      const claim = await logs.claim("a", { leaseTime: 60_000 });
      for (const target of [log, logs.open("a"), claim!]) {
        await assertRejects(
          () => target.append({ data: "a" }, { transaction: db }),
          TypeError,
          'Cannot append event: expected "transaction" to be left out, since the event joins the transaction that is open on the connection, got ',
        );
      }
    },
  );

  test("a claim and what is appended under it are part of a transaction", async (db) => {
    const logs = new SqliteEventLogs(wrap(db), "logs", { wal: false });
    db.exec("BEGIN");
    const lost = await logs.claim("a", { leaseTime: 60_000 });
    await lost!.append({ data: "rolled back" });
    db.exec("ROLLBACK");
    assertEquals((await logs.inspect("a")).isClaimed, false);
    await assertRejects(() => lost!.append({ data: "too late" }));
    db.exec("BEGIN");
    const claim = await logs.claim("a", { leaseTime: 60_000 });
    claim!.append({ data: "kept" });
    db.exec("COMMIT");
    assertEquals((await logs.inspect("a")).last?.data, "kept");
  });
}
