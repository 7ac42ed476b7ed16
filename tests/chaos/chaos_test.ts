// Copyright 2026 the Tidings authors. MIT license.

/**
 * Chaos with real processes, for a few seconds. The environment variable
 * `CHAOS_SECONDS` makes each test take longer, and `SEED` repeats what was drawn.
 */

import { assert, assertEquals } from "@std/assert";
import { type ChaosReport, runChaos } from "./_chaos.ts";
import { DURATION, type Engine, ENGINES, SEED } from "./_engines.ts";
import { runHerd } from "./_herd.ts";
import { Random } from "../support/random.ts";

/** Enough for all that a subscriber can miss, and far too little. */
const LONG = 10_000_000;
const SHORT = 200;

for (const engine of ENGINES) {
  const { name, note, ignore, open } = engine;
  Deno.test(`chaos: ${name} loses nothing${note}`, { ignore }, async () => {
    const report = await run(engine, LONG);
    assertEquals(report.gaps, 0);
  });

  Deno.test(
    `chaos: ${name} with a short history passes over nothing in silence${note}`,
    { ignore },
    async () => {
      await run(engine, SHORT);
    },
  );

  Deno.test(
    `chaos: a herd comes back to ${name}, and each gets its own${note}`,
    { ignore },
    async () => {
      await using opened = await open();
      show(await runHerd({ ...opened.address, maxEvents: LONG }));
    },
  );
}

async function run({ open }: Engine, maxEvents: number): Promise<ChaosReport> {
  await using opened = await open();
  const { address, database } = opened;
  try {
    const result = await runChaos({
      engine: { ...address, maxEvents },
      database,
      random: new Random(SEED),
      duration: DURATION,
    });
    show(result);
    assert(result.kills > 0, "Nothing was killed");
    return result;
  } catch (error) {
    throw new Error(`Failed, run again with SEED=${SEED}: ${error}`, {
      cause: error,
    });
  }
}

/** Shows what came of a run that was asked to be long. */
function show(result: unknown): void {
  if (DURATION > 10_000) console.log(result);
}
