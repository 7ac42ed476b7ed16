// Copyright 2026 the Tidings authors. MIT license.

/**
 * Checks the types of the npm package as programs that use it get them, for
 * `deno task test:pack`.
 *
 * @module
 */

import config from "../deno.json" with { type: "json" };
import { installPackage, type NpmPackage } from "./_install_package.ts";
import { name, npmSpecifiers } from "./_npm_manifest.ts";
import type { PackProject } from "./_pack_project.ts";
import { findOldestTypeScript, findTypeScript } from "./_tools.ts";

/** The types of the oldest Node that is served. */
const NODE_20_TYPES = { name: "@types/node", version: "20.19.43" };

/** The types of the runtimes, with which programs need no DOM library. */
const RUNTIME_TYPES: Record<string, NpmPackage> = {
  "Node 20": NODE_20_TYPES,
  "Node 26": { name: "@types/node", version: "26.6.6" },
  Bun: { name: "bun-types", version: "1.4.5" },
  "Cloudflare Workers": {
    name: "@cloudflare/workers-types",
    version: "5.20261117.1",
  },
};

/** The language and the libraries of Node 20. */
const NODE_20_OPTIONS = {
  target: "ES2022",
  lib: [
    "ES2023",
    "ES2024.String",
    "ESNext.Disposable",
    "DOM",
    "DOM.Iterable",
    "DOM.AsyncIterable",
  ],
};

const PROGRAM = `
${
  npmSpecifiers.map((path, i) => `import * as m${i} from "${path}";`).join("\n")
}
import {
  encodeEvents,
  EventSource,
  readEvents,
  type ServerSentEvent,
} from "${name}";
import { EventStreamSocket } from "${name}/socket";

const events: ServerSentEvent[] = [];
const { body } = new Response(encodeEvents([{ data: "a", id: 1 }]));
for await (const event of readEvents(body!)) events.push(event);
// @ts-expect-error: there are types, so this is noticed.
events[0].data = 1;

const source = new EventSource("https://example.com/", {
  headers: { authorization: "Bearer a" },
  body: "a",
});
source.onmessage = ({ data }) => data.slice(1);
source.addEventListener("open", ({ type }) => type, { once: true });
source.addEventListener("tick", { handleEvent: ({ type }) => type });
// @ts-expect-error: data is text.
source.onmessage = ({ data }) => data.toFixed();

const socket = new EventStreamSocket("https://example.com/");
socket.binaryType = "arraybuffer";
socket.onclose = ({ code, reason }) => [code.toFixed(), reason.slice(1)];
socket.addEventListener("close", ({ wasClean }) => wasClean === true);
// @ts-expect-error: a code is a number.
socket.onclose = ({ code }) => code.slice(1);

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

const COMMONJS_PROGRAM = `
import { encodeEvent } from "${name}";
export const bytes: Uint8Array = encodeEvent({ data: "a" });
`;

/** One run of the compiler. */
interface Compilation {
  title: string;
  files: string[];
  options: object;
  /** Whether there is something in it that the oldest compiler does not read. */
  isNew?: boolean;
}

/** Has the newest and the oldest compiler check programs, and the sources. */
export async function testTypes(project: PackProject): Promise<void> {
  await project.write("program.ts", PROGRAM);
  await project.write("node_program.ts", NODE_PROGRAM);
  await project.write("common.cts", COMMONJS_PROGRAM);
  const newest = await findTypeScript();
  const oldest = await findOldestTypeScript();
  for (const compilation of await listCompilations()) {
    const { title, isNew = false } = compilation;
    await compile(project, newest, { ...compilation, title: `tsc ${title}` });
    if (isNew) continue;
    await compile(project, oldest, {
      ...compilation,
      title: `tsc of TypeScript 5.6 ${title}`,
    });
  }
  await testSources(project, newest);
}

/** What a program may have beside the package. Nothing skips the declarations. */
async function listCompilations(): Promise<Compilation[]> {
  const files = ["program.ts"];
  const lib = ["es2022", "dom"];
  const bundler = { module: "esnext", moduleResolution: "bundler" };
  const compilations: Compilation[] = [
    { title: "with the DOM", files, options: { lib } },
    { title: "for a bundler", files, options: { lib, ...bundler } },
    {
      title: "of CommonJS that requires the package",
      files: ["common.cts"],
      options: { lib, module: "nodenext" },
      isNew: true,
    },
  ];
  for (const [runtime, types] of Object.entries(RUNTIME_TYPES)) {
    const options = await typeOptions(types);
    const isNode = runtime.startsWith("Node");
    const programs = isNode ? [...files, "node_program.ts"] : files;
    compilations.push({
      title: `with the types of ${runtime}, without the DOM`,
      files: programs,
      options: { ...options, lib: ["es2022"] },
      isNew: runtime === "Bun",
    });
    if (!isNode) continue;
    compilations.push({
      title: `with the types of ${runtime} and the DOM`,
      files: programs,
      options: { ...options, lib },
    });
  }
  return compilations;
}

/** Finds what the library calls and Node 20 lacks, which no declaration shows. */
async function testSources(
  project: PackProject,
  compiler: string,
): Promise<void> {
  const root = new URL("../", import.meta.url);
  await compile(project, compiler, {
    title: "tsc of the sources, with what Node 20 has",
    // The command line is for Deno.
    files: Object.entries(config.exports)
      .filter(([path]) => path !== "./cli")
      .map(([, file]) => Deno.realPathSync(new URL(file, root))),
    options: {
      ...NODE_20_OPTIONS,
      ...await typeOptions(NODE_20_TYPES),
      module: "esnext",
      moduleResolution: "bundler",
      allowImportingTsExtensions: true,
    },
  });
}

/** What tells the compiler of the types of a runtime. */
async function typeOptions(types: NpmPackage): Promise<object> {
  const { pathname } = new URL("..", await installPackage(types));
  return { types: [types.name.split("/").at(-1)], typeRoots: [pathname] };
}

async function compile(
  project: PackProject,
  compiler: string,
  { title, files, options }: Compilation,
): Promise<void> {
  const compilerOptions = {
    noEmit: true,
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    target: "es2022",
    module: "node16",
    types: [],
    ...options,
  };
  await project.write(
    "tsconfig.json",
    JSON.stringify({ compilerOptions, files }),
  );
  await project.step(
    title,
    () => project.run("node", [compiler, "--pretty", "false"]),
  );
}
