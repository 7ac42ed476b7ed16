// Copyright 2026 the Tidings authors. MIT license.

/** What a log in a SQLite file costs, beside Deno KV in a file and an `INSERT` by hand. */

import { DatabaseSync } from "node:sqlite";
import { EventChannel } from "../../channel.ts";
import { DenoKvEventLog } from "../../logs/deno_kv.ts";
import { type SqliteDatabase, SqliteEventLog } from "../../logs/sqlite.ts";
import type { Jobs } from "../_jobs.ts";
import { Child } from "../_process.ts";
import { median } from "../_statistics.ts";
import type { Row } from "../_table.ts";
import {
  appendInTransaction,
  type AppendSome,
  appendTogether,
  DATA,
  TOGETHER,
} from "./_appends.ts";
import { compareAppends } from "./_contest.ts";
import { CLIENTS, compareDeliveries } from "./_crowd.ts";

/** Rounds in which ours and a peer take turns, and the milliseconds of each. */
const LENGTH = { rounds: 15, roundMs: 200 };
const EVENTS = 120;
/** Milliseconds: the default of `pollInterval`. */
const INTERVAL = 50;

interface Files extends AsyncDisposable {
  readonly path: string;
  /** Opens a log in a file of its own. */
  open(synchronous: string): { db: DatabaseSync; log: SqliteEventLog };
}

async function makeFiles(): Promise<Files> {
  const directory = await Deno.makeTempDir();
  const databases: DatabaseSync[] = [];
  return {
    path: directory,
    open(synchronous) {
      const db = new DatabaseSync(`${directory}/${databases.length}.db`);
      databases.push(db);
      db.exec(`PRAGMA synchronous = ${synchronous}`);
      return { db, log: new SqliteEventLog(db, "bench", { wal: true }) };
    },
    async [Symbol.asyncDispose]() {
      for (const db of databases) db.close();
      await Deno.remove(directory, { recursive: true });
    },
  };
}

async function runAppends(): Promise<Row[]> {
  await using files = await makeFiles();
  using kv = await Deno.openKv(`${files.path}/kv`);
  const peer = new DenoKvEventLog(kv, ["bench"]);
  const rows: Row[] = [];
  for (const synchronous of ["FULL", "NORMAL"]) {
    const { db, log } = files.open(synchronous);
    const row = `appends/s, synchronous ${synchronous},`;
    const one = appendTogether(log, 1);
    const many = appendInTransaction(db, log);
    const bare = makeBare(db);
    const contests: [string, AppendSome, string, AppendSome][] = [
      ["one at a time", one, "Deno KV", appendTogether(peer, 1)],
      ["one at a time", one, "bare INSERT", () => bare(1)],
      [
        `${TOGETHER} in a transaction`,
        many,
        "Deno KV",
        appendTogether(peer, TOGETHER),
      ],
      [
        `${TOGETHER} in a transaction`,
        many,
        "bare INSERT",
        () => bare(TOGETHER),
      ],
    ];
    for (const [name, append, ...rival] of contests) {
      rows.push(await compareAppends(`${row} ${name}`, append, rival, LENGTH));
    }
  }
  return rows;
}

/** Appends to a table of the application by hand, in one transaction. */
function makeBare(db: DatabaseSync): (count: number) => Promise<number> {
  db.exec("CREATE TABLE bare (id INTEGER PRIMARY KEY, event TEXT NOT NULL)");
  const insert = db.prepare("INSERT INTO bare (event) VALUES (?)");
  const line = JSON.stringify({ data: DATA });
  return (count) => {
    if (count > 1) db.exec("BEGIN");
    for (let left = count; left > 0; left--) insert.run(line);
    if (count > 1) db.exec("COMMIT");
    return Promise.resolve(count);
  };
}

async function runDeliveries(): Promise<Row[]> {
  await using files = await makeFiles();
  const { log } = files.open("FULL");
  return await compareDeliveries("SQLite in a file", log);
}

/** From an append in another process until the last of many clients has the event. */
async function runOtherProcess(): Promise<Row[]> {
  await using files = await makeFiles();
  const { log } = files.open("NORMAL");
  await using channel = new EventChannel({ log });
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => channel.serve(request),
  );
  const port = String(server.addr.port);
  const load = "channel/_fanout_load.ts";
  await using clients = new Child<number, number>(load, port, `${CLIENTS}`);
  await clients.read();
  await channel.publish({ data: "not counted" });
  const path = `${files.path}/0.db`;
  await using writer = new Child<null, number>("logs/_sqlite_writer.ts", path);
  const ours: number[] = [];
  const floor: number[] = [];
  for (let event = 1; event <= EVENTS; event++) {
    // At any time of the interval: each event would begin one otherwise.
    await new Promise((go) => setTimeout(go, event * 7919 % INTERVAL));
    const all = clients.ask(event);
    const isOther = event % 2 === 0;
    const sent = isOther
      ? await writer.ask(null)
      : performance.timeOrigin + performance.now();
    if (!isOther) await channel.publish({ data: DATA });
    (isOther ? ours : floor).push(await all - sent);
  }
  await channel.close();
  const later = median(ours) - median(floor);
  return [{
    name: `publish in another process to the last of ${CLIENTS} clients, p50`,
    ours: `${median(ours).toFixed(1)} ms`,
    peerName: "same process",
    peer: `same process ${median(floor).toFixed(1)} ms`,
    result: `${later.toFixed(1)} ms later`,
    figure: later,
  }];
}

/** What runs while clients are there and nothing happens. */
async function runIdle(): Promise<Row[]> {
  await using files = await makeFiles();
  const { db } = files.open("NORMAL");
  const statements = new Map<string, number>();
  const count = (sql: string): void =>
    void statements.set(sql, (statements.get(sql) ?? 0) + 1);
  const traced: SqliteDatabase = {
    exec(sql) {
      count(sql);
      db.exec(sql);
    },
    prepare(sql) {
      const statement = db.prepare(sql);
      return {
        run(...values) {
          count(sql);
          return statement.run(...values);
        },
        get(...values) {
          count(sql);
          return statement.get(...values);
        },
        all(...values) {
          count(sql);
          return statement.all(...values);
        },
      };
    },
    get isTransaction() {
      return db.isTransaction;
    },
  };
  const log = new SqliteEventLog(traced, "bench", { wal: true });
  await using channel = new EventChannel({ log });
  const response = channel.serve(new Request("http://localhost/"));
  const body = response.body?.getReader();
  await channel.publish({ data: "ready" });
  await new Promise((go) => setTimeout(go, 4 * INTERVAL));
  statements.clear();
  await new Promise((go) => setTimeout(go, 20 * INTERVAL));
  const polls = statements.get("PRAGMA data_version") ?? 0;
  statements.delete("PRAGMA data_version");
  await body?.cancel();
  return [{
    name: "idle for a second: statements",
    ours: `PRAGMA data_version ${polls}`,
    peerName: "",
    peer: "",
    result: `others ${statements.size}`,
    // A test holds that there are none.
    figure: undefined,
  }];
}

/** The rows, by their names. */
export const SQLITE_JOBS: Jobs = {
  "sqlite/appends": runAppends,
  "sqlite/deliveries": runDeliveries,
  "sqlite/other process": runOtherProcess,
  "sqlite/idle": runIdle,
};
