// Copyright 2026 the Tidings authors. MIT license.

/**
 * Chaos with real processes that produce and serve runs, for a few seconds. The
 * environment variables `CHAOS_SECONDS` and `SEED` are as for `chaos_test.ts`.
 */

import { assert } from "@std/assert";
import { DURATION, type Engine, ENGINES, SEED } from "./_engines.ts";
import { Random } from "../support/random.ts";
import { runRunsChaos } from "./_runs_chaos.ts";

for (const engine of ENGINES) {
  const { name, note, ignore } = engine;
  Deno.test(
    `chaos: runs in ${name} end once, and are told whole${note}`,
    { ignore },
    () => run(engine),
  );
}

async function run({ open }: Engine): Promise<void> {
  await using opened = await open();
  const { address, database } = opened;
  try {
    const report = await runRunsChaos({
      engine: address,
      database,
      random: new Random(SEED),
      duration: DURATION,
    });
    if (DURATION > 10_000) console.log(report);
    assert(report.kills > 0, "Nothing was killed");
    assert(report.done > 0, "No run has come to its end");
  } catch (error) {
    throw new Error(`Failed with seed ${SEED}`, { cause: error });
  }
}
