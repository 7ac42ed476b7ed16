// Copyright 2026 the Tidings authors. MIT license.

/**
 * Runs tests that failed a second time, each by itself. On a machine with other work, now
 * and then one of tens of thousands of tests waits too long for a process or a socket. A
 * test that passes then is printed as flaky and counts as passed: the fault is the test's,
 * and not that of the change which is tested. `run_tests.ts` and `test_runtime.ts` call it.
 *
 * @module
 */

/** The most failures that are run again. If more tests fail, the code is at fault. */
const MOST_SECOND_RUNS = 3;

/**
 * Runs the tests that failed once more, and prints a line for each that begins with
 * `flaky:` or `FAILED:`.
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
