// Copyright 2026 the Tidings authors. MIT license.

/**
 * The engines that chaos is run on, how long, and with which seed. The environment
 * variable `CHAOS_SECONDS` makes each test take longer, and `SEED` repeats what was drawn.
 */

import type { EngineServer } from "./_process.ts";
import {
  hasPostgres,
  postgresNote,
  PostgresServer,
} from "../support/postgres_server.ts";
import { hasRedis, redisNote, RedisServer } from "../support/redis_server.ts";
import { hasSignals, signalNote } from "../support/send_signal.ts";
import { makeDatabaseFile } from "../support/sqlite.ts";

/** Milliseconds of chaos, before all is left in peace to come to its end. */
export const DURATION: number = 1000 *
  Number(Deno.env.get("CHAOS_SECONDS") ?? 2);

/** The seed of all that is drawn. */
export const SEED = Number(
  Deno.env.get("SEED") ?? Math.floor(Math.random() * 2 ** 31),
);

/** Where the processes find an engine. */
export type EngineAddress =
  | { kv: string }
  | { redis: number }
  | { sqlite: string }
  | { postgres: string };

/** An engine that runs, without data at first. */
export interface OpenEngine extends AsyncDisposable {
  readonly address: EngineAddress;
  /** The server of the engine, if it has one that can be killed. */
  readonly database?: EngineServer;
}

/** An engine, and whether it can be run here. */
export interface Engine {
  readonly name: string;
  /** Why it cannot, for the name of a test. */
  readonly note: string;
  readonly ignore: boolean;
  readonly open: () => Promise<OpenEngine>;
}

export const ENGINES: readonly Engine[] = [
  { name: "Deno KV", note: signalNote, ignore: !hasSignals, open: openKv },
  { name: "SQLite", note: signalNote, ignore: !hasSignals, open: openSqlite },
  { name: "Redis", note: redisNote, ignore: !hasRedis, open: openRedis },
  {
    name: "PostgreSQL",
    note: postgresNote,
    ignore: !hasPostgres,
    open: openPostgres,
  },
];

async function openKv(): Promise<OpenEngine> {
  const directory = await Deno.makeTempDir();
  return {
    address: { kv: `${directory}/kv.db` },
    [Symbol.asyncDispose]: () => Deno.remove(directory, { recursive: true }),
  };
}

async function openSqlite(): Promise<OpenEngine> {
  const file = await makeDatabaseFile();
  return {
    address: { sqlite: file.path },
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  };
}

async function openRedis(): Promise<OpenEngine> {
  const database = await RedisServer.start();
  return {
    address: { redis: database.port },
    database,
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

async function openPostgres(): Promise<OpenEngine> {
  const database = await PostgresServer.start({ isDurable: true });
  return {
    address: { postgres: database.url },
    database,
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}
