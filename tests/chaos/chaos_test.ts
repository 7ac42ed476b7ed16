// Copyright 2026 the Tidings authors. MIT license.

/**
 * Chaos with real processes, for a few seconds. The environment variable
 * `CHAOS_SECONDS` makes each test take longer, and `SEED` repeats what was drawn.
 */

import { assert, assertEquals } from "@std/assert";
import { type ChaosOptions, type ChaosReport, runChaos } from "./_chaos.ts";
import { runHerd } from "./_herd.ts";
import {
  hasPostgres,
  postgresNote,
  PostgresServer,
} from "../support/postgres_server.ts";
import { Random } from "../support/random.ts";
import { hasRedis, redisNote, RedisServer } from "../support/redis_server.ts";
import { makeDatabaseFile } from "../support/sqlite.ts";
import { hasSignals, signalNote } from "../support/send_signal.ts";

const duration = 1000 * Number(Deno.env.get("CHAOS_SECONDS") ?? 2);
const seed = Number(
  Deno.env.get("SEED") ?? Math.floor(Math.random() * 2 ** 31),
);

/** Enough for all that a subscriber can miss, and far too little. */
const LONG = 10_000_000;
const SHORT = 200;

interface Engine {
  name: string;
  note: string;
  ignore: boolean;
  run: (maxEvents: number) => Promise<ChaosReport>;
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

for (const { name, note, ignore, run } of ENGINES) {
  Deno.test(`chaos: ${name} loses nothing${note}`, { ignore }, async () => {
    const report = await run(LONG);
    assertEquals(report.gaps, 0);
  });

  Deno.test(
    `chaos: ${name} with a short history passes over nothing in silence${note}`,
    { ignore },
    async () => {
      await run(SHORT);
    },
  );
}

Deno.test(
  `chaos: a herd comes back to Deno KV, and each gets its own${signalNote}`,
  {
    ignore: !hasSignals,
  },
  async () => {
    const directory = await Deno.makeTempDir();
    try {
      const kv = `${directory}/kv.db`;
      show(await runHerd({ kv, maxEvents: LONG }));
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
);

Deno.test(
  `chaos: a herd comes back to SQLite, and each gets its own${signalNote}`,
  {
    ignore: !hasSignals,
  },
  async () => {
    await using file = await makeDatabaseFile();
    show(await runHerd({ sqlite: file.path, maxEvents: LONG }));
  },
);

Deno.test(
  `chaos: a herd comes back to Redis, and each gets its own${redisNote}`,
  {
    ignore: !hasRedis,
  },
  async () => {
    await using redis = await RedisServer.start();
    show(await runHerd({ redis: redis.port, maxEvents: LONG }));
  },
);

Deno.test(
  `chaos: a herd comes back to PostgreSQL, and each gets its own${postgresNote}`,
  {
    ignore: !hasPostgres,
  },
  async () => {
    await using server = await PostgresServer.start({ isDurable: true });
    show(await runHerd({ postgres: server.url, maxEvents: LONG }));
  },
);

async function runOnKv(maxEvents: number): Promise<ChaosReport> {
  const directory = await Deno.makeTempDir();
  try {
    return await run({ engine: { kv: `${directory}/kv.db`, maxEvents } });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function runOnSqlite(maxEvents: number): Promise<ChaosReport> {
  await using file = await makeDatabaseFile();
  return await run({ engine: { sqlite: file.path, maxEvents } });
}

async function runOnRedis(maxEvents: number): Promise<ChaosReport> {
  await using redis = await RedisServer.start();
  return await run({
    engine: { redis: redis.port, maxEvents },
    database: redis,
  });
}

async function runOnPostgres(maxEvents: number): Promise<ChaosReport> {
  await using server = await PostgresServer.start({ isDurable: true });
  const engine = { postgres: server.url, maxEvents };
  return await run({ engine, database: server });
}

async function run(
  options: Omit<ChaosOptions, "random" | "duration">,
): Promise<ChaosReport> {
  try {
    const random = new Random(seed);
    const result = await runChaos({ ...options, random, duration });
    show(result);
    assert(result.kills > 0, "Nothing was killed");
    return result;
  } catch (error) {
    throw new Error(`Failed, run again with SEED=${seed}: ${error}`, {
      cause: error,
    });
  }
}

/** Shows what came of a run that was asked to be long. */
function show(result: unknown): void {
  if (duration > 10_000) console.log(result);
}
