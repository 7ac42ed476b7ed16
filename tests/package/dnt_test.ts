// Copyright 2026 the Tidings authors. MIT license.

/**
 * How the npm package is built by dnt, which is on JSR: by a stand-in for it, and where
 * JSR can be reached by its own types.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { emitByDenoPack } from "../../scripts/_deno_pack.ts";
import {
  type Diagnostic,
  DNT_SPECIFIER,
  DNT_VERSION,
  dntOptions,
} from "../../scripts/_dnt.ts";
import { findPackageFaults } from "../../scripts/_pack_contents.ts";
import { JsrRegistry } from "../support/jsr_registry.ts";

const ROOT = Deno.realPathSync(new URL("../../", import.meta.url));

// Offline, the import map puts a file of ours in the place of the real package.
const ignore = import.meta.resolve("@std/assert").startsWith("file:");
const reason = ignore ? " (ignored: JSR is out of reach, no dnt)" : "";

/** Copies what was emitted before, in the place of what dnt would emit. */
const FAKE_DNT = `
export async function build({ outDir, entryPoints }: any) {
  const from = Deno.env.get("EMITTED");
  const copy = async (path: string) => {
    await Deno.mkdir(outDir + path, { recursive: true });
    for await (const { name, isFile } of Deno.readDir(from + path)) {
      const file = path + "/" + name;
      if (isFile) await Deno.copyFile(from + file, outDir + file);
      else await copy(file);
    }
  };
  await copy("/esm");
  await Deno.writeTextFile(outDir + "/package.json", JSON.stringify({
    _generatedBy: "dnt@${DNT_VERSION}",
    exports: entryPoints,
  }));
}
`;

/** Runs `scripts/build_npm.ts` in a folder. */
async function runBuild(
  cwd: string,
  env: Record<string, string>,
): Promise<{ success: boolean; stderr: string }> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", `${ROOT}/scripts/build_npm.ts`],
    cwd,
    env: { REPOSITORY_URL: "https://example.com/a/b", NO_COLOR: "1", ...env },
  }).output();
  return { success, stderr: new TextDecoder().decode(stderr) };
}

Deno.test("build_npm.ts builds by dnt, in the pinned version", async () => {
  await using jsr = await JsrRegistry.serve(
    { "@deno/dnt": { ".": FAKE_DNT } },
    DNT_VERSION,
  );
  const folder = await Deno.makeTempDir();
  await Deno.mkdir(`${folder}/emitted`);
  await emitByDenoPack(`${folder}/emitted`, ROOT);

  const { success, stderr } = await runBuild(folder, {
    ...jsr.env,
    EMITTED: `${folder}/emitted`,
  });

  assert(success, stderr);
  assertEquals(await findPackageFaults(`${folder}/npm`), []);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("build_npm.ts fails without dnt, and where JSR has another version", async () => {
  await using jsr = await JsrRegistry.serve(
    { "@deno/dnt": { ".": FAKE_DNT } },
    "0.43.3",
  );
  const folder = await Deno.makeTempDir();

  const other = await runBuild(folder, jsr.env);
  assertEquals(other.success, false);
  assertStringIncludes(other.stderr, "'@deno/dnt'");
  assertStringIncludes(other.stderr, `'${DNT_VERSION}'`);
  await jsr.close();
  const none = await runBuild(folder, jsr.env);
  assertEquals(none.success, false);
  assertStringIncludes(none.stderr, "@deno/dnt");

  const files = [];
  for await (const { name } of Deno.readDir(`${folder}/npm`)) files.push(name);
  assertEquals(files, []);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("dntOptions() names every export, and asks for nothing beside it", () => {
  const { entryPoints, ...options } = dntOptions("/out", "/root");

  assertEquals(
    Object.fromEntries(entryPoints.map(({ name, path }) => [name, path])),
    config.exports,
  );
  assertEquals(DNT_SPECIFIER, "jsr:@deno/dnt@0.43.2");
  assertEquals(
    [options.shims, options.polyfills, options.scriptModule, options.test],
    [{}, false, false, false],
  );
});

Deno.test("dntOptions() passes over Deno's names in the command line, and no other fault", () => {
  const { filterDiagnostic } = dntOptions("/out", "/root");
  const name = "Cannot find name 'Deno'.";
  const hint =
    "Cannot find name 'Deno'. Do you need to change your target library?";
  const rows: [string | undefined, Diagnostic["messageText"], boolean][] = [
    ["/out/src/cli/mod.ts", name, false],
    ["/out/src/cli/mod.ts", hint, false],
    ["/out/src/cli/_io.ts", "Cannot find namespace 'Deno'.", false],
    [
      "/out/src/cli/mod.ts",
      "Property 'main' does not exist on type 'ImportMeta'.",
      false,
    ],
    ["/out/src/cli/mod.ts", "Cannot find name 'Demo'.", true],
    ["/out/src/cli/mod.ts", { messageText: name }, true],
    ["/out/src/mod.ts", name, true],
    ["/out/src/node/cli.ts", name, true],
    ["/out/src/node/mod.ts", "Cannot find namespace 'Deno'.", true],
    [undefined, name, true],
  ];
  for (const [fileName, messageText, isShown] of rows) {
    const file = fileName === undefined ? undefined : { fileName };
    assertEquals(
      filterDiagnostic({ file, messageText }),
      isShown,
      `${fileName}: ${JSON.stringify(messageText)}`,
    );
  }
});

Deno.test({
  name: `dntOptions() are options of dnt by its own types${reason}`,
  ignore,
  async fn() {
    const folder = await Deno.makeTempDir();
    const file = `${folder}/options.ts`;
    await Deno.writeTextFile(
      file,
      `import type { BuildOptions } from "${DNT_SPECIFIER}";
import { dntOptions } from "${new URL(
        "../../scripts/_dnt.ts",
        import.meta.url,
      )}";
export const options: BuildOptions = dntOptions("", "");
type Unknown = Exclude<keyof ReturnType<typeof dntOptions>, keyof BuildOptions>;
const none: [Unknown] extends [never] ? true : false = true;
export default none;
`,
    );
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", file],
      env: { NO_COLOR: "1" },
    }).output();
    assert(success, new TextDecoder().decode(stderr));
    await Deno.remove(folder, { recursive: true });
  },
});
