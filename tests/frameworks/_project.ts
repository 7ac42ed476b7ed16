// Copyright 2026 the Tidings authors. MIT license.

/**
 * The project in which the frameworks are installed, with this package beside them.
 *
 * @module
 */

import { emitByDenoPack } from "../../scripts/_deno_pack.ts";
import { buildNpmPackage } from "../../scripts/_npm_build.ts";
import { name } from "../../scripts/_npm_manifest.ts";
import { runTool } from "../../scripts/_run_tool.ts";

const HERE = new URL("./", import.meta.url);
const TOOLS = new URL("../../.tools/", import.meta.url);
/** What npm reads, and what says that it has installed that. */
const MANIFESTS = ["package.json", "package-lock.json"];
/** What stands beside the programs. */
const MODULES = ["probe.mjs", "sessions.mjs", "sockets.mjs"];
/** The repository of a package that is built to be tried. */
const REPOSITORY_URL = "https://example.com/tidings/sse";

/** Options for {@linkcode prepareProject}. */
export interface PrepareProjectOptions {
  /** Whether Next.js, which takes most of the time, is installed as well. */
  isWhole?: boolean;
}

/**
 * Installs the frameworks, unless they are there, and this package as it is now: what
 * `deno pack` emits, which is what dnt emits. No install scripts run.
 *
 * @returns The folder of the project, which git ignores.
 */
export async function prepareProject(
  { isWhole = false }: PrepareProjectOptions = {},
): Promise<string> {
  const url = new URL(isWhole ? "frameworks-all/" : "frameworks/", TOOLS);
  const folder = url.pathname;
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(new URL(".gitignore", TOOLS), "*\n");
  const texts = await Promise.all(
    MANIFESTS.map((file) => Deno.readTextFile(new URL(file, HERE))),
  );
  const stamp = texts.join("");
  const installed = await Deno.readTextFile(`${folder}/installed`)
    .catch(() => "");
  if (installed !== stamp) {
    for (const [index, file] of MANIFESTS.entries()) {
      await Deno.writeTextFile(`${folder}/${file}`, texts[index]!);
    }
    const omit = isWhole ? [] : ["--omit=dev"];
    await runTool("npm", [
      "ci",
      "--ignore-scripts",
      "--no-audit",
      "--no-fund",
      ...omit,
    ], { cwd: folder });
    await Deno.writeTextFile(`${folder}/installed`, stamp);
  }
  const own = `${folder}/node_modules/${name}`;
  await Deno.remove(own, { recursive: true }).catch(() => {});
  await Deno.mkdir(own, { recursive: true });
  await buildNpmPackage(own, REPOSITORY_URL, emitByDenoPack);
  for (const file of MODULES) {
    await Deno.copyFile(new URL(file, HERE), `${folder}/${file}`);
  }
  return folder;
}
