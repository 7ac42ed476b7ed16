// Copyright 2026 the Tidings authors. MIT license.

/**
 * Runs `deno test`, with the examples in the documentation, and closes with the line
 * `N passed, N failed`, to which `, N skipped` is added where tests were ignored.
 * Arguments are handed on: `deno task test tests/parser/parser_test.ts`. Without one, it
 * runs all but what has a task of its own.
 *
 * @module
 */

import { importMapArgs } from "./_import_map.ts";

/** What takes long and has a task of its own: `deno task test:slow`. */
const SLOW = ["tests/chaos/"];

const SUITE_REGEXP =
  /<testsuite [^>]*?tests="(\d+)" disabled="(\d+)" errors="(\d+)" failures="(\d+)"/g;

const ignored = Deno.args.length === 0 ? [`--ignore=${SLOW.join()}`] : [];
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
    ...ignored,
    ...Deno.args,
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
