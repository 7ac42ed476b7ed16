// Copyright 2026 the Tidings authors. MIT license.

/**
 * Proves the package as npm installs it: packs it with `deno pack`, installs the
 * tarball in an empty project, imports every export in Node and Bun, and has
 * `tsc` check a program that uses the types. Closes with `N passed, N failed`.
 */

import { name, npmExports, npmSpecifiers } from "./_npm_exports.ts";
import { findBun, findTypeScript } from "./_tools.ts";

const IMPORT_PROGRAM = `
import assert from "node:assert/strict";
for (const specifier of ${JSON.stringify(npmSpecifiers)}) {
  const exports = await import(specifier);
  assert.notEqual(Object.keys(exports).length, 0, specifier);
}
`;

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

const COMPILER_OPTIONS = {
  noEmit: true,
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: false,
  // What Node 20 has, and no more.
  target: "es2022",
  lib: [
    "es2022",
    "es2024.string",
    "esnext.disposable",
    "dom",
    "dom.iterable",
    "dom.asynciterable",
  ],
  // None: the types of the package must do without those of Node.
  types: [],
};

/** All that the library takes from Node. */
const NODE_TYPES = `declare module "node:process" {
  const process: { emitWarning(warning: string | Error): void };
  export default process;
}`;

const project = await Deno.makeTempDir();
let passed = 0;
let failed = 0;
try {
  await step("deno pack", Deno.execPath(), [
    "pack",
    "--quiet",
    "--allow-dirty",
    "--no-source-maps",
    `--output=${project}/package.tgz`,
  ], ".");
  await write("package.json", '{ "private": true, "type": "module" }');
  await step("npm install", "npm", ["install", "--offline", "./package.tgz"]);
  await write("import.mjs", IMPORT_PROGRAM);
  await step("import in Node", "node", ["import.mjs"]);
  await step("import in Bun", await findBun(), ["import.mjs"]);
  await write("program.ts", TYPED_PROGRAM);
  await compile("tsc with node16", ["program.ts"], {
    module: "node16",
    moduleResolution: "node16",
  });
  await compile("tsc with bundler", ["program.ts"], {
    module: "esnext",
    moduleResolution: "bundler",
  });
  await write("node.d.ts", NODE_TYPES);
  const sources = Object.values(npmExports).map((file) =>
    Deno.realPathSync(file)
  );
  await compile("tsc of the sources, for Node 20", ["node.d.ts", ...sources], {
    module: "esnext",
    moduleResolution: "bundler",
    allowImportingTsExtensions: true,
  });
} finally {
  await Deno.remove(project, { recursive: true });
}
console.log(`${passed} passed, ${failed} failed`);
Deno.exit(failed > 0 ? 1 : 0);

async function compile(
  title: string,
  files: string[],
  options: object,
): Promise<void> {
  const compilerOptions = { ...COMPILER_OPTIONS, ...options };
  await write("tsconfig.json", JSON.stringify({ compilerOptions, files }));
  await step(title, "node", [await findTypeScript(), "--pretty", "false"]);
}

async function write(file: string, text: string): Promise<void> {
  await Deno.writeTextFile(`${project}/${file}`, text);
}

async function step(
  title: string,
  command: string,
  args: string[],
  cwd = project,
): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args,
    cwd,
    env: { NO_COLOR: "1" },
  }).output();
  console.log(`${title}: ${success ? "ok" : "FAILED"}`);
  if (success) {
    passed++;
  } else {
    failed++;
    const decoder = new TextDecoder();
    console.log(decoder.decode(stdout) + decoder.decode(stderr));
  }
}
