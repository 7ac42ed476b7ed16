// Copyright 2026 the Tidings authors. MIT license.

/**
 * Chaos with real processes that produce and serve runs, for a few seconds. The
 * environment variables `CHAOS_SECONDS` and `SEED` are as for `chaos_test.ts`.
 */

import { assert } from "@std/assert";
import {
  hasPostgres,
  postgresNote,
  PostgresServer,
} from "../support/postgres_server.ts";
import { Random } from "../support/random.ts";
import { hasRedis, redisNote, RedisServer } from "../support/redis_server.ts";
import { runRunsChaos, type RunsChaosOptions } from "./_runs_chaos.ts";
import { makeDatabaseFile } from "../support/sqlite.ts";
import { hasSignals, signalNote } from "../support/send_signal.ts";

const duration = 1000 * Number(Deno.env.get("CHAOS_SECONDS") ?? 2);
const seed = Number(
  Deno.env.get("SEED") ?? Math.floor(Math.random() * 2 ** 31),
);

Deno.test(`chaos: runs in Redis end once, and are told whole${redisNote}`, {
  ignore: !hasRedis,
}, async () => {
  await using redis = await RedisServer.start();
  await run({ engine: { redis: redis.port }, database: redis });
});

Deno.test(
  `chaos: runs in PostgreSQL end once, and are told whole${postgresNote}`,
  {
    ignore: !hasPostgres,
  },
  async () => {
    await using server = await PostgresServer.start({ isDurable: true });
    await run({ engine: { postgres: server.url }, database: server });
  },
);

Deno.test(`chaos: runs in Deno KV end once, and are told whole${signalNote}`, {
  ignore: !hasSignals,
}, async () => {
  const directory = await Deno.makeTempDir();
  try {
    await run({ engine: { kv: `${directory}/kv.db` } });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test(`chaos: runs in SQLite end once, and are told whole${signalNote}`, {
  ignore: !hasSignals,
}, async () => {
  await using file = await makeDatabaseFile();
  await run({ engine: { sqlite: file.path } });
});

async function run(
  options: Omit<RunsChaosOptions, "random" | "duration">,
): Promise<void> {
  try {
    const random = new Random(seed);
    const report = await runRunsChaos({ ...options, random, duration });
    if (duration > 10_000) console.log(report);
    assert(report.kills > 0, "Nothing was killed");
    assert(report.done > 0, "No run has come to its end");
  } catch (error) {
    throw new Error(`Failed with seed ${seed}`, { cause: error });
  }
}
