// Copyright 2026 the Tidings authors. MIT license.

/**
 * Checks what the npm package must have, and must not have. `publint` and `attw` check what
 * holds for every package.
 *
 * @module
 */

import { toAbsoluteLinks } from "./_absolute_links.ts";
import { DNT_VERSION } from "./_dnt.ts";
import { listFiles } from "./_list_files.ts";
import { moduleImports, reachedFiles } from "./_module_imports.ts";
import { createManifest, npmDocuments } from "./_npm_manifest.ts";

/** Options for {@linkcode findPackageFaults}. */
export interface FindPackageFaultsOptions {
  /**
   * Whether another program than dnt may have emitted the package, which is then not
   * to be published.
   */
  isTrial?: boolean;
}

/** Modules of the library, and no tests, benches, examples or sources. */
const MODULE_REGEXP = /^(?:\w+\/)*\w+\.(?:js|d\.ts)$/;

/** The program that emitted the modules, with its version. */
const EMITTER_REGEXP = /^\w+@\d+\.\d+\.\d+$/;

type Manifest = Record<string, unknown>;

/**
 * Finds what is wrong with a package: a file that is missing or too many, a
 * dependency, or an entry of `package.json`.
 *
 * @param folder Where `package.json` is.
 */
export async function findPackageFaults(
  folder: string,
  { isTrial = false }: FindPackageFaultsOptions = {},
): Promise<string[]> {
  const paths = await listFiles(folder);
  const manifest: Manifest = JSON.parse(
    await Deno.readTextFile(`${folder}/package.json`),
  );
  const documents = new Map<string, string>();
  for (const file of paths.filter((file) => file.endsWith(".md"))) {
    documents.set(file, await Deno.readTextFile(`${folder}/${file}`));
  }
  const modules = new Map<string, string>();
  for (const file of paths.filter((file) => MODULE_REGEXP.test(file))) {
    modules.set(file, await Deno.readTextFile(`${folder}/${file}`));
  }
  return [
    ...fileFaults(paths),
    ...manifestFaults(manifest),
    ...emitterFaults(manifest, isTrial),
    ...importFaults(modules),
    ...unreachedFaults(modules),
    ...linkFaults(documents),
  ];
}

function fileFaults(files: string[]): string[] {
  const expected = ["package.json", ...npmDocuments];
  const missing = expected.filter((file) => !files.includes(file));
  // Such as `_dnt.shims.js`, where a build puts a Proxy around `globalThis`.
  const others = files.filter((file) =>
    !expected.includes(file) && !MODULE_REGEXP.test(file)
  );
  return [
    ...missing.map((file) => `${file} is missing`),
    ...others.map((file) => `${file} is too many`),
  ];
}

function manifestFaults(manifest: Manifest): string[] {
  const { url } = (manifest.repository ?? {}) as { url?: string };
  const repository = /^git\+(https:\/\/.+)\.git$/.exec(url ?? "")?.[1];
  const expected: Manifest = {
    ...createManifest(`${repository}`, `${manifest._generatedBy}`),
  };
  const isWrong = (key: string) =>
    JSON.stringify(manifest[key]) !== JSON.stringify(expected[key]);
  return [
    ...Object.keys(expected).filter(isWrong)
      .map((key) => `package.json: ${key} is ${JSON.stringify(manifest[key])}`),
    // Such as dependencies, and scripts that would run where it is installed.
    ...Object.keys(manifest).filter((key) => !(key in expected))
      .map((key) => `package.json: ${key} is too many`),
  ];
}

function emitterFaults(manifest: Manifest, isTrial: boolean): string[] {
  const emitter = `${manifest._generatedBy}`;
  const isRight = isTrial
    ? EMITTER_REGEXP.test(emitter)
    : emitter === `dnt@${DNT_VERSION}`;
  return isRight ? [] : [
    `package.json: _generatedBy is ${emitter}, expected dnt@${DNT_VERSION}`,
  ];
}

/** A module may import others of the package, and what Node has. */
function importFaults(modules: Map<string, string>): string[] {
  const faults: string[] = [];
  for (const [file, code] of modules) {
    for (const specifier of moduleImports(code)) {
      if (/^(?:\.|node:)/.test(specifier)) continue;
      faults.push(`${file} imports ${specifier}`);
    }
  }
  return faults;
}

/** What no export reaches would only be downloaded. */
function unreachedFaults(modules: Map<string, string>): string[] {
  const reached = reachedFiles(modules);
  const lost = [...reached].filter((file) => !modules.has(file));
  const others = [...modules.keys()].filter((file) => !reached.has(file));
  return [
    ...lost.map((file) => `${file} is missing`),
    ...others.map((file) => `${file} is reached by no export`),
  ];
}

/** Finds documents with relative links, which lead to files that the package does not have. */
function linkFaults(documents: Map<string, string>): string[] {
  const version = { repositoryUrl: "https://example.com", tag: "v0.0.0" };
  return [...documents]
    .filter(([, text]) => toAbsoluteLinks(text, version) !== text)
    .map(([file]) => `${file} has a link that is not absolute`);
}
