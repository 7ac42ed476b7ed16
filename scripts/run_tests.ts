// Copyright 2026 the Tidings authors. MIT license.

/**
 * Runs `deno test`, with the examples in the documentation, and closes with the line
 * `N passed, N failed`, to which `, N skipped` is added where tests were ignored.
 * Arguments are handed on: `deno task test tests/parser/parser_test.ts`. Without one, it
 * runs all tests but the slow ones, and with `--slow` only those.
 *
 * All tests are run by three processes at once. A test that fails is run once more by
 * itself, as `_second_run.ts` describes.
 *
 * @module
 */

import { importMapArgs } from "./_import_map.ts";
import { listFiles } from "./_list_files.ts";
import { readJunitReport, type TestOutcome } from "./_junit_report.ts";
import { runSecondTime } from "./_second_run.ts";

/** Tests that take long: processes are killed, packages built, peers run, heaps filled. */
const SLOW = [
  "tests/chaos/",
  "tests/docs/comparison_test.ts",
  "tests/docs/deploying_test.ts",
  "tests/docs/durable_logs_test.ts",
  "tests/docs/redis_adapters_test.ts",
  "tests/log/memory_size_test.ts",
  "tests/node/versions_test.ts",
  "tests/package/bench_peers_test.ts",
  "tests/package/dnt_test.ts",
  "tests/package/npm_bin_test.ts",
  "tests/package/npm_package_test.ts",
  "tests/parser/memory_test.ts",
];

/** How many processes run all tests, most of which wait: two processors are not idle then. */
const PROCESSES = 3;

const importMap = await importMapArgs();
const first = await runAll();
const flaky = await runSecondTime(
  first.failed,
  async ({ name, file }) => {
    // An error outside of a test is in no report: a second run could not repeat it.
    if (first.hasOtherErrors) return false;
    const filter = `--filter=/^${RegExp.escape(name)}$/`;
    const second = await runTests([file, filter], print);
    return second.passed > 0 && second.failed.length === 0 &&
      !second.hasOtherErrors;
  },
);

const failed = first.failed.length - flaky.length;
// Without a report nothing ran, as when a file does not compile.
const failures = first.hasOtherErrors ? Math.max(failed, 1) : failed;
console.log(
  `${first.passed + flaky.length} passed, ${failures} failed` +
    (first.skipped > 0 ? `, ${first.skipped} skipped` : ""),
);
Deno.exit(failures > 0 ? 1 : 0);

/** Takes what a call of `deno test` prints. */
type OnOutput = (chunk: Uint8Array) => void | Promise<void>;

/** The outcome of a call of `deno test`. */
interface TestRun extends TestOutcome {
  /** Whether it failed outside of a test, such as by a type error. */
  hasOtherErrors: boolean;
}

/**
 * Runs what the arguments name, or all tests: by several processes, since most tests wait
 * for a socket, a timer or an engine.
 */
async function runAll(): Promise<TestRun> {
  if (Deno.args[0] === "--slow") return await runTests(SLOW, print);
  if (Deno.args.length > 0) return await runTests(Deno.args, print);
  const files = (await listFiles("tests")).map((name) => `tests/${name}`)
    .filter((name) => name.endsWith("_test.ts"))
    .filter((name) => !SLOW.some((slow) => name.startsWith(slow)));
  const parts = Array.from(
    { length: PROCESSES },
    (_, part) => files.filter((_, index) => index % PROCESSES === part),
  );
  // The first process also takes the examples, which may be in any file. Only it checks
  // types: `deno task check` does so for all tests.
  const others = parts.slice(1);
  const outputs = others.map((): Uint8Array[] => []);
  const runs = await Promise.all([
    runTests([`--ignore=${[...SLOW, ...others.flat()].join()}`], print),
    ...others.map((part, index) =>
      runTests(
        ["--no-check", ...part],
        (chunk) => void outputs[index]!.push(chunk),
      )
    ),
  ]);
  for (const chunk of outputs.flat()) await print(chunk);
  const sum = (count: (run: TestRun) => number) =>
    runs.reduce((sum, run) => sum + count(run), 0);
  return {
    passed: sum(({ passed }) => passed),
    skipped: sum(({ skipped }) => skipped),
    failed: runs.flatMap(({ failed }) => failed),
    hasOtherErrors: runs.some(({ hasOtherErrors }) => hasOtherErrors),
  };
}

async function runTests(args: string[], onOutput: OnOutput): Promise<TestRun> {
  const report = await Deno.makeTempFile({ suffix: ".xml" });
  const { stdout, status } = new Deno.Command(Deno.execPath(), {
    args: [
      "test",
      "-A",
      "--doc",
      // Nothing listens on a fixed port, or where other machines reach it.
      "--preload=tests/support/loopback_guard.ts",
      `--junit-path=${report}`,
      ...importMap,
      ...args,
    ],
    env: { NO_COLOR: "1" },
    stdout: "piped",
  }).spawn();
  const hasUncaughtErrors = await passAndSearch(stdout, onOutput);
  const { code } = await status;
  const outcome = readJunitReport(await Deno.readTextFile(report));
  await Deno.remove(report);
  const isExplained = code === 0 || outcome.failed.length > 0;
  return { ...outcome, hasOtherErrors: hasUncaughtErrors || !isExplained };
}

/** Passes the output on, and tells whether it names an error outside of a test. */
async function passAndSearch(
  stdout: ReadableStream<Uint8Array<ArrayBuffer>>,
  onOutput: OnOutput,
): Promise<boolean> {
  const text = "(uncaught error)\n";
  const decoder = new TextDecoder();
  let isFound = false;
  let end = "";
  for await (const chunk of stdout) {
    await onOutput(chunk);
    const searched = end + decoder.decode(chunk, { stream: true });
    isFound ||= searched.includes(text);
    end = searched.slice(-text.length);
  }
  return isFound;
}

/** Writes all of it, as `@std/io` does: it is not known yet whether JSR can be reached. */
async function print(bytes: Uint8Array): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    written += await Deno.stdout.write(bytes.subarray(written));
  }
}
