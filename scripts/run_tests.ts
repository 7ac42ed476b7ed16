// Copyright 2026 the Tidings authors. MIT license.

/**
 * Runs `deno test`, with the examples in the documentation, and closes with the line
 * `N passed, N failed`, to which `, N skipped` is added where tests were ignored.
 * Arguments are handed on: `deno task test tests/parser/parser_test.ts`. Without one, it
 * runs all tests but the slow ones, and with `--slow` only those.
 *
 * All tests are run as a few modules at a time, as `_test_modules.ts` describes, without a
 * check of their types, which `deno task check` makes. A test that fails is run once more by
 * itself, as `_second_run.ts` describes.
 *
 * @module
 */

import { importMapArgs } from "./_import_map.ts";
import { listFiles } from "./_list_files.ts";
import { readJunitReport, type TestOutcome } from "./_junit_report.ts";
import { runSecondTime } from "./_second_run.ts";
import { writeTestModules } from "./_test_modules.ts";

/** Tests that take long: processes are killed, packages built, peers run, heaps filled. */
const SLOW = [
  "tests/channel/memory_test.ts",
  "tests/client/standstill_test.ts",
  "tests/chaos/",
  "tests/docs/comparison_test.ts",
  "tests/docs/deploying_test.ts",
  "tests/docs/durable_logs_test.ts",
  "tests/docs/redis_adapters_test.ts",
  "tests/log/memory_size_test.ts",
  "tests/logs/postgres_failover_test.ts",
  "tests/logs/postgres_routes_test.ts",
  "tests/node/versions_test.ts",
  "tests/package/bench_peers_test.ts",
  "tests/package/dnt_test.ts",
  "tests/package/npm_bin_test.ts",
  "tests/package/npm_package_test.ts",
  "tests/parser/memory_test.ts",
];

/**
 * How many modules run at once. Most tests wait: two processors would be idle with two. The
 * slow ones start processes of their own.
 */
const JOBS = Deno.env.get("DENO_JOBS") ??
  (Deno.args[0] === "--slow" ? "2" : "3");

const importMap = await importMapArgs();
const folder = await Deno.makeTempDir();
const args = await chooseTests(folder);
const first = await runTests(args);
const flaky = await runSecondTime(
  first.failed,
  async ({ name, file }) => {
    // An error outside of a test is in no report: a second run could not repeat it.
    if (first.hasOtherErrors) return false;
    const filter = `--filter=/^${RegExp.escape(name)}$/`;
    // The tests of a suite are run by the files that call it.
    const isOfSuite = file.startsWith("./tests/") && !file.endsWith("_test.ts");
    const where = isOfSuite ? args : ["--no-check", "--doc", file];
    const second = await runTests([...where, filter]);
    return second.passed > 0 && second.failed.length === 0 &&
      !second.hasOtherErrors;
  },
);
await Deno.remove(folder, { recursive: true });

const failed = first.failed.length - flaky.length;
// Without a report nothing ran, as when a file does not compile.
const failures = first.hasOtherErrors ? Math.max(failed, 1) : failed;
console.log(
  `${first.passed + flaky.length} passed, ${failures} failed` +
    (first.skipped > 0 ? `, ${first.skipped} skipped` : ""),
);
Deno.exit(failures > 0 ? 1 : 0);

/** The outcome of a call of `deno test`. */
interface TestRun extends TestOutcome {
  /** Whether it failed outside of a test, such as by a type error. */
  hasOtherErrors: boolean;
}

/**
 * Gives the arguments of `deno test` for what our arguments name, or for all tests.
 *
 * @param folder Where modules of tests may be written.
 */
async function chooseTests(folder: string): Promise<string[]> {
  const isSlow = Deno.args[0] === "--slow";
  if (Deno.args.length > 0 && !isSlow) return ["--doc", ...Deno.args];
  const files = (await listFiles("tests")).map((name) => `tests/${name}`)
    .filter((name) => name.endsWith("_test.ts"))
    .filter((name) => SLOW.some((slow) => name.startsWith(slow)) === isSlow);
  const modules = await writeTestModules(folder, files);
  const args = ["--parallel", "--no-check", ...modules];
  // Last come the examples: many small modules, which leave no processor idle at the end.
  return isSlow ? args : [...args, "--doc", ...await listExamples()];
}

/** What may have examples: `--ignore=tests .` ignores nothing beside other modules. */
async function listExamples(): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(".")) {
    const isOfProject = !name.startsWith(".") && name !== "tests";
    if (isOfProject && (isDirectory || /\.(?:ts|md)$/.test(name))) {
      names.push(name);
    }
  }
  return names;
}

async function runTests(args: string[]): Promise<TestRun> {
  const report = await Deno.makeTempFile({ suffix: ".xml" });
  const { stdout, status } = new Deno.Command(Deno.execPath(), {
    args: [
      "test",
      "-A",
      // Nothing listens on a fixed port, or where other machines reach it.
      "--preload=tests/support/loopback_guard.ts",
      `--junit-path=${report}`,
      ...importMap,
      ...args,
    ],
    env: { NO_COLOR: "1", DENO_JOBS: JOBS },
    stdout: "piped",
  }).spawn();
  const hasUncaughtErrors = await passAndSearch(stdout);
  const { code } = await status;
  const outcome = readJunitReport(await Deno.readTextFile(report));
  await Deno.remove(report);
  const isExplained = code === 0 || outcome.failed.length > 0;
  return { ...outcome, hasOtherErrors: hasUncaughtErrors || !isExplained };
}

/** Passes the output on, and tells whether it names an error outside of a test. */
async function passAndSearch(
  stdout: ReadableStream<Uint8Array<ArrayBuffer>>,
): Promise<boolean> {
  const text = "(uncaught error)\n";
  const decoder = new TextDecoder();
  let isFound = false;
  let end = "";
  for await (const chunk of stdout) {
    await print(chunk);
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
