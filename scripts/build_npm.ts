// Copyright 2026 the Tidings authors. MIT license.

/**
 * Builds the npm package in `npm/` with dnt: ES modules, CommonJS and declarations
 * for each export, which are then loaded in Node. It needs JSR.
 */

import {
  license,
  name,
  npmExports,
  npmSpecifiers,
  version,
} from "./_npm_exports.ts";

// No literal in the import: where JSR is out of reach, `deno check` must not ask it.
const DNT: string = "jsr:@deno/dnt@^0.42.3";
const { build, emptyDir } = await import(DNT);

const OUT_DIR = "npm";

await emptyDir(OUT_DIR);
await build({
  entryPoints: Object.entries(npmExports)
    .map(([name, path]) => ({ name, path })),
  outDir: OUT_DIR,
  // The library uses nothing that Node 20 lacks.
  shims: {},
  typeCheck: "both",
  // The tests run in Node as `deno task test:runtimes node`.
  test: false,
  skipSourceOutput: true,
  compilerOptions: {
    target: "ES2022",
    lib: [
      "ES2022",
      "ES2024.String",
      "ESNext.Disposable",
      "DOM",
      "DOM.Iterable",
      "DOM.AsyncIterable",
    ],
  },
  package: {
    name,
    version,
    license,
    description:
      "Server-sent events, both ends, for every runtime with web standards",
    keywords: ["sse", "server-sent-events", "eventsource", "event-stream"],
    // npm compares it with the repository that the provenance names.
    repository: Deno.env.get("REPOSITORY_URL"),
    engines: { node: ">=20" },
    sideEffects: false,
    devDependencies: { "@types/node": "^20.0.0" },
  },
  async postBuild() {
    for (const file of ["LICENSE", "README.md", "CHANGELOG.md"]) {
      await Deno.copyFile(file, `${OUT_DIR}/${file}`);
    }
  },
});
await loadInNode("module", "await import");
await loadInNode("commonjs", "require");

/** Loads each export by the package's own name, and fails where one is empty. */
async function loadInNode(inputType: string, load: string): Promise<void> {
  const program = npmSpecifiers.map((specifier) =>
    `if (Object.keys(${load}("${specifier}")).length === 0) throw new Error("${specifier}");`
  ).join("\n");
  const { success } = await new Deno.Command("node", {
    args: [`--input-type=${inputType}`, "--eval", program],
    cwd: OUT_DIR,
  }).spawn().status;
  if (!success) throw new Error(`The package does not load by ${load}`);
}
