// Copyright 2026 the Tidings authors. MIT license.

/**
 * Prints how many bytes fewer the bundle of an export has without each of its modules,
 * minified and gzipped: `deno task size:modules parser.ts`. Text that two modules share
 * counts for neither, so the rows add up to less than the whole.
 *
 * @module
 */

import { bundle } from "./_bundle.ts";
import { gzippedSize } from "./_gzipped_size.ts";
import { runTool } from "./_run_tool.ts";
import { findEsbuild } from "./_tools.ts";

const [file = "parser.ts"] = Deno.args;
const esbuild = await findEsbuild();
const code = await bundle(file);
// The exports become a call: a bundle that lacks a module could not export from it.
const parts = code
  .replace(/export \{([^}]*)\};?\s*$/, (_, names: string) => {
    return `console.log(${names.replaceAll(/ as \w+/g, "")})`;
  })
  .split(/^\/\/ (?=\S+\.ts$)/m);

const whole = await measure(parts);
const rows: [module: string, bytes: number][] = [];
for (const [index, part] of parts.entries()) {
  if (index === 0) continue;
  const [module = ""] = part.split("\n", 1);
  rows.push([module, whole - await measure(parts.toSpliced(index, 1))]);
}
rows.sort(([, a], [, b]) => b - a);
for (const [module, bytes] of [...rows, [file, whole] as const]) {
  console.log(module.padEnd(40) + `${bytes}`.padStart(6));
}

async function measure(parts: readonly string[]): Promise<number> {
  const input = parts.map((part) => part.replace(/^\S+\.ts$/m, "")).join("\n");
  const args = ["--minify", "--format=esm", "--log-level=error"];
  return await gzippedSize(await runTool(esbuild, args, { input }));
}
