// Copyright 2026 the Tidings authors. MIT license.

/**
 * Builds the npm package in `npm/` with dnt: ES modules, CommonJS and declarations
 * for each export, which are then tried in Node. It needs JSR.
 */

import {
  license,
  name,
  nodeCompilerOptions,
  nodeTypes,
  npmDocuments,
  npmExports,
  version,
} from "./_npm_exports.ts";
import { smokeProgram } from "./_npm_smoke.ts";

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
  compilerOptions: nodeCompilerOptions,
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
    devDependencies: { [nodeTypes.name]: nodeTypes.version },
  },
  async postBuild() {
    for (const file of npmDocuments) {
      await Deno.copyFile(file, `${OUT_DIR}/${file}`);
    }
  },
});
await tryInNode("module", "import");
await tryInNode("commonjs", "require");

/** Runs in the package's own folder, where Node knows it by its name. */
async function tryInNode(
  inputType: string,
  load: "import" | "require",
): Promise<void> {
  const { success } = await new Deno.Command("node", {
    args: [`--input-type=${inputType}`, "--eval", smokeProgram(load)],
    cwd: OUT_DIR,
  }).spawn().status;
  if (!success) throw new Error(`The package does not work by ${load}`);
}
