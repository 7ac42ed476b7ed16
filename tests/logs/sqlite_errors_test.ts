// Copyright 2026 the Tidings authors. MIT license.

/** A log in SQLite on its bad days: locks, full disks, and files that are something else. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { copyFile, rename, rm, writeFile } from "node:fs/promises";
import { EventChannel } from "../../channel.ts";
import {
  SQLITE_SCHEMA,
  type SqliteDatabase,
  SqliteEventLog,
  type SqliteEventLogOptions,
  SqliteEventLogs,
} from "../../logs/sqlite.ts";
import { BodyClient, makeRequest, until } from "../channel/_clients.ts";
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

const SHORT: SqliteEventLogOptions = {
  timeout: 200,
  pollInterval: 5,
  wal: false,
};

/** Declares a test with a file and two connections to it, which block for no lock. */
function test(
  behaviour: string,
  fn: (db: TestDatabase, other: TestDatabase, path: string) => Promise<void>,
): void {
  Deno.test(`SqliteEventLog ${behaviour}`, { ignore: !hasSqlite }, async () => {
    await using file = await makeDatabaseFile();
    const open: TestDatabase[] = [];
    try {
      for (let i = 0; i < 2; i++) {
        const db = openDatabase(file.path);
        db.exec("PRAGMA busy_timeout = 0");
        open.push(db);
      }
      await fn(open[0]!, open[1]!, file.path);
    } finally {
      for (const db of open) db.close();
    }
  });
}

/** Notes each statement that is run. */
function trace(db: TestDatabase, statements: string[]): SqliteDatabase {
  return {
    exec(sql) {
      statements.push(sql);
      db.exec(sql);
    },
    prepare(sql) {
      const statement = db.prepare(sql);
      return {
        run(...values) {
          statements.push(sql);
          return statement.run(...values);
        },
        get(...values) {
          statements.push(sql);
          return statement.get(...values);
        },
        all(...values) {
          statements.push(sql);
          return statement.all(...values);
        },
      };
    },
    get isTransaction() {
      return db.isTransaction ?? db.inTransaction ?? false;
    },
  };
}

async function readData(log: SqliteEventLog): Promise<unknown[]> {
  const { events } = await readAll(log, await log.rewind(Infinity));
  return events.map(({ data }) => data);
}

for (const wal of [false, true]) {
  const mode = wal ? "WAL" : "a rollback journal";
  test(
    `appends in order once a lock of another connection is gone, with ${mode}`,
    async (db, other) => {
      const log = new SqliteEventLog(db, "news", {
        ...SHORT,
        wal,
        timeout: 9000,
      });
      await log.append({ data: "before" });
      await using following = new Following(log);
      await following.until((batches) => batches.length > 0);
      other.exec("BEGIN EXCLUSIVE");
      const appended = numbers(5).map((data) => log.append({ data }));
      const abort = new AbortController();
      const given = assertRejects(
        () => log.append({ data: "given up" }, { signal: abort.signal }),
        Error,
        "Enough",
      );
      abort.abort(new Error("Enough"));
      await given;
      other.exec("COMMIT");
      const ids = await Promise.all(appended);
      const last = await log.append({ data: "after" });
      await following.untilEvents(6);
      assertEquals(following.ids, [...ids, last]);
      assertEquals(await readData(log), ["before", ...numbers(5), "after"]);
    },
  );

  test(
    `refuses an append that finds the file locked for too long, with ${mode}`,
    async (db, other) => {
      const log = new SqliteEventLog(db, "news", { ...SHORT, wal });
      await log.append({ data: "before" });
      other.exec("BEGIN EXCLUSIVE");
      await assertRejects(
        () => log.append({ data: "lost" }),
        Error,
        'Cannot append to event log "news": database is locked',
      );
      other.exec("ROLLBACK");
      await log.append({ data: "after" });
      assertEquals(await readData(log), ["before", "after"]);
    },
  );
}

test(
  "does not try again later what was part of a transaction",
  async (db, other) => {
    const log = new SqliteEventLog(db, "news", { ...SHORT, wal: true });
    await log.append({ data: "before" });
    other.exec("BEGIN IMMEDIATE");
    db.exec("BEGIN");
    const refused = assertRejects(
      () => log.append({ data: "lost" }),
      Error,
      "database is locked",
    );
    other.exec("ROLLBACK");
    db.exec("COMMIT");
    await refused;
    await log.append({ data: "after" });
    assertEquals(await readData(log), ["before", "after"]);
  },
);

test(
  "keeps what waits for a lock out of a transaction that begins meanwhile",
  async (db, other) => {
    const log = new SqliteEventLog(db, "news", {
      ...SHORT,
      wal: true,
      timeout: 9000,
    });
    await log.append({ data: "before" });
    other.exec("BEGIN IMMEDIATE");
    const waiting = log.append({ data: "waiting" });
    let isDone = false;
    waiting.then(() => isDone = true);
    db.exec("BEGIN");
    other.exec("ROLLBACK");
    await log.append({ data: "rolled back" });
    // Longer than the first attempts.
    await new Promise((resolve) => setTimeout(resolve, 300));
    assertEquals(isDone, false);
    db.exec("ROLLBACK");
    await waiting;
    assertEquals(await readData(log), ["before", "waiting"]);
  },
);

for (const wal of [false, true]) {
  const mode = wal ? "WAL" : "a rollback journal";
  test(
    `runs no statement that takes a lock while nothing happens, with ${mode}`,
    async (db, other) => {
      const statements: string[] = [];
      const traced = trace(db, statements);
      const options = { ...SHORT, wal };
      const log = new SqliteEventLog(traced, "news", options);
      const logs = new SqliteEventLogs(traced, "logs", options);
      await log.append({ data: "before" });
      await using following = new Following(log);
      await using named = new Following(logs.open("a"));
      await following.until((batches) => batches.length > 0);
      await named.until((batches) => batches.length > 0);
      const isIdle = (): boolean =>
        statements.slice(-3).every((sql) => sql === "PRAGMA data_version");
      await until(() => statements.length >= 3 && isIdle());
      const start = statements.length;
      await until(() => statements.length >= start + 10);
      assertEquals(
        new Set(statements.slice(start)),
        new Set(["PRAGMA data_version"]),
      );
      // It goes on while another connection has all locks, and sees what that has written.
      other.exec("BEGIN EXCLUSIVE");
      const locked = statements.length;
      await until(() => statements.length >= locked + 5);
      other.exec("COMMIT");
      await new SqliteEventLog(other, "news", options).append({
        data: "after",
      });
      await following.untilEvents(1);
      assertEquals(following.data, ["after"]);
    },
  );
}

test("loses nothing that was confirmed where the disk is full, and goes on once it is not", async (db) => {
  const log = new SqliteEventLog(db, "news", SHORT);
  await using channel = new EventChannel({ log, onError() {} });
  await using client = new BodyClient(channel.serve(makeRequest())).run();
  await log.rewind(0);
  const { page_count } = db.prepare("PRAGMA page_count").get() as {
    page_count: number;
  };
  await channel.publish({ data: "before" });
  db.exec(`PRAGMA max_page_count = ${page_count + 4}`);
  await assertRejects(
    () => log.append({ data: "x".repeat(100_000) }),
    Error,
    'Cannot append to event log "news": database or disk is full',
  );
  db.exec("PRAGMA max_page_count = 1000000");
  await channel.publish({ data: "after" });
  await client.inbox.untilEvents(2);
  assertEquals(client.inbox.data, ["before", "after"]);
  assertEquals(await readData(log), ["before", "after"]);
});

test(
  "reads a file that it cannot write, and tells so where it is to write",
  async (db, _other, path) => {
    await new SqliteEventLog(db, "news", SHORT).append({ data: "a" });
    const reader = openDatabase(path, { readOnly: true });
    try {
      const log = new SqliteEventLog(reader, "news", SHORT);
      assertEquals(await readData(log), ["a"]);
      await using following = new Following(log, await log.rewind(1));
      await following.untilEvents(1);
      const error = await assertRejects(() => log.append({ data: "b" }), Error);
      assert(error.message.startsWith('Cannot append to event log "news": '));
      assert(/read-?only/.test(error.message), error.message);
      const logs = new SqliteEventLogs(reader, "logs", SHORT);
      await assertRejects(
        () => logs.claim("a", { leaseTime: 1000 }),
        Error,
        'Cannot claim event log "a": ',
      );
    } finally {
      reader.close();
    }
  },
);

Deno.test("SqliteEventLog refuses a file that is no database", {
  ignore: !hasSqlite,
}, async () => {
  await using file = await makeDatabaseFile();
  await writeFile(file.path, "It is a text.\n".repeat(500));
  let db: TestDatabase;
  try {
    db = openDatabase(file.path);
  } catch {
    // A driver that looks at the file says so by itself.
    return;
  }
  const log = new SqliteEventLog(db, "news", SHORT);
  const calls = {
    "append to": () => log.append({ data: "a" }),
    "read": () => log.read("0-0"),
    "rewind": () => log.rewind(1),
    "follow": () => log.follow(() => {}),
  };
  for (const [task, call] of Object.entries(calls)) {
    const expected = `Cannot ${task} event log "news": file is not a database`;
    await assertRejects(call, Error, expected);
  }
  db.close();
});

test("refuses tables that are not its own, and those of another version", async (db) => {
  db.exec(SQLITE_SCHEMA);
  db.exec("UPDATE tidings_schema SET version = 2");
  const log = new SqliteEventLog(db, "news", SHORT);
  await assertRejects(
    () => log.append({ data: "a" }),
    Error,
    'Cannot append to event log "news": expected the tables of SQLITE_SCHEMA version 1, got version 2',
  );
  db.exec("UPDATE tidings_schema SET version = 1");
  await log.append({ data: "a" });
  db.exec("DROP TABLE tidings_events; CREATE TABLE tidings_events (other)");
  await assertRejects(() => log.append({ data: "b" }), Error, "tidings_events");
  await assertRejects(
    () => log.read("0-0"),
    Error,
    'Cannot read event log "news"',
  );
});

test("makes no tables if the application does", async (db) => {
  const log = new SqliteEventLog(db, "news", { ...SHORT, hasTables: true });
  await assertRejects(
    () => log.append({ data: "a" }),
    Error,
    "expected the tables of SQLITE_SCHEMA version 1, got none",
  );
  db.exec(SQLITE_SCHEMA);
  await log.append({ data: "a" });
  // A migration that runs again changes nothing.
  db.exec(SQLITE_SCHEMA);
  assertEquals(await readData(log), ["a"]);
});

test(
  "ends its followers when the database is closed",
  async (_db, _other, path) => {
    const db = openDatabase(path);
    const log = new SqliteEventLog(db, "news", SHORT);
    await log.append({ data: "a" });
    const ended = assertRejects(
      () => log.follow(() => {}),
      Error,
      'Cannot follow event log "news"',
    );
    await log.read("0-0");
    db.close();
    await ended;
    await assertRejects(
      () => log.append({ data: "b" }),
      Error,
      'Cannot append to event log "news"',
    );
    await assertRejects(
      () => log.read("0-0"),
      Error,
      'Cannot read event log "news"',
    );
  },
);

/** What may happen to the file of an open database. */
const LOST_FILES: [
  what: string,
  lose: (path: string) => Promise<void>,
  got: string,
][] = [
  ["deleted", (path) => rm(path), "none"],
  [
    "deleted, with all that belongs to it",
    async (path) => {
      await rm(path);
      for (const end of ["-wal", "-shm", "-journal"]) {
        await rm(path + end, { force: true });
      }
    },
    "none",
  ],
  ["moved away", (path) => rename(path, `${path}.old`), "none"],
  [
    "replaced by another database",
    async (path) => {
      const db = openDatabase(`${path}.new`);
      await new SqliteEventLog(db, "news", SHORT).append({ data: "other" });
      db.close();
      await rename(`${path}.new`, path);
    },
    "another file",
  ],
  [
    "replaced by a copy of itself",
    async (path) => {
      await copyFile(path, `${path}.new`);
      await rename(`${path}.new`, path);
    },
    "another file",
  ],
];

/** What may happen to the file beside it, which has what was written last. */
const LOST_WALS: typeof LOST_FILES = [
  ["without what was written last", (path) => rm(`${path}-wal`), "none"],
  [
    "with what was written last in another file",
    async (path) => {
      await copyFile(`${path}-wal`, `${path}.new`);
      await rename(`${path}.new`, `${path}-wal`);
    },
    "another file",
  ],
];

for (const wal of [false, true]) {
  const mode = wal ? "WAL" : "a rollback journal";
  for (
    const [what, lose, got] of wal ? [...LOST_FILES, ...LOST_WALS] : LOST_FILES
  ) {
    test(
      `tells of a file that was ${what}, with ${mode}`,
      async (db, _, path) => {
        const options = { ...SHORT, wal };
        const log = new SqliteEventLog(db, "news", options);
        const logs = new SqliteEventLogs(db, "logs", options);
        const claim = await logs.claim("a", { leaseTime: 60_000 });
        const cursor = await log.append({ data: "a" });
        const followed = log.follow(() => {}, { after: cursor });
        followed.catch(() => {});
        await log.read(cursor);
        await lose(path);
        const calls = {
          'append to event log "news"': () => log.append({ data: "b" }),
          'read event log "news"': () => log.read(cursor),
          'rewind event log "news"': () => log.rewind(0),
          'follow event log "news"': () => followed,
          'append to event log "a"': () => claim!.append({ data: "b" }),
          'renew the claim of event log "a"': () => claim!.renew(),
          'inspect event log "a"': () => logs.inspect("a"),
          'claim event log "b"': () => logs.claim("b", { leaseTime: 60_000 }),
        };
        for (const [task, call] of Object.entries(calls)) {
          const { message } = await assertRejects(call, Error);
          assert(message.startsWith(`Cannot ${task}: expected the file "`));
          assert(message.includes(`as it was opened, got ${got}: `), message);
        }
      },
    );
  }
}

test(
  "goes on where the application leaves WAL, and comes back to it",
  async (db) => {
    const log = new SqliteEventLog(db, "news", { ...SHORT, wal: true });
    await log.append({ data: "in WAL" });
    for (const mode of ["DELETE", "WAL", "TRUNCATE", "WAL"]) {
      const row = db.prepare(`PRAGMA journal_mode = ${mode}`).get();
      assertEquals(Object.values(row as object), [mode.toLowerCase()]);
      await log.append({ data: mode });
      await log.append({ data: `still ${mode}` });
    }
    assertEquals((await readData(log)).length, 9);
  },
);

test(
  "keeps clients while its file is away, and goes on once it is back",
  async (db, _, path) => {
    const log = new SqliteEventLog(db, "news", { ...SHORT, wal: true });
    const errors: unknown[] = [];
    await using channel = new EventChannel({
      log,
      onError: (error) => errors.push(error),
    });
    await using client = new BodyClient(channel.serve(makeRequest())).run();
    await channel.publish({ data: "before" });
    await client.inbox.untilEvents(1);
    await rename(path, `${path}.away`);
    await until(() => errors.length > 0);
    assert(/got none/.test((errors[0] as Error).message));
    assertEquals(channel.size, 1);
    await assertRejects(() => channel.publish({ data: "refused" }), Error);
    await rename(`${path}.away`, path);
    await channel.publish({ data: "after" });
    await client.inbox.untilEvents(2);
    assertEquals(client.inbox.data, ["before", "after"]);
    assertEquals(await readData(log), ["before", "after"]);
  },
);

for (const wal of [false, true]) {
  const mode = wal ? "WAL" : "a rollback journal";
  test(`leaves a transaction as it was where the disk is full, with ${mode}`, async (db) => {
    const options = { ...SHORT, wal };
    const log = new SqliteEventLog(db, "news", options);
    const logs = new SqliteEventLogs(db, "logs", options);
    const claim = await logs.claim("a", { leaseTime: 60_000 });
    db.exec("CREATE TABLE changes (value TEXT)");
    const before = await log.append({ data: "before" });
    const row = db.prepare("PRAGMA page_count").get();
    const { page_count } = row as { page_count: number };
    db.exec(`PRAGMA max_page_count = ${page_count + 4}`);
    db.exec("BEGIN");
    db.exec("INSERT INTO changes VALUES ('kept')");
    const data = "x".repeat(100_000);
    const full = "database or disk is full";
    await assertRejects(() => log.append({ data }), Error, full);
    await assertRejects(() => claim!.append({ data }), Error, full);
    const replaced = { leaseTime: 60_000, takeOver: claim!.id, replace: true };
    await assertRejects(
      () => logs.claim("a", { ...replaced, event: { data } }),
      Error,
      full,
    );
    const kept = await log.append({ data: "kept" });
    db.exec("COMMIT");
    assertEquals(await readData(log), ["before", "kept"]);
    // The failed appends have taken no number.
    const after = (id: string): number => Number(id.split("-")[1]);
    assertEquals(after(kept), after(before) + 1);
    assertEquals((await logs.inspect("a")).claimId, claim!.id);
    const count = db.prepare("SELECT count(*) AS n FROM changes").get();
    assertEquals((count as { n: number }).n, 1);
  });
}

test(
  "passes over what another program has written, and tells a gap where rows are gone",
  async (db, other) => {
    const log = new SqliteEventLog(db, "news", SHORT);
    const ids: string[] = [];
    for (const data of numbers(6)) ids.push(await log.append({ data }));
    other.exec(
      "UPDATE tidings_events SET event = 'no JSON' WHERE sequence = 2",
    );
    other.exec("UPDATE tidings_events SET event = 5 WHERE sequence = 3");
    other.exec("DELETE FROM tidings_events WHERE sequence = 5");
    const { events, gap } = await log.read(ids[0]!);
    assertEquals(events.map(({ id, data }) => [id, data]), [
      [ids[1], undefined],
      [ids[2], undefined],
      [ids[3], "3"],
    ]);
    assertEquals(events.map(({ fault }) => fault?.id), [
      ids[1],
      ids[2],
      undefined,
    ]);
    assertEquals(gap, false);
    const rest = await log.read(ids[3]!);
    assertEquals(rest.events.map(({ data }) => data), ["5"]);
    assertEquals([rest.gap, rest.gapCursor], [true, ids[4]]);
  },
);

test(
  "reads no event that the state does not count, as a failed write may leave it, and writes over it",
  async (db, other) => {
    const log = new SqliteEventLog(db, "news", SHORT);
    const first = await log.append({ data: "first" });
    other.exec(
      'INSERT INTO tidings_events SELECT epoch, last + 1, 9e15, \'{"data":"left"}\'' +
        " FROM tidings_logs",
    );
    const start = await log.rewind(Infinity);
    assertEquals(await readData(log), ["first"]);
    assertEquals(await log.rewind(0), first);
    await using following = new Following(log, start);
    await following.untilEvents(1);
    const second = await log.append({ data: "second" });
    await following.untilEvents(2);
    assertEquals(following.ids, [first, second]);
    assertEquals(await readData(log), ["first", "second"]);
  },
);

test("drops what is too old, and tells a gap", async (db, other) => {
  const log = new SqliteEventLog(db, "news", { ...SHORT, maxAge: 60_000 });
  const ids: string[] = [];
  for (const data of numbers(40)) ids.push(await log.append({ data }));
  other.exec(
    "UPDATE tidings_events SET time = time - 90000 WHERE sequence <= 35",
  );
  const { events, gap } = await log.read(ids[0]!);
  assertEquals(events.map(({ data }) => data), numbers(40).slice(35));
  assertEquals(gap, true);
  assertEquals(await log.rewind(Infinity), ids[34]);
  for (const data of numbers(32)) await log.append({ data });
  const count = db.prepare("SELECT count(*) AS n FROM tidings_events").get();
  assertEquals((count as { n: number }).n, 37);
});

test("keeps names apart, whatever characters they have", async (db) => {
  const names = [
    "a",
    "a\0",
    "a\0b",
    "a\\0",
    "a\\\0",
    "a'b",
    "%",
    "é",
    "e\u0301",
  ];
  const logs = names.map((name) => new SqliteEventLog(db, name, SHORT));
  for (const [index, log] of logs.entries()) {
    await log.append({ data: names[index]! });
  }
  for (const [index, log] of logs.entries()) {
    assertEquals(await readData(log), [names[index]]);
    const many = new SqliteEventLogs(db, names[index]!, SHORT);
    for (const name of names) {
      assertEquals((await many.inspect(name)).last, undefined);
      await many.open(name).append({ data: name });
    }
    assertEquals(await readData(log), [names[index]]);
  }
});

test(
  "tells followers in time of what another connection has written",
  async (db, other) => {
    const log = new SqliteEventLog(db, "news", { ...SHORT, wal: true });
    const writer = new SqliteEventLog(other, "news", { ...SHORT, wal: true });
    await using following = new Following(log);
    await following.until((batches) => batches.length > 0);
    for (const data of numbers(20)) {
      await writer.append({ data });
      await until(() => following.data.at(-1) === data);
    }
    assertEquals(following.data, numbers(20));
    assert(following.batches.every(({ gap }) => !gap));
  },
);
