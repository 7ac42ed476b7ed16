// Copyright 2026 the Tidings authors. MIT license.

/**
 * Makes the npm package of modules and declarations that lie in `esm/`, as dnt emits
 * them: whatever emitted them, the package has the same layout and the same
 * `package.json`.
 *
 * @module
 */

import config from "../deno.json" with { type: "json" };
import { toAbsoluteLinks } from "./_absolute_links.ts";
import { listFiles } from "./_list_files.ts";
import { reachedFiles } from "./_module_imports.ts";
import { toPortableDeclarations } from "./_npm_declarations.ts";
import { BIN_FILE, createManifest, npmDocuments } from "./_npm_manifest.ts";

/** Options for {@linkcode finishNpmPackage}. */
export interface FinishNpmPackageOptions {
  /** Where the package goes, an empty folder. */
  folder: string;
  /** The folder of the working copy, which has the documents. */
  root: string;
  /** Where the repository is for people, without a slash at the end. */
  repositoryUrl: string;
}

/**
 * Makes the package. The modules go to its top level: with `esm/` in between,
 * `moduleResolution: node10` finds no subpath. What no export reaches is left out: the
 * declarations of private modules, and modules of types only. The declarations that stay
 * are made to be read by more compilers.
 *
 * @param emitted The folder that dnt has written: `esm/` and `package.json`, which
 * says what emitted it.
 * @throws {Error} If that `package.json` does not say so, or a module is missing.
 */
export async function finishNpmPackage(
  emitted: string,
  { folder, root, repositoryUrl }: FinishNpmPackageOptions,
): Promise<void> {
  const { _generatedBy } = JSON.parse(
    await Deno.readTextFile(`${emitted}/package.json`),
  );
  if (typeof _generatedBy !== "string") {
    throw new Error(
      `Cannot build the package: expected _generatedBy in ${emitted}/package.json, got ${_generatedBy}`,
    );
  }
  const manifest = createManifest(repositoryUrl, _generatedBy);
  const files = await readModules(`${emitted}/esm`);
  files.set(BIN_FILE, await Deno.readTextFile(`${root}/scripts/npm_bin.js`));
  for (const file of reachedFiles(files)) {
    const code = files.get(file);
    if (code === undefined) {
      throw new Error(`Cannot build the package: ${file} is missing`);
    }
    const isDeclaration = file.endsWith(".d.ts");
    await writeFile(
      `${folder}/${file}`,
      isDeclaration ? toPortableDeclarations(code) : code,
    );
  }
  const version = { repositoryUrl, tag: `v${config.version}` };
  for (const file of npmDocuments) {
    const text = await Deno.readTextFile(`${root}/${file}`);
    const isMarkdown = file.endsWith(".md");
    await writeFile(
      `${folder}/${file}`,
      isMarkdown ? toAbsoluteLinks(text, version) : text,
    );
  }
  await writeFile(
    `${folder}/package.json`,
    JSON.stringify(manifest, null, 2) + "\n",
  );
}

/** All but `esm/package.json`, which says to Node what the manifest says. */
async function readModules(folder: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const file of await listFiles(folder)) {
    if (file === "package.json") continue;
    files.set(file, await Deno.readTextFile(`${folder}/${file}`));
  }
  return files;
}

async function writeFile(path: string, text: string): Promise<void> {
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  await Deno.writeTextFile(path, text);
}
