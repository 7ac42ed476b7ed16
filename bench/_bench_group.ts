// Copyright 2026 the Tidings authors. MIT license.

/** Hands contestants to `deno bench`. */

import type { Contestant } from "./_measure.ts";

/** Milliseconds from which a run is slow. */
const SLOW = 50;

/** How often a slow one is run: by itself, `deno bench` would run it for many seconds. */
const SLOW_LIMITS = { warmup: 3, n: 10 };

/**
 * Registers the contestants as one group; the first, ours, is its baseline. A peer
 * with a wrong result is left out, with a line that says so. Throws where ours is.
 */
export async function benchGroup(
  group: string,
  contestants: readonly Contestant[],
): Promise<void> {
  for (const [index, { name, check, run }] of contestants.entries()) {
    let time: number;
    try {
      await check?.();
      const begin = performance.now();
      await run();
      time = performance.now() - begin;
    } catch (error) {
      if (index === 0) throw error;
      console.warn(`${name} is left out of ${group}: ${error}`);
      continue;
    }
    // As it is: Deno.bench() awaits only what is declared as an async function.
    const limits = time < SLOW ? {} : SLOW_LIMITS;
    Deno.bench({ name, group, baseline: index === 0, fn: run, ...limits });
  }
}
