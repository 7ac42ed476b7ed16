// Copyright 2026 the Tidings authors. MIT license.

/**
 * What the package is on npm. Names, exports, files and the description come from
 * `deno.json`, so that npm and JSR have the same.
 *
 * @module
 */

import config from "../deno.json" with { type: "json" };

export const { name } = config;

/** What a program imports: `@tidings/sse`, `@tidings/sse/parser` and so on. */
export const npmSpecifiers: string[] = Object.keys(config.exports)
  .map((path) => name + path.slice(1));

/** The files that are for people: `README.md`, `LICENSE` and so on. */
export const npmDocuments: string[] = config.publish.include
  .filter((file) => !/\.(?:ts|json)$/.test(file));

/** The versions of Node that `require()` ES modules. */
export const NODE_RANGE = "^20.19.0 || >=22.12.0";

/** The program that `npx` runs. */
export const BIN_FILE = "cli/bin.js";

/** What a program gets for an export: its declarations and its module. */
export interface ExportConditions {
  types: string;
  default: string;
}

/** The parts of `package.json` that are read again. */
export interface NpmManifest {
  exports: Record<string, ExportConditions | string>;
  repository: { type: string; url: string };
}

/**
 * Makes `package.json`. The package ships ES modules only: Node and Bun `require()`
 * them. With one copy of each class, `instanceof` holds however it was loaded.
 *
 * @param repositoryUrl Where the repository is for people, without a slash at the
 * end. npm compares it with the repository that the provenance names.
 * @param generatedBy The program that emitted the modules, with its version:
 * `dnt@1.2.3`.
 */
export function createManifest(
  repositoryUrl: string,
  generatedBy: string,
): NpmManifest {
  const { version, description, keywords, license } = config;
  const exports = Object.fromEntries(
    Object.entries(config.exports)
      .map(([path, file]) => [path, conditionsOf(file)]),
  );
  const main = conditionsOf(config.exports["."]);
  const manifest = {
    name,
    version,
    description,
    keywords,
    license,
    homepage: `${repositoryUrl}#readme`,
    bugs: { url: `${repositoryUrl}/issues` },
    repository: { type: "git", url: `git+${repositoryUrl}.git` },
    type: "module",
    sideEffects: false,
    engines: { node: NODE_RANGE },
    // For tools that do not read `exports`.
    main: main.default,
    types: main.types,
    // Without a "./", as npm writes it.
    bin: { sse: BIN_FILE },
    exports: { ...exports, "./package.json": "./package.json" },
    publishConfig: { access: "public" },
    _generatedBy: generatedBy,
  };
  return manifest;
}

/** The paths in the package that a condition of its exports leads to. */
export function exportedFiles(condition: keyof ExportConditions): string[] {
  return Object.values(config.exports)
    .map((file) => conditionsOf(file)[condition].slice("./".length));
}

function conditionsOf(file: string): ExportConditions {
  const path = file.slice(0, -".ts".length);
  // A tool takes the first condition that it knows.
  return { types: `${path}.d.ts`, default: `${path}.js` };
}
