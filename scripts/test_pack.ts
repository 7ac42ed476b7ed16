// Copyright 2026 the Tidings authors. MIT license.

/**
 * Proves the package as npm installs it: looks at what it holds, installs it in an
 * empty project, tries every export in Node and Bun, bundles one, and has compilers
 * check programs that use the types. Closes with `N passed, N failed`.
 *
 * It takes the folder or the tarball that is to be published; without an argument
 * it builds the package of this working copy.
 */

import { gzippedSize } from "./_gzipped_size.ts";
import { buildNpmPackage } from "./_npm_build.ts";
import { name } from "./_npm_manifest.ts";
import { smokeProgram } from "./_npm_smoke.ts";
import { findPackageFaults } from "./_pack_contents.ts";
import { PackProject } from "./_pack_project.ts";
import { testTypes } from "./_pack_types.ts";
import { runTool } from "./_run_tool.ts";
import { findBun, findEsbuild, findNode, type FindTool } from "./_tools.ts";

/** The repository of a package that is built to be tried. */
const REPOSITORY_URL = "https://example.com/tidings/sse";

/** Bytes of `readEvents()` alone, bundled, minified and gzipped. */
const READ_EVENTS_LIMIT = 3 * 1024;

const RUNTIMES: Record<string, FindTool> = {
  "Node": () => Promise.resolve("node"),
  "the newest Node": findNode,
  Bun: findBun,
};

const [source] = Deno.args;
const project = await PackProject.create();
try {
  await testPackage(source ?? await build());
} finally {
  await project[Symbol.asyncDispose]();
}
const { passed, failed } = project;
console.log(`${passed} passed, ${failed} failed`);
Deno.exit(failed > 0 ? 1 : 0);

async function build(): Promise<string> {
  const folder = `${project.folder}/package`;
  await Deno.mkdir(folder);
  await project.step(
    "the package is built",
    () => buildNpmPackage(folder, REPOSITORY_URL),
  );
  return folder;
}

async function testPackage(source: string): Promise<void> {
  await project.step("npm install", () => project.install(source));
  await project.step(
    "the package holds what it should, and nothing else",
    async () => {
      const faults = await findPackageFaults(project.packageFolder);
      if (faults.length > 0) throw new Error(faults.join("\n"));
    },
  );
  await project.step("npm has nothing to correct", checkManifest);
  await testRuntimes();
  await project.step(
    `readEvents() is a bundle of at most ${READ_EVENTS_LIMIT} bytes`,
    checkBundle,
  );
  await testTypes(project);
}

async function checkManifest(): Promise<void> {
  const path = `${project.packageFolder}/package.json`;
  const before = await Deno.readTextFile(path);
  await runTool("npm", ["pkg", "fix"], { cwd: project.packageFolder });
  const after = await Deno.readTextFile(path);
  if (after !== before) throw new Error(after);
}

async function testRuntimes(): Promise<void> {
  await project.write("import.mjs", smokeProgram("import"));
  await project.write("require.cjs", smokeProgram("require"));
  for (const [runtime, find] of Object.entries(RUNTIMES)) {
    const program = await find();
    for (const file of ["import.mjs", "require.cjs"]) {
      await project.step(
        `${file} in ${runtime}`,
        () => project.run(program, [file]),
      );
    }
  }
  await project.step(
    "the command line in Deno",
    () => project.run(Deno.execPath(), ["run", `npm:${name}/cli`, "--help"]),
  );
}

/** The whole package is many times as large. */
async function checkBundle(): Promise<void> {
  await project.write(
    "bundle.js",
    `import { readEvents } from "${name}"; console.log(readEvents);`,
  );
  const code = await project.run(await findEsbuild(), [
    "bundle.js",
    "--bundle",
    "--minify",
    "--format=esm",
    "--log-level=error",
  ]);
  const size = await gzippedSize(code);
  if (size > READ_EVENTS_LIMIT) {
    throw new Error(`It has ${size} bytes`);
  }
}
