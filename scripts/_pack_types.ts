// Copyright 2026 the Tidings authors. MIT license.

/** Checks of the types, as programs that use the package get them. */

import config from "../deno.json" with { type: "json" };
import { installPackage, type NpmPackage } from "./_install_package.ts";
import { name, npmSpecifiers } from "./_npm_manifest.ts";
import type { PackProject } from "./_pack_project.ts";
import { findOldestTypeScript, findTypeScript } from "./_tools.ts";

/** The types of the oldest Node that is served, and of the newest. */
const NODE_TYPES: Record<string, NpmPackage> = {
  "Node 20": { name: "@types/node", version: "20.19.43" },
  "Node 26": { name: "@types/node", version: "26.6.6" },
};

/** The language and the libraries of Node 20. */
const NODE_20_OPTIONS = {
  target: "ES2022",
  lib: [
    "ES2022",
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
}

/** Has the newest and the oldest compiler check programs, and the sources. */
export async function testTypes(project: PackProject): Promise<void> {
  await project.write("program.ts", PROGRAM);
  await project.write("node_program.ts", NODE_PROGRAM);
  const newest = await findTypeScript();
  const oldest = await findOldestTypeScript();
  for (const moduleResolution of ["node16", "bundler"]) {
    const module = moduleResolution === "bundler" ? "esnext" : "node16";
    for (const compilation of await listCompilations()) {
      await compile(project, newest, {
        ...compilation,
        title: `tsc with ${moduleResolution}, ${compilation.title}`,
        options: { ...compilation.options, module, moduleResolution },
      });
    }
  }
  for (const compilation of await listCompilations()) {
    await compile(project, oldest, {
      ...compilation,
      title: `tsc of TypeScript 5.6, ${compilation.title}`,
      options: { ...compilation.options, module: "node16" },
    });
  }
  await project.write("common.cts", COMMONJS_PROGRAM);
  await compile(project, newest, {
    title: "tsc of CommonJS that requires the package",
    files: ["common.cts"],
    options: { module: "nodenext", lib: ["es2022", "dom"] },
  });
  await testSources(project, newest);
}

/** What a program may have beside the package. Nothing skips the declarations. */
async function listCompilations(): Promise<Compilation[]> {
  const compilations: Compilation[] = [{
    title: "with the DOM, without the types of Node",
    files: ["program.ts"],
    options: { lib: ["es2022", "dom"] },
  }];
  for (const [node, types] of Object.entries(NODE_TYPES)) {
    const options = { types: ["node"], typeRoots: [await findTypes(types)] };
    const files = ["program.ts", "node_program.ts"];
    for (const dom of ["with", "without"]) {
      const lib = dom === "with" ? ["es2022", "dom"] : ["es2022"];
      compilations.push({
        title: `with the types of ${node}, ${dom} the DOM`,
        files,
        options: { ...options, lib },
      });
    }
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
      types: ["node"],
      typeRoots: [await findTypes(NODE_TYPES["Node 20"]!)],
      module: "esnext",
      moduleResolution: "bundler",
      allowImportingTsExtensions: true,
    },
  });
}

/** Gives the folder with the types of Node. */
async function findTypes(types: NpmPackage): Promise<string> {
  return new URL("..", await installPackage(types)).pathname;
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
