// Copyright 2026 the Tidings authors. MIT license.

/**
 * What `scripts/test_pack.ts` would find wrong with a package, on stand-ins for what a
 * build may get wrong. That the right one works is for `deno task test:pack`.
 *
 * @module
 */

import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { emitByDenoPack } from "../../scripts/_deno_pack.ts";
import { listFiles } from "../../scripts/_list_files.ts";
import { toPortableDeclarations } from "../../scripts/_npm_declarations.ts";
import { NODE_RANGE } from "../../scripts/_npm_manifest.ts";
import { finishNpmPackage } from "../../scripts/_npm_package.ts";
import { findPackageFaults } from "../../scripts/_pack_contents.ts";
import { OLDEST_NODES } from "../../scripts/_tools.ts";

const ROOT = new URL("../../", import.meta.url);
const REPOSITORY_URL = "https://example.com/a/b";

/**
 * What `deno pack` emits, laid out as dnt does. It takes seconds, and is the same for
 * all tests, which spoil what was copied.
 */
let emitted: Promise<Map<string, string>> | undefined;

function emitOnce(): Promise<Map<string, string>> {
  return emitted ??= withFolder(async (folder) => {
    await emitByDenoPack(folder, Deno.realPathSync(ROOT));
    const files = new Map<string, string>();
    for (const file of await listFiles(folder)) {
      files.set(file, await Deno.readTextFile(`${folder}/${file}`));
    }
    return files;
  });
}

async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    return await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A package in a folder of its own, to be spoilt. */
class BuiltPackage implements AsyncDisposable {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /**
   * Builds the package of what is like dnt's output.
   *
   * @param changes What the files of that output hold in the place of their own text,
   * or `undefined` for those that are missing.
   */
  static async build(
    changes: Record<string, string | undefined> = {},
  ): Promise<BuiltPackage> {
    const files = Object.fromEntries(await emitOnce());
    const built = new BuiltPackage(await Deno.makeTempDir());
    try {
      await withFolder(async (output) => {
        for (const [file, text] of Object.entries({ ...files, ...changes })) {
          if (text !== undefined) await write(`${output}/${file}`, text);
        }
        await finishNpmPackage(output, {
          folder: built.folder,
          root: Deno.realPathSync(ROOT),
          repositoryUrl: REPOSITORY_URL,
        });
      });
      return built;
    } catch (error) {
      await built[Symbol.asyncDispose]();
      throw error;
    }
  }

  async read(file: string): Promise<string> {
    return await Deno.readTextFile(`${this.folder}/${file}`);
  }

  async write(file: string, text: string): Promise<void> {
    await write(`${this.folder}/${file}`, text);
  }

  /** What is found wrong with a package that is only tried. */
  async faults(): Promise<string[]> {
    return await findPackageFaults(this.folder, { isTrial: true });
  }

  /** What is found while `package.json` has these members in the place of its own. */
  async faultsWith(members: Record<string, unknown>): Promise<string[]> {
    const text = await this.read("package.json");
    const manifest = { ...JSON.parse(text), ...members };
    await this.write("package.json", JSON.stringify(manifest));
    const faults = await this.faults();
    await this.write("package.json", text);
    return faults;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

async function write(path: string, text: string): Promise<void> {
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  await Deno.writeTextFile(path, text);
}

Deno.test("the npm package has no fault, and would with another package.json", async () => {
  await using built = await BuiltPackage.build();
  assertEquals(await built.faultsWith({}), []);

  const { exports } = JSON.parse(await built.read("package.json"));
  const wrong: [Record<string, unknown>, string][] = [
    [{ sideEffects: undefined }, "sideEffects is undefined"],
    [{ type: undefined }, "type is undefined"],
    [{ repository: { type: "git", url: "git@a:b" } }, "repository is "],
    [{ bugs: undefined }, "bugs is undefined"],
    [{ homepage: "https://example.com/" }, "homepage is "],
    [{ keywords: [] }, "keywords is []"],
    [{ description: "Other words" }, "description is "],
    [{ engines: { node: ">=20" } }, "engines is "],
    [{ publishConfig: {} }, "publishConfig is {}"],
    [{ devDependencies: { "@types/node": "20" } }, "devDependencies is too"],
    [{ scripts: { install: "a" } }, "scripts is too many"],
    [{ main: "./esm/mod.js" }, "main is "],
    [{ exports: { ...exports, "./more": "./mod.js" } }, "exports is "],
    [{ _generatedBy: undefined }, "_generatedBy is undefined"],
  ];
  for (const [members, fault] of wrong) {
    assertStringIncludes((await built.faultsWith(members)).join(), fault);
  }
});

Deno.test("only a package by the pinned dnt may be published", async () => {
  await using built = await BuiltPackage.build();
  const fault = `package.json: _generatedBy is deno@${Deno.version.deno}, ` +
    "expected dnt@0.43.2";
  assertEquals(await findPackageFaults(built.folder), [fault]);

  for (const emitter of ["dnt@0.43.1", "dnt@dev", "deno@0.43.2"]) {
    await using other = await BuiltPackage.build({
      "package.json": JSON.stringify({ _generatedBy: emitter }),
    });
    assertEquals(await findPackageFaults(other.folder), [
      `package.json: _generatedBy is ${emitter}, expected dnt@0.43.2`,
    ]);
  }
  await using right = await BuiltPackage.build({
    "package.json": '{ "_generatedBy": "dnt@0.43.2" }',
  });
  assertEquals(await findPackageFaults(right.folder), []);
});

Deno.test("the npm package is at the top level, whatever dnt leaves beside esm/", async () => {
  await using built = await BuiltPackage.build({
    "package.json": JSON.stringify({
      _generatedBy: "dnt@0.43.2",
      module: "./esm/mod.js",
      scripts: {},
      devDependencies: { "@types/node": "20" },
    }),
    "package-lock.json": "{}",
    ".npmignore": "/src/",
    "node_modules/@types/node/index.d.ts": "",
    "esm/package.json": '{ "type": "module" }',
  });

  assertEquals(await findPackageFaults(built.folder), []);
  const files = await listFiles(built.folder);
  assert(files.includes("mod.js") && files.includes("socket/server.d.ts"));
  const manifest = JSON.parse(await built.read("package.json"));
  assertEquals(manifest.exports["./runs"], {
    types: "./runs/mod.d.ts",
    default: "./runs/mod.js",
  });
  assertEquals(manifest.devDependencies, undefined);
});

Deno.test("the npm package has what its exports reach, and nothing else", async () => {
  const reached = "export declare const a: AsyncDisposable;\n";
  await using built = await BuiltPackage.build({
    "esm/event.js": 'export const load = () => import("./_event/late.js");',
    "esm/event.d.ts": 'export type { A } from "./_event/a.js";',
    "esm/_event/a.d.ts": reached,
    "esm/_event/a.js": "export {};",
    "esm/_event/late.js": "export {};",
    "esm/_event/late.d.ts": "export {};",
    "esm/_event/comment.js": "export {};",
    "esm/_event/b.js": '// import "./comment.js";\nexport {};',
  });

  assertEquals(await built.faults(), []);
  const files = await listFiles(`${built.folder}/_event`);
  assertEquals(files, ["a.d.ts", "late.js"]);
  assertEquals(
    await built.read("_event/a.d.ts"),
    toPortableDeclarations(reached),
  );
});

Deno.test("finishNpmPackage() rejects if a module or the name of the emitter is missing", async () => {
  const wrong: [Record<string, string | undefined>, string][] = [
    [{ "esm/channel.js": undefined }, "channel.js is missing"],
    [{ "esm/channel.d.ts": undefined }, "channel.d.ts is missing"],
    [{ "package.json": "{}" }, "expected _generatedBy in "],
  ];
  for (const [changes, message] of wrong) {
    await assertRejects(() => BuiltPackage.build(changes), Error, message);
  }
});

Deno.test("the documents of the npm package link to the repository, and one that does not is a fault", async () => {
  await using built = await BuiltPackage.build();
  const readme = await built.read("README.md");
  assertStringIncludes(
    readme,
    `](${REPOSITORY_URL}/blob/v${config.version}/docs/runtimes.md)`,
  );
  await built.write("README.md", `${readme}[a](docs/runtimes.md)`);

  const fault = "README.md has a link that is not absolute";
  assertEquals(await built.faults(), [fault]);
});

Deno.test("a file too many in the npm package is a fault, such as a polyfill", async () => {
  await using built = await BuiltPackage.build();
  await built.write("_dnt.polyfills.js", "");
  await built.write("mod.test.js", "");
  await built.write("esm/package.json", '{ "type": "module" }');
  await built.write("esm/mod.js", "");
  await Deno.remove(`${built.folder}/LICENSE`);
  await Deno.remove(`${built.folder}/_parser/fields.js`);

  assertEquals(await built.faults(), [
    "LICENSE is missing",
    "_dnt.polyfills.js is too many",
    "esm/package.json is too many",
    "mod.test.js is too many",
    "_parser/fields.js is missing",
    "esm/mod.js is reached by no export",
  ]);
});

Deno.test("a module of the npm package that imports another package is a fault", async () => {
  await using built = await BuiltPackage.build();
  await built.write("event.js", 'import { a } from "@deno/shim-deno";');
  await built.write("event.d.ts", 'export type A = import("undici").B;');

  assertEquals((await built.faults()).sort(), [
    "event.d.ts imports undici",
    "event.js imports @deno/shim-deno",
  ]);
});

Deno.test("engines and the guide name the oldest Node of each range that is tried", async () => {
  assertEquals(Object.keys(OLDEST_NODES), ["20.19.0", "22.12.0"]);
  assertEquals(NODE_RANGE, "^20.19.0 || >=22.12.0");
  const guide = await Deno.readTextFile(new URL("docs/runtimes.md", ROOT));
  assertStringIncludes(
    guide.replaceAll("\n", " "),
    "in Node 20.19, and in Node 22.12 and later",
  );
});

Deno.test("build_npm.ts asks for the URL of the repository", async () => {
  for (const url of ["", "github.com/a/b", "https://example.com/a/b/"]) {
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "scripts/build_npm.ts"],
      cwd: ROOT,
      env: { REPOSITORY_URL: url },
    }).output();

    assert(!success);
    assertStringIncludes(
      new TextDecoder().decode(stderr),
      "Cannot build the package: expected the URL of the repository in " +
        `REPOSITORY_URL, got ${JSON.stringify(url)}`,
    );
  }
});

Deno.test("npm, JSR, the README and mod.ts describe the package in one sentence", async () => {
  const readme = await Deno.readTextFile(new URL("README.md", ROOT));
  const [, paragraph = ""] = readme.split("\n\n");
  assertStringIncludes(paragraph.replaceAll("\n", " "), config.description);
  const mod = await Deno.readTextFile(new URL("mod.ts", ROOT));
  assertStringIncludes(mod, ` * ${config.description}.\n`);
  const guide = await Deno.readTextFile(new URL("CONTRIBUTING.md", ROOT));
  assertStringIncludes(
    guide.replaceAll(/\s+/g, " "),
    "with the description of `deno.json`",
  );
});

Deno.test("toPortableDeclarations() declares what a module uses of the DOM", () => {
  const code = [
    "/** Not a BodyInit. */",
    "export declare function a(headers: HeadersInit): Uint8Array<ArrayBuffer>;",
    "export interface CloseEvent {}",
    "",
  ].join("\n");

  assertEquals(
    toPortableDeclarations(code),
    code.replace(
      "Uint8Array<ArrayBuffer>",
      'ReturnType<InstanceType<typeof TextEncoder>["encode"]>',
    ) + 'type HeadersInit = NonNullable<RequestInit["headers"]>;\n',
  );
  const portable = "export declare const a: Uint8Array;\n";
  assertEquals(toPortableDeclarations(portable), portable);
  assertEquals(
    toPortableDeclarations("export declare class A implements WebSocket {}\n"),
    "export declare class A {}\n",
  );
  const disposable = "export declare class A implements AsyncDisposable {}\n";
  assertEquals(
    toPortableDeclarations(disposable),
    '/// <reference lib="esnext.disposable" />\n' + disposable,
  );
});
