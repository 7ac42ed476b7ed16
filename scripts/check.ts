// Copyright 2026 the Tidings authors. MIT license.

/** All that `deno task ok` asks of the code but the tests. */

import { importMapArgs } from "./_import_map.ts";
import config from "../deno.json" with { type: "json" };

const importMap = await importMapArgs();
const entryPoints = Object.values(config.exports);

const steps: string[][] = [
  ["fmt", "--check"],
  ["lint"],
  ["check", ...importMap, ...entryPoints, "tests/", "scripts/"],
  ["check", "--config=bench/deno.json", "bench/"],
  ["doc", "--lint", ...entryPoints],
  ["publish", "--dry-run", "--allow-dirty"],
];

for (const args of steps) {
  console.log(`deno ${args.join(" ")}`);
  const { code } = await new Deno.Command(Deno.execPath(), { args }).spawn()
    .status;
  if (code !== 0) Deno.exit(code);
}
