// Copyright 2026 the Tidings authors. MIT license.

/** What a log in PostgreSQL costs, beside statements by hand over the same client. */

import { EventChannel } from "../../channel.ts";
import { type EventLog, MemoryEventLog } from "../../log.ts";
import { type PostgresClient, PostgresEventLog } from "../../logs/postgres.ts";
import {
  openPostgres,
  type TestPostgres,
} from "../../tests/support/postgres_client.ts";
import {
  hasPostgres,
  PostgresServer,
} from "../../tests/support/postgres_server.ts";
import type { Jobs } from "../_jobs.ts";
import { Child } from "../_process.ts";
import { compareRow, type Row } from "../_table.ts";
import { type AppendSome, appendTogether, DATA, TOGETHER } from "./_appends.ts";
import { compareAppends } from "./_contest.ts";
import { CLIENTS, compareDeliveries } from "./_crowd.ts";
import { FLOOR, type WriterOrder } from "./_postgres_writer.ts";

/** Rounds in which ours and a peer take turns, and the milliseconds of each. */
const LENGTH = { rounds: 31, roundMs: 100 };
const EVENTS = 120;
/** Milliseconds. */
const MINUTE = 60_000;
const LINE = JSON.stringify({ data: DATA });

interface Database extends AsyncDisposable {
  readonly url: string;
  readonly client: TestPostgres;
}

/**
 * Starts a server that removes dead rows.
 *
 * @param fsync Whether a commit waits for the disk, as it does by default.
 */
async function openDatabase(fsync: "on" | "off" = "off"): Promise<Database> {
  await using resources = new AsyncDisposableStack();
  const server = resources.use(
    await PostgresServer.start({
      isDurable: true,
      settings: { autovacuum: "on", fsync, full_page_writes: fsync },
    }),
  );
  const client = resources.use(openPostgres(server.url));
  const all = resources.move();
  return {
    url: server.url,
    client,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** Statements by hand, over one of the client's connections or any. */
type Run = TestPostgres["pool"]["query"];

const BARE = "INSERT INTO bare (event) VALUES ($1)";
/** What an outbox by hand has: an index in the order of its readers, and the time. */
const MAKE_OUTBOX = `CREATE TABLE outbox (
  topic text, id bigserial, time timestamptz NOT NULL DEFAULT now(),
  event text NOT NULL, PRIMARY KEY (topic, id)
)`;
const OUTBOX = "INSERT INTO outbox (topic, event) VALUES ($1, $2)";
/** The same, if it gives an ID and wakes followers. */
const OUTBOX_NOTIFY = `${OUTBOX} RETURNING id, pg_notify('outbox', $1)`;
/** What a follower is at least: one statement for an event. It keeps no order of commits. */
const FLOOR_READ = `SELECT id::text, event FROM tidings_events
WHERE log = $1 AND id > $2 ORDER BY id`;
/** `FLOOR`, if it is to be done once though its answer may be lost. */
const FLOOR_ONCE = FLOOR.replace("event)", "event, write_id)")
  .replace("$2)", "$2, $3)");

/** Appends so many in one transaction of the application. */
function inTransaction(
  { pool }: TestPostgres,
  append: (run: Run, transaction: unknown) => Promise<unknown>,
): AppendSome {
  return async () => {
    const transaction = await pool.connect();
    await transaction.query("BEGIN");
    for (let left = TOGETHER; left > 0; left--) {
      await append(
        (sql, values) => transaction.query(sql, values),
        transaction,
      );
    }
    await transaction.query("COMMIT");
    transaction.release();
    return TOGETHER;
  };
}

async function runAppends(): Promise<Row[]> {
  return [...await appendWith("on"), ...await appendWith("off")];
}

async function appendWith(fsync: "on" | "off"): Promise<Row[]> {
  await using database = await openDatabase(fsync);
  const { client } = database;
  const run: Run = (sql, values) => client.pool.query(sql, values);
  await run("CREATE TABLE bare (id bigserial PRIMARY KEY, event text)");
  await run(MAKE_OUTBOX);
  // What a log drops, a table of the application keeps.
  const log = new PostgresEventLog(client, "bench", { maxEvents: Infinity });
  await log.rewind(0);
  const bare = (on: Run): Promise<unknown> => on(BARE, [LINE]);
  const outbox = (on: Run): Promise<unknown> =>
    on(OUTBOX_NOTIFY, ["bench", LINE]);
  const floor = (on: Run): Promise<unknown> => on(FLOOR, ["floor", LINE]);
  const values = Array.from({ length: TOGETHER }, (_, n) => `($${n + 1})`);
  const bareTogether = `INSERT INTO bare (event) VALUES ${values.join(", ")}`;
  const lines = values.map(() => LINE);
  const one = appendTogether(log, 1);
  const turn = appendTogether(log, TOGETHER);
  const kept = new PostgresEventLog(client, "kept");
  const inOurs = inTransaction(
    client,
    (_, transaction) => log.append({ data: DATA }, { transaction }),
  );
  const contests: [string, AppendSome, string, AppendSome][] = [
    ["one at a time", one, "bare INSERT", async () => (await bare(run), 1)],
    ["one at a time", one, "outbox INSERT", async () => {
      await run(OUTBOX, ["bench", LINE]);
      return 1;
    }],
    [
      "one at a time",
      one,
      "outbox INSERT and NOTIFY",
      async () => (await outbox(run), 1),
    ],
    ["one at a time", one, "same by hand", async () => {
      await run(FLOOR_ONCE, ["floor", LINE, crypto.randomUUID()]);
      return 1;
    }],
    [`${TOGETHER} a turn`, turn, "bare INSERTs", async () => {
      await Promise.all(lines.map(() => bare(run)));
      return TOGETHER;
    }],
    [`${TOGETHER} a turn`, turn, "bare INSERT of all", async () => {
      await run(bareTogether, lines);
      return TOGETHER;
    }],
    [
      `${TOGETHER} a turn, 10 000 kept`,
      appendTogether(kept, TOGETHER),
      "all kept",
      turn,
    ],
    [
      `${TOGETHER} in a transaction`,
      inOurs,
      "bare INSERTs",
      inTransaction(client, bare),
    ],
    [
      `${TOGETHER} in a transaction`,
      inOurs,
      "outbox INSERTs and NOTIFY",
      inTransaction(client, outbox),
    ],
    [
      `${TOGETHER} in a transaction`,
      inOurs,
      "same by hand",
      inTransaction(client, floor),
    ],
  ];
  const rows: Row[] = [];
  for (const [name, append, ...rival] of contests) {
    const row = `PostgreSQL appends/s, fsync ${fsync}, ${name}`;
    rows.push(await compareAppends(row, append, rival, LENGTH));
  }
  return rows;
}

async function runDeliveries(): Promise<Row[]> {
  await using database = await openDatabase();
  const log = new PostgresEventLog(database.client, "bench");
  const { byHand, stop } = await openByHand(database.client);
  const rows = await compareDeliveries("PostgreSQL", log, [
    { name: "same by hand", log: byHand },
    { name: "memory and two SELECTs", log: makeAsking(database.client) },
  ]);
  await stop();
  return rows;
}

/** A log in memory that is filled by the statements that a log in PostgreSQL needs at least. */
async function openByHand(
  client: TestPostgres,
): Promise<{ byHand: EventLog; stop: () => unknown }> {
  const memory = new MemoryEventLog();
  let last = "0";
  const read = async (): Promise<void> => {
    const { rows } = await client.pool.query(FLOOR_READ, ["floor", last]);
    for (const { id, event } of rows) {
      last = String(id);
      await memory.append(JSON.parse(String(event)));
    }
  };
  const stop = await client.listen!("floor", () => void read(), () => {});
  const byHand = withAppend(memory, async () => {
    await client.pool.query(FLOOR, ["floor", LINE]);
    return "";
  });
  return { byHand, stop };
}

/**
 * A log in memory that asks the server for nothing twice before each event: what an append and
 * a read in another process cost, whatever they do there.
 */
function makeAsking({ pool }: TestPostgres): EventLog {
  const memory = new MemoryEventLog();
  return withAppend(memory, async (event, options) => {
    for (let left = 2; left > 0; left--) await pool.query("SELECT 1");
    return await memory.append(event, options);
  });
}

/** A log with another `append()`. */
function withAppend(log: EventLog, append: EventLog["append"]): EventLog {
  return {
    append,
    read: (after, options) => log.read(after, options),
    rewind: (count, options) => log.rewind(count, options),
    follow: (onBatch, options) => log.follow(onBatch, options),
  };
}

/**
 * From an append in another process until the last of some clients has the event, and the
 * same from a bare `NOTIFY` that has the event in it, and from statements by hand.
 */
async function runOtherProcess(clients: number): Promise<Row[]> {
  await using database = await openDatabase();
  const { client, url } = database;
  const log = new PostgresEventLog(client, "bench");
  await using channel = new EventChannel({ log });
  await using bare = new EventChannel();
  const { byHand, stop: stopByHand } = await openByHand(client);
  await using floor = new EventChannel({ log: byHand });
  const stop = await client.listen!(
    "bare",
    (data) => void bare.publish({ data }),
    () => {},
  );
  const crowds: Record<WriterOrder, Child<number, number>> = {
    append: await gather(channel, clients),
    notify: await gather(bare, clients),
    insert: await gather(floor, clients),
  };
  await using writer = new Child<WriterOrder, number>(
    "logs/_postgres_writer.ts",
    url,
  );
  const times: Record<WriterOrder, number[]> = {
    append: [],
    notify: [],
    insert: [],
  };
  for (let event = 1; event <= EVENTS; event++) {
    for (const order of ["append", "notify", "insert"] as const) {
      const all = crowds[order].ask(event);
      const sent = await writer.ask(order);
      const time = await all - sent;
      // The first ones find the code cold.
      if (event > EVENTS / 10) times[order].push(time);
    }
  }
  await channel.close();
  await bare.close();
  await floor.close();
  await stop();
  await stopByHand();
  for (const crowd of Object.values(crowds)) await crowd[Symbol.asyncDispose]();
  const who = clients === 1 ? "a client" : `the last of ${clients} clients`;
  const row = `PostgreSQL, publish in another process to ${who}, p50`;
  return [
    compareRow(row, "ms", times.append, times.notify, "bare NOTIFY"),
    compareRow(row, "ms", times.append, times.insert, "same by hand"),
  ];
}

/** Serves a channel to clients in another process. */
async function gather(
  channel: EventChannel,
  clients: number,
): Promise<Child<number, number>> {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => channel.serve(request),
  );
  server.unref();
  const load = "channel/_fanout_load.ts";
  const crowd = new Child<number, number>(
    load,
    String(server.addr.port),
    `${clients}`,
  );
  await crowd.read();
  return crowd;
}

/** How many statements a process runs that follows a log to which nothing comes. */
async function runIdle(): Promise<Row[]> {
  await using database = await openDatabase();
  const { query, listen } = database.client;
  let count = 0;
  const counting: PostgresClient = {
    query: (...args) => (count++, query(...args)),
    listen: listen!,
  };
  const log = new PostgresEventLog(counting, "bench");
  await using channel = new EventChannel({ log });
  const body = channel.serve(new Request("http://localhost/")).body;
  const reader = body?.getReader();
  await channel.publish({ data: "ready" });
  await new Promise((go) => setTimeout(go, 1000));
  count = 0;
  await new Promise((go) => setTimeout(go, MINUTE));
  const statements = count;
  await reader?.cancel();
  return [{
    name: "PostgreSQL, idle: statements a minute",
    ours: String(statements),
    peerName: "any",
    peer: "",
    result: "",
    figure: statements,
  }];
}

/** The rows, by their names. */
export const POSTGRES_JOBS: Jobs = hasPostgres
  ? {
    "postgres/appends": runAppends,
    "postgres/deliveries": runDeliveries,
    "postgres/other process": async () => [
      ...await runOtherProcess(1),
      ...await runOtherProcess(CLIENTS),
    ],
    "postgres/idle": runIdle,
  }
  : {};
