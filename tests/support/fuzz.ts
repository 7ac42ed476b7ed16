// Copyright 2026 the Tidings authors. MIT license.

/**
 * The seed and the length of the fuzz tests in `tests/fuzz/`, from the environment
 * variables `SEED` and `FUZZ_SECONDS`.
 *
 * @module
 */

/**
 * The seed to begin with: `SEED`, or another one at each run. It is printed, since a
 * fuzz that ends the process has no other way to tell it.
 *
 * @returns An integer of at least 0.
 */
export function fuzzSeed(): number {
  const seed = Number(
    Deno.env.get("SEED") ?? Math.floor(Math.random() * 2 ** 31),
  );
  console.log(`fuzz: SEED=${seed}`);
  return seed;
}

/**
 * Starts the time that one fuzz test takes.
 *
 * @param defaultMs Milliseconds, unless `FUZZ_SECONDS` gives the time.
 * @returns Tells whether the time is up.
 */
export function fuzzDeadline(defaultMs: number): () => boolean {
  const seconds = Deno.env.get("FUZZ_SECONDS");
  const end = performance.now() +
    (seconds === undefined ? defaultMs : Number(seconds) * 1000);
  return () => performance.now() >= end;
}
