// Copyright 2026 the Tidings authors. MIT license.

/**
 * Proves the package as npm installs it: packs it with `deno pack`, installs the
 * tarball in an empty project, tries every export in Node and Bun, and has `tsc`
 * check a program that uses the types. Closes with `N passed, N failed`.
 *
 * The tarball holds ES modules alone; `build_npm.ts` adds CommonJS.
 */

import {
  name,
  nodeCompilerOptions,
  nodeTypes,
  npmDocuments,
  npmExports,
  npmSpecifiers,
} from "./_npm_exports.ts";
import { installPackage } from "./_npm_package.ts";
import { smokeProgram } from "./_npm_smoke.ts";
import { findBun, findTypeScript } from "./_tools.ts";

/** Modules of the library, and no tests, benches, examples or sources. */
const MODULE_REGEXP = /^(?:(?:_\w+|logs)\/)?\w+\.(?:js|d\.ts)$/;

const TYPED_PROGRAM = `
${
  npmSpecifiers.map((path, i) => `import * as m${i} from "${path}";`).join("\n")
}
import { encodeEvents, readEvents, type ServerSentEvent } from "${name}";

const events: ServerSentEvent[] = [];
const { body } = new Response(encodeEvents([{ data: "a", id: 1 }]));
for await (const event of readEvents(body!)) events.push(event);
// @ts-expect-error: there are types, so this is noticed.
events[0].data = 1;

export const modules = [${npmSpecifiers.map((_, i) => `m${i}`)}];
`;

const NODE_PROGRAM = `
import { createServer } from "node:http";
import { createSecureServer } from "node:http2";
import { serveEvents } from "${name}";
import { toNodeHandler } from "${name}/node";

const handler = toNodeHandler((request) =>
  serveEvents(request, [{ data: "a", id: 1 }])
);
createServer(handler);
createSecureServer(handler);
`;

/** Milliseconds for each program that runs. */
const TIME_LIMIT = 120_000;

const project = await Deno.makeTempDir();
let passed = 0;
let failed = 0;
try {
  await testTarball();
  await testRuntimes();
  await testTypes();
} finally {
  await Deno.remove(project, { recursive: true });
}
console.log(`${passed} passed, ${failed} failed`);
Deno.exit(failed > 0 ? 1 : 0);

async function testTarball(): Promise<void> {
  const tarball = `${project}/package.tgz`;
  await step("deno pack", () =>
    run(Deno.execPath(), [
      "pack",
      "--quiet",
      "--allow-dirty",
      "--no-source-maps",
      `--output=${tarball}`,
    ], "."));
  await write("package.json", '{ "private": true, "type": "module" }');
  await step(
    "npm install",
    () => run("npm", ["install", "--offline", tarball]),
  );
  await step("the package holds what it should, and nothing else", async () => {
    const files = await listFiles(`${project}/node_modules/${name}`);
    const expected = ["package.json", ...npmDocuments];
    for (const file of expected) {
      if (!files.includes(file)) throw new Error(`${file} is missing`);
    }
    const others = files.filter((file) =>
      !expected.includes(file) && !MODULE_REGEXP.test(file)
    );
    if (others.length > 0) throw new Error(`It holds ${others.join(", ")}`);
  });
}

async function testRuntimes(): Promise<void> {
  await write("import.mjs", smokeProgram("import"));
  await write("require.cjs", smokeProgram("require"));
  await step("import in Node", () => run("node", ["import.mjs"]));
  await step(
    "require() in Node, which takes ES modules without top-level await since 20.19",
    () => run("node", ["require.cjs"]),
  );
  await step("import in Bun", async () => run(await findBun(), ["import.mjs"]));
  await step(
    "the command line in Deno",
    () => run(Deno.execPath(), ["run", `npm:${name}/cli`, "--help"]),
  );
}

async function testTypes(): Promise<void> {
  await write("program.ts", TYPED_PROGRAM);
  await write("node_program.ts", NODE_PROGRAM);
  const withNode = { types: ["node"], typeRoots: [await findNodeTypes()] };
  for (const moduleResolution of ["node16", "bundler"]) {
    const module = moduleResolution === "bundler" ? "esnext" : "node16";
    const title = `tsc with ${moduleResolution}`;
    const options = { module, moduleResolution };
    await compile(`${title}, without the types of Node`, ["program.ts"], {
      ...options,
      lib: ["es2022", "dom", "esnext.disposable"],
    });
    const files = ["program.ts", "node_program.ts"];
    await compile(`${title}, with the types of Node`, files, {
      ...options,
      ...withNode,
      lib: ["es2022", "dom"],
    });
    await compile(`${title}, without the DOM, with skipLibCheck`, files, {
      ...options,
      ...withNode,
      lib: ["es2022"],
      skipLibCheck: true,
    });
  }
  // Finds what the library calls and Node 20 lacks, which no declaration shows.
  const sources = Object.values(npmExports)
    .map((file) => Deno.realPathSync(file));
  await compile("tsc of the sources, with what Node 20 has", sources, {
    ...nodeCompilerOptions,
    ...withNode,
    module: "esnext",
    moduleResolution: "bundler",
    allowImportingTsExtensions: true,
  });
}

/** Gives the folder with the types of Node. */
async function findNodeTypes(): Promise<string> {
  return new URL("..", await installPackage(nodeTypes)).pathname;
}

async function compile(
  title: string,
  files: string[],
  options: object,
): Promise<void> {
  const compilerOptions = {
    noEmit: true,
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    target: "es2022",
    types: [],
    ...options,
  };
  await write("tsconfig.json", JSON.stringify({ compilerOptions, files }));
  await step(
    title,
    async () => run("node", [await findTypeScript(), "--pretty", "false"]),
  );
}

async function write(file: string, text: string): Promise<void> {
  await Deno.writeTextFile(`${project}/${file}`, text);
}

/** Lists the files in a folder, by their paths from there. */
async function listFiles(folder: string, prefix = ""): Promise<string[]> {
  const files: string[] = [];
  for await (const entry of Deno.readDir(`${folder}/${prefix}`)) {
    const path = prefix + entry.name;
    if (entry.isDirectory) files.push(...await listFiles(folder, `${path}/`));
    else files.push(path);
  }
  return files;
}

async function step(title: string, test: () => Promise<void>): Promise<void> {
  try {
    await test();
    console.log(`${title}: ok`);
    passed++;
  } catch (error) {
    console.log(`${title}: FAILED\n${(error as Error).message}`);
    failed++;
  }
}

/** Runs a program to its end, and throws what it prints if it fails. */
async function run(
  command: string,
  args: string[],
  cwd = project,
): Promise<void> {
  const signal = AbortSignal.timeout(TIME_LIMIT);
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args,
    cwd,
    env: { NO_COLOR: "1" },
    signal,
  }).output();
  signal.throwIfAborted();
  if (success) return;
  const decoder = new TextDecoder();
  throw new Error(decoder.decode(stdout) + decoder.decode(stderr));
}
