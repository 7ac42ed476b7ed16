// Copyright 2026 the Tidings authors. MIT license.

/**
 * Chaos with real processes that serve live state, for a few seconds. The environment
 * variables `CHAOS_SECONDS` and `SEED` are as for `chaos_test.ts`.
 */

import { assert } from "@std/assert";
import {
  hasPostgres,
  postgresNote,
  PostgresServer,
} from "../support/postgres_server.ts";
import { Random } from "../support/random.ts";
import { hasRedis, redisNote, RedisServer } from "../support/redis_server.ts";
import { hasSignals, signalNote } from "../support/send_signal.ts";
import { makeDatabaseFile } from "../support/sqlite.ts";
import { runStateChaos, type StateChaosOptions } from "./_state_chaos.ts";

const duration = 1000 * Number(Deno.env.get("CHAOS_SECONDS") ?? 2);
const seed = Number(
  Deno.env.get("SEED") ?? Math.floor(Math.random() * 2 ** 31),
);

/** Enough for all that a client can miss, and so little that it gets a snapshot. */
const HISTORIES = [10_000_000, 30];

interface Engine {
  name: string;
  note: string;
  ignore: boolean;
  run: (maxEvents: number) => Promise<void>;
}

const ENGINES: Engine[] = [
  { name: "Deno KV", note: signalNote, ignore: !hasSignals, run: runOnKv },
  { name: "SQLite", note: signalNote, ignore: !hasSignals, run: runOnSqlite },
  { name: "Redis", note: redisNote, ignore: !hasRedis, run: runOnRedis },
  {
    name: "PostgreSQL",
    note: postgresNote,
    ignore: !hasPostgres,
    run: runOnPostgres,
  },
];

for (const maxEvents of HISTORIES) {
  const history = maxEvents > 1000 ? "a long history" : "a short history";
  for (const { name, note, ignore, run } of ENGINES) {
    Deno.test(
      `chaos: state and changes in ${name}, with ${history}${note}`,
      { ignore },
      () => run(maxEvents),
    );
  }
}

async function runOnKv(maxEvents: number): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await run({ engine: { kv: `${directory}/kv.db`, maxEvents } });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function runOnSqlite(maxEvents: number): Promise<void> {
  await using file = await makeDatabaseFile();
  await run({ engine: { sqlite: file.path, maxEvents } });
}

async function runOnRedis(maxEvents: number): Promise<void> {
  await using redis = await RedisServer.start();
  await run({ engine: { redis: redis.port, maxEvents }, database: redis });
}

async function runOnPostgres(maxEvents: number): Promise<void> {
  await using server = await PostgresServer.start({ isDurable: true });
  const engine = { postgres: server.url, maxEvents };
  await run({ engine, database: server });
}

async function run(
  options: Omit<StateChaosOptions, "random" | "duration">,
): Promise<void> {
  try {
    const random = new Random(seed);
    const report = await runStateChaos({ ...options, random, duration });
    if (duration > 10_000) console.log(report);
    assert(report.kills > 0, "Nothing was killed");
    assert(report.snapshots + report.pages > 0, "Nobody got the state");
  } catch (error) {
    throw new Error(`Failed with seed ${seed}`, { cause: error });
  }
}
