// Copyright 2026 the Tidings authors. MIT license.

/**
 * Runs `deno test`, with the examples in the documentation, and closes with the line
 * `N passed, N failed`, to which `, N skipped` is added where tests were ignored.
 * Arguments are handed on: `deno task test tests/parser/parser_test.ts`. Without one, it
 * runs all tests but the slow ones, and with `--slow` only those.
 *
 * @module
 */

import { importMapArgs } from "./_import_map.ts";

/** Tests that take long: processes are killed, packages built, peers run, heaps filled. */
const SLOW = [
  "tests/chaos/",
  "tests/docs/comparison_test.ts",
  "tests/docs/redis_adapters_test.ts",
  "tests/log/memory_size_test.ts",
  "tests/package/bench_peers_test.ts",
  "tests/package/dnt_test.ts",
  "tests/package/npm_bin_test.ts",
  "tests/package/npm_package_test.ts",
  "tests/parser/memory_test.ts",
];

const SUITE_REGEXP =
  /<testsuite [^>]*?tests="(\d+)" disabled="(\d+)" errors="(\d+)" failures="(\d+)"/g;

const files = Deno.args.length === 0
  ? [`--ignore=${SLOW.join()}`]
  : Deno.args[0] === "--slow"
  ? SLOW
  : Deno.args;
const report = await Deno.makeTempFile({ suffix: ".xml" });
const { code } = await new Deno.Command(Deno.execPath(), {
  args: [
    "test",
    "-A",
    "--doc",
    // Nothing listens on a fixed port, or where other machines reach it.
    "--preload=tests/support/loopback_guard.ts",
    `--junit-path=${report}`,
    ...await importMapArgs(),
    ...files,
  ],
  env: { NO_COLOR: "1" },
}).spawn().status;

const suites = [...(await Deno.readTextFile(report)).matchAll(SUITE_REGEXP)];
await Deno.remove(report);
const sum = (group: number) =>
  suites.reduce((sum, suite) => sum + Number(suite[group]), 0);
const skipped = sum(2);
const failed = sum(3) + sum(4);
const passed = sum(1) - skipped - failed;
// Without a report nothing ran, as when a file does not compile.
const failures = code !== 0 ? Math.max(failed, 1) : failed;
console.log(
  `${passed} passed, ${failures} failed` +
    (skipped > 0 ? `, ${skipped} skipped` : ""),
);
Deno.exit(code);
