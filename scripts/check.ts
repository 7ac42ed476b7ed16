// Copyright 2026 the Tidings authors. MIT license.

/**
 * Runs the checks of `deno task ok` that are not tests: format, lint, types, documentation and
 * the package.
 *
 * @module
 */

import { importMapArgs } from "./_import_map.ts";
import config from "../deno.json" with { type: "json" };

const importMap = await importMapArgs();
const entryPoints = Object.values(config.exports);
// `npm_bin.js` imports what is there only in the npm package.
const scripts = [...Deno.readDirSync("scripts")].map(({ name }) => name)
  .filter((name) => name.endsWith(".ts")).map((name) => `scripts/${name}`);

const steps: string[][] = [
  ["fmt", "--check"],
  ["lint"],
  ["check", ...importMap, ...entryPoints, "tests/", ...scripts],
  // The examples of the documentation, which may be in any file.
  ["check", "--doc-only", ...importMap, "."],
  ["check", "--config=bench/deno.json", "bench/"],
  ["publish", "--dry-run", "--allow-dirty"],
];

// A superclass that may be missing has to be a variable for JSR, and a variable that is not
// exported is an error for `deno doc --lint`.
const ACCEPTED_REGEXP = /references private type 'Platform\w+'/;

for (const args of steps) {
  console.log(`deno ${args.join(" ")}`);
  const { code } = await new Deno.Command(Deno.execPath(), { args }).spawn()
    .status;
  if (code !== 0) Deno.exit(code);
}

console.log("deno doc --lint");
const { stderr } = await new Deno.Command(Deno.execPath(), {
  args: ["doc", "--lint", ...entryPoints],
  env: { NO_COLOR: "1" },
  stdout: "null",
}).output();
const errors = new TextDecoder().decode(stderr).split(/^(?=error\[)/m)
  .filter((text) => text.startsWith("error[") && !ACCEPTED_REGEXP.test(text));
for (const error of errors) console.error(error);
Deno.exit(errors.length > 0 ? 1 : 0);
