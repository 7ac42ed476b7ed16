// Copyright 2026 the Tidings authors. MIT license.

/** What the npm package must hold, and what not. */

import { listFiles } from "./_list_files.ts";
import { npmDocuments, npmSpecifiers } from "./_npm_manifest.ts";
import config from "../deno.json" with { type: "json" };

/** Modules of the library, and no tests, benches, examples or sources. */
const MODULE_REGEXP = /^(?:\w+\/)*\w+\.(?:js|d\.ts)$/;

const IMPORT_REGEXP =
  /\b(?:import|export)\s[^"';]*?from\s*"([^"]+)"|\bimport\s*\(\s*"([^"]+)"|^\s*import\s*"([^"]+)"/gm;
const COMMENT_REGEXP = /\/\*[^]*?\*\/|^\s*\/\/.*$/gm;

/** In this order, since a tool takes the first condition that it knows. */
const CONDITIONS = ["types", "import", "require", "default"];

interface Manifest extends Record<string, unknown> {
  exports: Record<string, Record<string, string> | string>;
  repository: { url: string };
}

/**
 * Finds what is wrong with a package: a file that is missing or too many, a
 * dependency, or an entry of `package.json`.
 *
 * @param folder Where `package.json` is.
 */
export async function findPackageFaults(folder: string): Promise<string[]> {
  const files = await listFiles(folder);
  const manifest: Manifest = JSON.parse(
    await Deno.readTextFile(`${folder}/package.json`),
  );
  return [
    ...fileFaults(files),
    ...manifestFaults(manifest),
    ...exportFaults(manifest, files),
    ...await importFaults(folder, files),
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
  const { name, version, description, keywords, license } = config;
  const repository = /^git\+(https:\/\/.+)\.git$/
    .exec(manifest.repository?.url)?.[1];
  const expected: Record<string, unknown> = {
    name,
    version,
    description,
    keywords,
    license,
    homepage: `${repository}#readme`,
    bugs: { url: `${repository}/issues` },
    repository: { type: "git", url: `git+${repository}.git` },
    type: "module",
    sideEffects: false,
    engines: { node: ">=20.19" },
    publishConfig: { access: "public" },
  };
  const known = [...Object.keys(expected), "main", "types", "exports"];
  const isWrong = (key: string) =>
    JSON.stringify(manifest[key]) !== JSON.stringify(expected[key]);
  return [
    ...Object.keys(expected).filter(isWrong)
      .map((key) => `package.json: ${key} is ${JSON.stringify(manifest[key])}`),
    // Such as dependencies, and scripts that would run where it is installed.
    ...Object.keys(manifest).filter((key) => !known.includes(key))
      .map((key) => `package.json: ${key} is too many`),
  ];
}

function exportFaults(
  { exports, main, types }: Manifest,
  files: string[],
): string[] {
  const paths = npmSpecifiers.map((path) => path.replace(config.name, "."));
  const missing = [...paths, "./package.json"]
    .filter((path) => exports[path] === undefined);
  const faults = missing.map((path) => `package.json: no export ${path}`);
  const targets = [main, types];
  for (const [path, target] of Object.entries(exports)) {
    if (typeof target === "string") {
      targets.push(target);
      continue;
    }
    const names = Object.keys(target);
    if (names[0] !== "types" || !isInOrder(names)) {
      faults.push(`package.json: ${path} has the conditions ${names.join()}`);
    }
    targets.push(...Object.values(target));
  }
  const lost = targets.filter((target) =>
    !files.some((file) => target === `./${file}`)
  );
  return [...faults, ...lost.map((file) => `package.json: ${file} is missing`)];
}

function isInOrder(names: string[]): boolean {
  const order = CONDITIONS.filter((name) => names.includes(name));
  return order.join() === names.join();
}

/** A module may import others of the package, and what Node has. */
async function importFaults(
  folder: string,
  files: string[],
): Promise<string[]> {
  const faults: string[] = [];
  for (const file of files.filter((file) => MODULE_REGEXP.test(file))) {
    const code = await Deno.readTextFile(`${folder}/${file}`);
    for (
      const match of code.replaceAll(COMMENT_REGEXP, "").matchAll(IMPORT_REGEXP)
    ) {
      const specifier = match[1] ?? match[2] ?? match[3]!;
      if (/^(?:\.|node:)/.test(specifier)) continue;
      faults.push(`${file} imports ${specifier}`);
    }
  }
  return faults;
}
