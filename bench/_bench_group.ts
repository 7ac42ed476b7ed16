// Copyright 2026 the Tidings authors. MIT license.

/** Hands contestants to `deno bench`. */

import type { Contestant } from "./_measure.ts";

/**
 * Registers the contestants as one group; the first, ours, is its baseline. A peer
 * with a wrong result is left out, with a line that says so. Throws where ours is.
 */
export async function benchGroup(
  group: string,
  contestants: readonly Contestant[],
): Promise<void> {
  for (const [index, { name, check, run }] of contestants.entries()) {
    try {
      await check?.();
    } catch (error) {
      if (index === 0) throw error;
      console.warn(`${name} is left out of ${group}: ${error}`);
      continue;
    }
    // As it is: Deno.bench() awaits only what is declared as an async function.
    Deno.bench({ name, group, baseline: index === 0, fn: run });
  }
}
