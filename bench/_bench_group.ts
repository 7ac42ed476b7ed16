// Copyright 2026 the Tidings authors. MIT license.

/** Hands contestants to `deno bench`. */

import type { Contestant } from "./_measure.ts";

/** Registers the contestants as one group; the first, ours, is its baseline. */
export function benchGroup(
  group: string,
  contestants: readonly Contestant[],
): void {
  for (const [index, { name, run }] of contestants.entries()) {
    // As it is: Deno.bench() awaits only what is declared as an async function.
    Deno.bench({ name, group, baseline: index === 0, fn: run });
  }
}
