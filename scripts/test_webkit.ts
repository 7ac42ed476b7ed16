// Copyright 2026 the Tidings authors. MIT license.

/**
 * Runs the portable tests, and those in a browser, in WebKitGTK. It needs Debian's packages
 * `webkit2gtk-driver` and `xvfb`, which it installs where it runs as root. Arguments are files
 * of `tests/browser/` to run, and options of `deno test`, in place of all.
 *
 * @module
 */

import { requireWebKit } from "./_webkit.ts";

await requireWebKit();
const runs = Deno.args.length > 0 ? [["scripts/run_tests.ts", ...Deno.args]] : [
  ["scripts/test_runtime.ts", "webkit-page", "webkit-worker"],
  ["scripts/run_tests.ts", ...await findFiles()],
];
let isPassed = true;
for (const args of runs) {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", ...args],
    env: { TEST_WEBKIT: "1" },
    stdout: "inherit",
    stderr: "inherit",
  }).output();
  isPassed &&= success;
}
Deno.exit(isPassed ? 0 : 1);

async function findFiles(): Promise<string[]> {
  const files = [];
  for await (const { name } of Deno.readDir("tests/browser")) {
    if (name.endsWith("_browser.ts") && name !== "_browser.ts") {
      files.push(`tests/browser/${name}`);
    }
  }
  return files.sort();
}
