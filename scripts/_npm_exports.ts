// Copyright 2026 the Tidings authors. MIT license.

/**
 * What the package has on npm, for both that build it: dnt to publish it, and
 * `deno pack` to test it. Names, exports and files come from deno.json.
 */

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

/** The files that are for people: `README.md`, `LICENSE` and so on. */
export const npmDocuments: string[] = config.publish.include
  .filter((file) => !/\.(?:ts|json)$/.test(file));

/** The language and the libraries of Node 20, the oldest that is served. */
export const nodeCompilerOptions = {
  target: "ES2022",
  lib: [
    "ES2022",
    "ES2024.String",
    "ESNext.Disposable",
    "DOM",
    "DOM.Iterable",
    "DOM.AsyncIterable",
  ],
};

/** An exact version, so that a new release never breaks an old commit. */
export const nodeTypes = { name: "@types/node", version: "20.19.43" };
