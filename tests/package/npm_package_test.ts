// Copyright 2026 the Tidings authors. MIT license.

/**
 * What `scripts/test_pack.ts` would find wrong with a package, on stand-ins for what
 * a build may get wrong. That the right one works is for `deno task test:pack`.
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { buildNpmPackage } from "../../scripts/_npm_build.ts";
import { toPortableDeclarations } from "../../scripts/_npm_declarations.ts";
import { findPackageFaults } from "../../scripts/_pack_contents.ts";

const ROOT = new URL("../../", import.meta.url);

/** A package in a folder of its own, to be spoilt. */
class BuiltPackage implements AsyncDisposable {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async build(): Promise<BuiltPackage> {
    const built = new BuiltPackage(await Deno.makeTempDir());
    await buildNpmPackage(built.folder, "https://example.com/a/b");
    return built;
  }

  async write(file: string, text: string): Promise<void> {
    await Deno.writeTextFile(`${this.folder}/${file}`, text);
  }

  /** What is found while `package.json` has these members in the place of its own. */
  async faultsWith(members: Record<string, unknown>): Promise<string[]> {
    const text = await Deno.readTextFile(`${this.folder}/package.json`);
    const manifest = { ...JSON.parse(text), ...members };
    await this.write("package.json", JSON.stringify(manifest));
    const faults = await findPackageFaults(this.folder);
    await this.write("package.json", text);
    return faults;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

Deno.test("the npm package has no fault, and would with another package.json", async () => {
  await using built = await BuiltPackage.build();
  assertEquals(await built.faultsWith({}), []);

  const { exports } = JSON.parse(
    await Deno.readTextFile(`${built.folder}/package.json`),
  );
  const { types, import: module } = exports["."];
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
    [{ main: "./esm/mod.js" }, "./esm/mod.js is missing"],
    [{ exports: {} }, "no export ./package.json"],
    [
      { exports: { ...exports, ".": { import: module, types } } },
      ". has the conditions import,types",
    ],
    [
      {
        exports: {
          ...exports,
          ".": { types, require: module, import: module },
        },
      },
      ". has the conditions types,require,import",
    ],
  ];
  for (const [members, fault] of wrong) {
    assertStringIncludes((await built.faultsWith(members)).join(), fault);
  }
});

Deno.test("a file too many in the npm package is a fault, such as a polyfill", async () => {
  await using built = await BuiltPackage.build();
  await built.write("_dnt.polyfills.js", "");
  await built.write("mod.test.js", "");
  await Deno.mkdir(`${built.folder}/esm`);
  await built.write("esm/package.json", '{ "type": "module" }');
  await Deno.remove(`${built.folder}/LICENSE`);

  assertEquals(await findPackageFaults(built.folder), [
    "LICENSE is missing",
    "_dnt.polyfills.js is too many",
    "esm/package.json is too many",
    "mod.test.js is too many",
  ]);
});

Deno.test("a module of the npm package that imports another package is a fault", async () => {
  await using built = await BuiltPackage.build();
  await built.write("event.js", 'import { a } from "@deno/shim-deno";');
  await built.write("event.d.ts", 'export type A = import("undici").B;');

  assertEquals(await findPackageFaults(built.folder), [
    "event.d.ts imports undici",
    "event.js imports @deno/shim-deno",
  ]);
});

Deno.test("build_npm.ts wants to know the repository", async () => {
  for (const url of ["", "github.com/a/b", "https://example.com/a/b/"]) {
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "scripts/build_npm.ts"],
      cwd: ROOT,
      env: { REPOSITORY_URL: url },
    }).output();

    assert(!success);
    assertStringIncludes(
      new TextDecoder().decode(stderr),
      `Cannot build the package: REPOSITORY_URL is ${JSON.stringify(url)}`,
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
