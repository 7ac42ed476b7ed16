// Copyright 2026 the Tidings authors. MIT license.

/**
 * Installs tools that come as npm packages, each in a folder of its own under `.tools/`.
 * `_tools.ts` calls it.
 *
 * @module
 */

import { runTool } from "./_run_tool.ts";

/** Milliseconds for npm to install an addon, which it may have to compile. */
const ADDON_LIMIT = 300_000;

const TOOLS = new URL("../.tools/", import.meta.url);

/** An exact version, so that a new release never breaks an old commit. */
export interface NpmPackage {
  name: string;
  version: string;
}

/**
 * Installs a package, unless it is there. Its install scripts do not run.
 *
 * @returns The folder of the package, with a slash at the end.
 */
export async function installPackage(
  { name, version }: NpmPackage,
): Promise<URL> {
  const project = new URL(`${name.replace("/", "+")}@${version}/`, TOOLS);
  const folder = new URL(`node_modules/${name}/`, project);
  if (await exists(folder)) return folder;
  await Deno.mkdir(project, { recursive: true });
  await Deno.writeTextFile(new URL(".gitignore", TOOLS), "*\n");
  const config = {
    imports: { [name]: `npm:${name}@${version}` },
    nodeModulesDir: "auto",
    lock: false,
    // A root of its own: without this, it would belong to our deno.json.
    workspace: [],
  };
  await Deno.writeTextFile(
    new URL("deno.json", project),
    JSON.stringify(config),
  );
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["install"],
    cwd: project,
    env: { NO_COLOR: "1" },
  }).output();
  if (!success || !await exists(folder)) {
    await Deno.remove(project, { recursive: true });
    const reason = new TextDecoder().decode(stderr).trim();
    throw new Error(`Cannot install ${name}@${version}: ${reason}`);
  }
  return folder;
}

/**
 * Installs a package with compiled code, unless it is there. npm runs its install scripts,
 * which compile it for the program `node`.
 *
 * @returns The folder of the package, with a slash at the end.
 */
export async function installAddon(
  { name, version }: NpmPackage,
): Promise<URL> {
  const node = (await runTool("node", ["-p", "process.version"])).trim();
  const project = new URL(`${name}@${version}-node-${node}/`, TOOLS);
  const folder = new URL(`node_modules/${name}/`, project);
  const done = new URL("installed", project);
  if (await exists(done)) return folder;
  await Deno.mkdir(project, { recursive: true });
  await Deno.writeTextFile(new URL(".gitignore", TOOLS), "*\n");
  await Deno.writeTextFile(new URL("package.json", project), "{}");
  const flags = ["--no-audit", "--no-fund", "--loglevel=error"];
  await runTool("npm", ["install", ...flags, `${name}@${version}`], {
    cwd: project,
    timeLimit: ADDON_LIMIT,
  });
  await Deno.writeTextFile(done, "");
  return folder;
}

/** Whether there is a file or folder. */
export async function exists(path: URL): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
