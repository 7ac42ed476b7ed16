// Copyright 2026 the Tidings authors. MIT license.

/**
 * Runs tests that failed once more, each by itself. With tens of thousands of tests on a
 * machine that is shared, now and then one fails that has waited in vain for a process or
 * a socket. Such a test is printed as flaky and counts as passed: it is a fault of its own,
 * and not one of the change that is tested. What is broken fails again.
 *
 * @module
 */

/** The most failures of a run that are tried again: where more fail, the code is at fault. */
const MOST_SECOND_RUNS = 3;

/**
 * Runs what failed once more, and prints for each test how it ended: a line that begins
 * with `flaky:` or `FAILED:`.
 *
 * @param failed The tests that failed in the first run.
 * @param run Runs one of them, and tells whether it passed.
 * @returns Those that passed.
 */
export async function runSecondTime<T extends { name: string }>(
  failed: readonly T[],
  run: (test: T) => Promise<boolean>,
): Promise<T[]> {
  const flaky: T[] = [];
  for (const test of failed) {
    const passes = failed.length <= MOST_SECOND_RUNS && await run(test);
    if (passes) flaky.push(test);
    console.log(`${passes ? "flaky" : "FAILED"}: ${test.name}`);
  }
  return flaky;
}
