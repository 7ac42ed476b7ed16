// Copyright 2026 the Tidings authors. MIT license.

/**
 * Runs `deno test`, with the examples in the documentation, and closes with the
 * line `N passed, N failed`, to which `, N skipped` is added where tests were
 * ignored. Arguments are handed on: `deno task test tests/parser/parser_test.ts`.
 */

import { importMapArgs } from "./_import_map.ts";

const SUMMARY_REGEXP =
  /^(?:ok|FAILED) \| (\d+) passed(?: \(\d+ steps?\))? \| (\d+) failed(?: \(\d+ steps?\))?(?: \| (\d+) ignored)?/m;

const test = new Deno.Command(Deno.execPath(), {
  args: ["test", "-A", "--doc", ...await importMapArgs(), ...Deno.args],
  env: { NO_COLOR: "1" },
  stdout: "piped",
}).spawn();

let output = "";
const decoder = new TextDecoder();
for await (const chunk of test.stdout) {
  await Deno.stdout.write(chunk);
  output += decoder.decode(chunk, { stream: true });
}
const { code } = await test.status;

const summary = SUMMARY_REGEXP.exec(output);
const [passed = 0, failed = 0, skipped = 0] =
  summary?.slice(1).map((count) => Number(count ?? 0)) ?? [];
// Without a summary nothing ran, as when a file does not compile.
const failures = code !== 0 ? Math.max(failed, 1) : failed;
console.log(
  `${passed} passed, ${failures} failed` +
    (skipped > 0 ? `, ${skipped} skipped` : ""),
);
Deno.exit(code);
