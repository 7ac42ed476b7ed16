// Copyright 2026 the Tidings authors. MIT license.

/** Histories in Redis, Deno KV, SQLite and PostgreSQL that count what they are asked. */

import { DatabaseSync } from "node:sqlite";
import type { EventLog } from "../../log.ts";
import { DenoKvEventLog, type KvStore } from "../../logs/deno_kv.ts";
import { PostgresEventLog } from "../../logs/postgres.ts";
import {
  type RedisClient,
  RedisStreamsEventLog,
} from "../../logs/redis_streams.ts";
import { type SqliteDatabase, SqliteEventLog } from "../../logs/sqlite.ts";
import { openPostgres } from "../../tests/support/postgres_client.ts";
import { PostgresServer } from "../../tests/support/postgres_server.ts";
import { RedisConnection } from "../../tests/support/redis_connection.ts";
import { RedisServer } from "../../tests/support/redis_server.ts";

/** A history that is there when a process starts. */
export interface History extends AsyncDisposable {
  readonly log: EventLog;
  /** The IDs of its events. */
  readonly ids: readonly string[];
  /** How many requests it takes to read it once. */
  readonly pages: number;
  /** How many requests there were so far. */
  commands(): number;
}

// 250 bytes with the rest of the frame; the "~" is counted.
const DATA = "~".padEnd(216, "x");
const APPENDS = 100;

/** Makes histories of so many events, of one user after the other. */
export const openHistories: Readonly<
  Record<string, (events: number, users: number) => Promise<History>>
> = {
  Redis: openRedis,
  "Deno KV": openKv,
  SQLite: openSqlite,
  PostgreSQL: openPostgresHistory,
};

async function openRedis(events: number, users: number): Promise<History> {
  const stack = new AsyncDisposableStack();
  const redis = stack.use(await RedisServer.start());
  const connection = stack.use(await RedisConnection.open(redis.port));
  let commands = 0;
  const count = (client: RedisClient): RedisClient => ({
    send(command) {
      commands++;
      return client.send(command);
    },
    duplicate: async () => count(await client.duplicate()),
    close: () => client.close(),
  });
  const options = { maxEvents: 2 * events };
  const log = new RedisStreamsEventLog(count(connection), "bench", options);
  return await fillHistory(log, events, users, () => commands, stack);
}

async function openKv(events: number, users: number): Promise<History> {
  const stack = new AsyncDisposableStack();
  const directory = await Deno.makeTempDir();
  stack.defer(() => Deno.remove(directory, { recursive: true }));
  const kv = await Deno.openKv(`${directory}/kv.db`);
  stack.defer(() => kv.close());
  let commands = 0;
  const store: KvStore = {
    get(key) {
      commands++;
      return kv.get(key);
    },
    list(selector, options) {
      commands++;
      return kv.list(selector as Deno.KvListSelector, options);
    },
    watch: (keys) => kv.watch(keys as Deno.KvKey[]),
    atomic: () => kv.atomic() as ReturnType<KvStore["atomic"]>,
  };
  const options = { maxEvents: 2 * events };
  const log = new DenoKvEventLog(store, ["bench"], options);
  return await fillHistory(log, events, users, () => commands, stack);
}

async function openSqlite(events: number, users: number): Promise<History> {
  const stack = new AsyncDisposableStack();
  const directory = await Deno.makeTempDir();
  stack.defer(() => Deno.remove(directory, { recursive: true }));
  const db = stack.adopt(
    new DatabaseSync(`${directory}/events.db`),
    (db) => db.close(),
  );
  let commands = 0;
  const counting: SqliteDatabase = {
    exec: (sql) => db.exec(sql),
    prepare(sql) {
      const statement = db.prepare(sql);
      const isRead = sql.startsWith("SELECT");
      return {
        run: (...values) => statement.run(...values),
        get(...values) {
          if (isRead) commands++;
          return statement.get(...values);
        },
        all(...values) {
          if (isRead) commands++;
          return statement.all(...values);
        },
      };
    },
    get isTransaction() {
      return db.isTransaction;
    },
  };
  const options = { maxEvents: 2 * events, wal: true };
  const log = new SqliteEventLog(counting, "bench", options);
  return await fillHistory(log, events, users, () => commands, stack);
}

async function openPostgresHistory(
  events: number,
  users: number,
): Promise<History> {
  const stack = new AsyncDisposableStack();
  const server = stack.use(await PostgresServer.start());
  const client = stack.use(openPostgres(server.url));
  let commands = 0;
  const options = { maxEvents: 2 * events };
  const log = new PostgresEventLog(
    {
      ...client,
      query(...args) {
        commands++;
        return client.query(...args);
      },
    },
    "bench",
    options,
  );
  return await fillHistory(log, events, users, () => commands, stack);
}

/** Fills a log, and gives it with what belongs to it. */
async function fillHistory(
  log: EventLog,
  events: number,
  users: number,
  commands: () => number,
  stack: AsyncDisposableStack,
): Promise<History> {
  return {
    log,
    ids: await fill(log, events, users),
    pages: await countPages(log, commands),
    commands,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function fill(
  log: EventLog,
  events: number,
  users: number,
): Promise<string[]> {
  const ids: string[] = [];
  for (let first = 0; first < events; first += APPENDS) {
    const appends = Array.from({ length: APPENDS }, (_, index) => {
      const topics = [`user:${(first + index) % users}`];
      return log.append({ event: "tick", data: DATA }, { topics });
    });
    ids.push(...await Promise.all(appends));
  }
  return ids;
}

async function countPages(
  log: EventLog,
  commands: () => number,
): Promise<number> {
  let cursor = await log.rewind(Infinity);
  const before = commands();
  for (;;) {
    const batch = await log.read(cursor, { limit: 256, maxBytes: Infinity });
    if (batch.events.length === 0) return commands() - before;
    cursor = batch.cursor;
  }
}
