// Copyright 2026 the Tidings authors. MIT license.

/** What the package has on npm, taken from deno.json, which is its one description. */

import config from "../deno.json" with { type: "json" };

export const { name, version, license } = config;

/** Exports that need Deno, and are on JSR alone. */
const DENO_EXPORTS = ["./cli"];

/** The path of each export, and its file. */
export const npmExports: Record<string, string> = Object.fromEntries(
  Object.entries(config.exports)
    .filter(([path]) => !DENO_EXPORTS.includes(path)),
);

/** What a program imports: `@tidings/sse`, `@tidings/sse/parser` and so on. */
export const npmSpecifiers: string[] = Object.keys(npmExports)
  .map((path) => name + path.slice(1));
