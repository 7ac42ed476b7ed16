// Copyright 2026 the Tidings authors. MIT license.

/**
 * Proves the package as npm installs it: looks at what it holds, installs it in an
 * empty project, tries every export in Node and Bun, bundles what a page imports, and has
 * compilers check programs that use the types. Closes with `N passed, N failed`.
 *
 * It takes the folder or the tarball that is to be published, which dnt must have
 * emitted. Without an argument it builds the package of this working copy, and where JSR
 * is out of reach `deno pack` stands in for dnt.
 *
 * @module
 */

import { emitByDenoPack } from "./_deno_pack.ts";
import { emitByDnt } from "./_dnt.ts";
import { gzippedSize } from "./_gzipped_size.ts";
import { mayUseJsr } from "./_import_map.ts";
import { buildNpmPackage } from "./_npm_build.ts";
import { name } from "./_npm_manifest.ts";
import { smokeProgram } from "./_npm_smoke.ts";
import { findPackageFaults } from "./_pack_contents.ts";
import { PackProject } from "./_pack_project.ts";
import { testTypes } from "./_pack_types.ts";
import { runTool } from "./_run_tool.ts";
import { IMPORT_LIMITS } from "./_size_limits.ts";
import {
  findAttw,
  findBun,
  findEsbuild,
  findNode,
  findNodeVersion,
  findPublint,
  type FindTool,
  OLDEST_NODES,
} from "./_tools.ts";

/** The repository of a package that is built to be tried. */
const REPOSITORY_URL = "https://example.com/tidings/sse";

interface Runtime {
  find: FindTool;
  /** What it warns of where it loads ES modules by `require()`. */
  warnings?: string[];
}

const RUNTIMES: Record<string, Runtime> = {
  "Node": { find: () => Promise.resolve("node") },
  ...Object.fromEntries(
    Object.entries(OLDEST_NODES).map(([version, warnings]) => [
      `Node ${version}`,
      { find: () => findNodeVersion(version), warnings },
    ]),
  ),
  "the newest Node": { find: findNode },
  Bun: { find: findBun },
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
  const isDnt = await mayUseJsr();
  await project.step(
    `the package is built by ${
      isDnt ? "dnt" : "deno pack: JSR is out of reach"
    }`,
    () =>
      buildNpmPackage(
        folder,
        REPOSITORY_URL,
        isDnt ? emitByDnt : emitByDenoPack,
      ),
  );
  return folder;
}

async function testPackage(path: string): Promise<void> {
  await project.step("npm install", () => project.install(path));
  await project.step(
    "the package holds what it should, and nothing else",
    async () => {
      const faults = await findPackageFaults(project.packageFolder, {
        isTrial: source === undefined,
      });
      if (faults.length > 0) throw new Error(faults.join("\n"));
    },
  );
  await project.step("npm has nothing to correct", checkManifest);
  await testByLinters();
  await testRuntimes();
  for (const [imported, limit] of Object.entries(IMPORT_LIMITS)) {
    await project.step(
      `a bundle with ${imported} has at most ${limit} bytes`,
      () => checkBundle(imported, limit),
    );
  }
  await testTypes(project);
}

async function testByLinters(): Promise<void> {
  const { tarball } = project;
  await project.step("publint --strict", async () => {
    await project.run("node", [await findPublint(), tarball, "--strict"]);
  });
  await project.step("attw --profile esm-only", async () => {
    await project.run("node", [
      await findAttw(),
      tarball,
      "--profile=esm-only",
      "--no-definitely-typed",
      "--format=ascii",
    ]);
  });
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
  for (const [runtime, { find, warnings }] of Object.entries(RUNTIMES)) {
    const program = await find();
    await project.write("require.cjs", smokeProgram("require", warnings));
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
  await project.step(
    "the command line in Node, by npx",
    () => project.run("npx", ["--no", "--", name, "--help"]),
  );
}

/** The whole package is many times as large: a bundle leaves out what is not imported. */
async function checkBundle(imported: string, limit: number): Promise<void> {
  await project.write("bundle.js", `export { ${imported} } from "${name}";`);
  const code = await project.run(await findEsbuild(), [
    "bundle.js",
    "--bundle",
    "--minify",
    "--format=esm",
    "--log-level=error",
  ]);
  const size = await gzippedSize(code);
  if (size > limit) throw new Error(`It has ${size} bytes`);
  console.log(`${imported}: ${size} bytes`);
}
