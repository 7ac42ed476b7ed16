// Copyright 2026 the Tidings authors. MIT license.

/**
 * What the package is on npm. Names, exports, files and the description come from
 * `deno.json`, so that npm and JSR have the same.
 */

import config from "../deno.json" with { type: "json" };

export const { name } = config;

/** What a program imports: `@tidings/sse`, `@tidings/sse/parser` and so on. */
export const npmSpecifiers: string[] = Object.keys(config.exports)
  .map((path) => name + path.slice(1));

/** The files that are for people: `README.md`, `LICENSE` and so on. */
export const npmDocuments: string[] = config.publish.include
  .filter((file) => !/\.(?:ts|json)$/.test(file));

/** What a program gets for an export, by how it asks. */
export type ExportConditions = Record<string, string>;

/** The parts of `package.json` that are read again. */
export interface NpmManifest {
  exports: Record<string, ExportConditions | string>;
  repository: { type: string; url: string };
}

/**
 * Makes `package.json`. There are ES modules alone: Node from 20.19 and Bun
 * `require()` them, and one copy of each class makes `instanceof` hold, however it
 * was loaded.
 *
 * @param exports The file of each export, by condition.
 * @param repositoryUrl Where the repository is for people, without a slash at the
 * end. npm compares it with the repository that the provenance names.
 */
export function createManifest(
  exports: Record<string, ExportConditions>,
  repositoryUrl: string,
): NpmManifest {
  const { version, description, keywords, license } = config;
  const { types, default: main } = exports["."] ?? {};
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
    engines: { node: ">=20.19" },
    // For tools that do not read `exports`.
    main,
    types,
    exports: { ...exports, "./package.json": "./package.json" },
    publishConfig: { access: "public" },
  };
  return manifest;
}
