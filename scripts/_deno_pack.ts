// Copyright 2026 the Tidings authors. MIT license.

/**
 * Has `deno pack` emit the modules and declarations of the npm package, in the place
 * of dnt, where the package is only tried and JSR is out of reach.
 *
 * @module
 */

import { runTool } from "./_run_tool.ts";

/**
 * Emits the package in the layout of dnt: the modules are in `esm/`.
 *
 * @param folder Where it goes, which is empty.
 * @param root The folder of the working copy.
 * @throws {Error} If `deno pack` fails.
 */
export async function emitByDenoPack(
  folder: string,
  root: string,
): Promise<void> {
  const tarball = await Deno.makeTempFile({ suffix: ".tgz" });
  const esm = `${folder}/esm`;
  await Deno.mkdir(esm);
  try {
    await runTool(Deno.execPath(), [
      "pack",
      "--quiet",
      // Tests build what is not committed yet.
      "--allow-dirty",
      "--no-source-maps",
      `--output=${tarball}`,
    ], { cwd: root });
    await runTool("tar", ["-xzf", tarball, "--strip-components=1", "-C", esm]);
  } finally {
    await Deno.remove(tarball);
  }
  for await (const { name, isFile } of Deno.readDir(esm)) {
    const isModule = /\.(?:js|d\.ts)$/.test(name);
    if (isFile && !isModule) await Deno.remove(`${esm}/${name}`);
  }
  const manifest = { _generatedBy: `deno@${Deno.version.deno}` };
  await Deno.writeTextFile(
    `${folder}/package.json`,
    JSON.stringify(manifest),
  );
}
