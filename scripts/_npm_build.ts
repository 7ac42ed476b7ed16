// Copyright 2026 the Tidings authors. MIT license.

/**
 * Builds the package for npm: the ES modules and declarations that `deno pack`
 * emits, with declarations that more compilers read, and a whole `package.json`.
 */

import { listFiles } from "./_list_files.ts";
import { toPortableDeclarations } from "./_npm_declarations.ts";
import { createManifest, type ExportConditions } from "./_npm_manifest.ts";
import { runTool } from "./_run_tool.ts";

const ROOT = new URL("../", import.meta.url);

/**
 * Builds the package of this working copy.
 *
 * @param folder Where it goes, which is empty.
 * @param repositoryUrl Where the repository is for people, without a slash at the
 * end.
 */
export async function buildNpmPackage(
  folder: string,
  repositoryUrl: string,
): Promise<void> {
  await unpackModules(folder);
  for (const file of await listFiles(folder)) {
    if (!file.endsWith(".d.ts")) continue;
    const path = `${folder}/${file}`;
    const code = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, toPortableDeclarations(code));
  }
  const path = `${folder}/package.json`;
  const { exports } = JSON.parse(await Deno.readTextFile(path)) as {
    exports: Record<string, ExportConditions>;
  };
  const manifest = createManifest(exports, repositoryUrl);
  await Deno.writeTextFile(path, JSON.stringify(manifest, null, 2) + "\n");
}

async function unpackModules(folder: string): Promise<void> {
  const tarball = await Deno.makeTempFile({ suffix: ".tgz" });
  try {
    await runTool(Deno.execPath(), [
      "pack",
      "--quiet",
      // Tests build what is not committed yet.
      "--allow-dirty",
      "--no-source-maps",
      `--output=${tarball}`,
    ], { cwd: ROOT });
    await runTool("tar", [
      "-xzf",
      tarball,
      "--strip-components=1",
      "-C",
      folder,
    ]);
  } finally {
    await Deno.remove(tarball);
  }
}
