// Copyright 2026 the Tidings authors. MIT license.

/**
 * Bundles modules of TypeScript as one file of JavaScript, for the sizes, the browsers and the
 * other runtimes.
 *
 * @module
 */

import { runTool } from "./_run_tool.ts";
import { findEsbuild } from "./_tools.ts";

/** Options for {@linkcode bundle}. */
export interface BundleOptions {
  /** Without names and spaces that only people need. */
  minify?: boolean;
  /** For a page, as with `minify`: packages may have other modules for it. */
  isForPage?: boolean;
  /** Modules that the runtime has. */
  external?: string[];
  importMap?: string;
  /** A `deno.json` other than that of the package. */
  config?: string;
}

/** Bundles a file with all that it imports, but for `node:` modules. */
export async function bundle(
  entryPoint: string,
  { minify = false, isForPage = minify, external = [], importMap, config }:
    BundleOptions = {},
): Promise<string> {
  const args = ["bundle", "--quiet"];
  if (minify) args.push("--minify");
  if (isForPage) args.push("--platform=browser");
  for (const name of external) args.push(`--external=${name}`);
  if (importMap !== undefined) args.push(`--import-map=${importMap}`);
  if (config !== undefined) args.push(`--config=${config}`);
  return await runTool(Deno.execPath(), [...args, entryPoint]);
}

/** Rewrites syntax that Node 20 does not read, such as `await using`. */
export async function lowerSyntax(code: string): Promise<string> {
  return await runTool(
    await findEsbuild(),
    ["--target=node20", "--log-level=error"],
    { input: code },
  );
}
