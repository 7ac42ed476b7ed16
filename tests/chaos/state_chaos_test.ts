// Copyright 2026 the Tidings authors. MIT license.

/**
 * Chaos with real processes that serve live state, for a few seconds. The environment
 * variables `CHAOS_SECONDS` and `SEED` are as for `chaos_test.ts`.
 */

import { assert } from "@std/assert";
import { DURATION, type Engine, ENGINES, SEED } from "./_engines.ts";
import { Random } from "../support/random.ts";
import { runStateChaos } from "./_state_chaos.ts";

/** Enough for all that a client can miss, and so little that it gets a snapshot. */
const HISTORIES = [10_000_000, 30];

for (const maxEvents of HISTORIES) {
  const history = maxEvents > 1000 ? "a long history" : "a short history";
  for (const engine of ENGINES) {
    const { name, note, ignore } = engine;
    Deno.test(
      `chaos: state and changes in ${name}, with ${history}${note}`,
      { ignore },
      () => run(engine, maxEvents),
    );
  }
}

async function run({ open }: Engine, maxEvents: number): Promise<void> {
  await using opened = await open();
  const { address, database } = opened;
  try {
    const report = await runStateChaos({
      engine: { ...address, maxEvents },
      database,
      random: new Random(SEED),
      duration: DURATION,
    });
    if (DURATION > 10_000) console.log(report);
    assert(report.kills > 0, "Nothing was killed");
    assert(report.snapshots + report.pages > 0, "Nobody got the state");
  } catch (error) {
    throw new Error(`Failed with seed ${SEED}`, { cause: error });
  }
}
