// Copyright 2026 the Tidings authors. MIT license.

/**
 * Chaos with real processes that serve live state, for a few seconds. The environment
 * variables `CHAOS_SECONDS` and `SEED` are as for `chaos_test.ts`.
 */

import { assert } from "@std/assert";
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

for (const maxEvents of HISTORIES) {
  const history = maxEvents > 1000 ? "a long history" : "a short history";

  Deno.test(`chaos: state and changes in Redis, with ${history}${redisNote}`, {
    ignore: !hasRedis,
  }, async () => {
    await using redis = await RedisServer.start();
    await run({ engine: { redis: redis.port, maxEvents }, redis });
  });

  Deno.test(
    `chaos: state and changes in Deno KV, with ${history}${signalNote}`,
    {
      ignore: !hasSignals,
    },
    async () => {
      const directory = await Deno.makeTempDir();
      try {
        await run({ engine: { kv: `${directory}/kv.db`, maxEvents } });
      } finally {
        await Deno.remove(directory, { recursive: true });
      }
    },
  );

  Deno.test(
    `chaos: state and changes in SQLite, with ${history}${signalNote}`,
    {
      ignore: !hasSignals,
    },
    async () => {
      await using file = await makeDatabaseFile();
      await run({ engine: { sqlite: file.path, maxEvents } });
    },
  );
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
