// Copyright 2026 the Tidings authors. MIT license.

/**
 * The programs of `docs/frameworks.md`, as they are printed and with changes that users
 * make.
 *
 * @module
 */

import { runTool } from "../../scripts/_run_tool.ts";
import { findEsbuild } from "../../scripts/_tools.ts";

const GUIDE = new URL("../../docs/frameworks.md", import.meta.url);
const BLOCK_REGEXP = /^```(js|ts) ignore framework (\w+)\n([^]*?)^```$/gm;

/** A change of a program, by which it is another row of the table. */
export interface Variant {
  /** What is added to the name of the row. */
  name: string;
  /** The frameworks that it is for; all, if left out. */
  frameworks?: readonly string[];
  change: (code: string) => string;
  /** The content codings of streams for a client that takes gzip and brotli. */
  codings: readonly string[];
  /** Whether another program serves the streams, and this one passes them on. */
  isProxied?: boolean;
  /** Whether JSON that a parser has read reaches the handler. */
  keepsJson?: boolean;
}

const NOT_COMPRESSED = ["identity"];
const COMPRESSED = ["gzip", "br"];

/** Those whose programs are modules beside the probe. */
const UNBUNDLED = [
  "node",
  "express",
  "nest",
  "fastify",
  "koa",
  "hono",
  "h3",
  "bun",
  "deno",
];

/** What the guide says to do before the handler is called, in Fastify and Koa. */
const HAND_ON = {
  request: "Object.assign(request.raw, { body: request.body });",
  context: "Object.assign(context.req, { body: context.request.body });",
};

/** The program as it is printed. */
export const AS_PRINTED: Variant = {
  name: "",
  change: (code) => code,
  codings: NOT_COMPRESSED,
};

/** The streams are compressed by this package. Next.js drops their `content-encoding`. */
export const WITH_GZIP: Variant = {
  name: ", gzip()",
  frameworks: UNBUNDLED,
  change: (code) =>
    `import { gzip } from "@tidings/sse/compression";\n` +
    replaceOnce(
      code,
      "new EventChannel()",
      "new EventChannel({ compression: gzip() })",
    ),
  codings: ["gzip"],
};

/** The streams are those of `serveEvents()`. */
export const WITH_SESSIONS: Variant = {
  name: ", serveEvents()",
  frameworks: UNBUNDLED,
  change: (code) =>
    replaceOnce(code, `"@tidings/sse/channel"`, `"./sessions.mjs"`),
  codings: NOT_COMPRESSED,
};

/** Each route answers by `serveSocket()`, to POST as well. */
export const WITH_SOCKETS: Variant = {
  name: ", serveSocket()",
  frameworks: UNBUNDLED,
  change: (code) =>
    replaceOnce(code, `"@tidings/sse/channel"`, `"./sockets.mjs"`)
      .replace("app.get(", "app.all(")
      .replace('app.post("/events"', 'app.post("/unused"')
      .replace('if (request.method !== "POST") return', "return"),
  codings: NOT_COMPRESSED,
};

/** The framework's own middleware compresses the streams. */
export const ALLOWING_TRANSFORM: Variant = {
  name: ", allowTransform",
  frameworks: ["express", "nest", "next"],
  change: (code) =>
    replaceOnce(
      code,
      "hannel.serve(request)",
      "hannel.serve(request, { allowTransform: true })",
    ),
  codings: COMPRESSED,
};

/** Where the middleware for CORS of each framework goes, and where it comes from. */
const CORS: Record<string, { name: string; before: string; use: string }> = {
  express: {
    name: "cors",
    before: "app.use(compression());\napp.use(express",
    use: "app.use(cors());\n",
  },
  nest: {
    name: "",
    before: "app.use(compression());\napp.enable",
    use: "app.enableCors();\n",
  },
  koa: {
    name: "@koa/cors",
    before: "app.use(compress());\napp.use(async (context",
    use: "app.use(cors());\n",
  },
  hono: {
    name: "hono/cors",
    before: "app.use(compress());\napp.get(",
    use: "app.use(cors());\n",
  },
  // It has one as it is printed.
  fastify: { name: "", before: "app.addHook(", use: "" },
};

/** Pages of other origins may read the streams. */
export const WITH_CORS: Variant = {
  name: ", CORS",
  frameworks: Object.keys(CORS),
  change: addCors,
  codings: NOT_COMPRESSED,
};

/** Other code answers in the place of the stream, as a middleware or an error does. */
export const WITH_OTHER_ANSWER: Variant = {
  name: ", stream thrown away",
  frameworks: UNBUNDLED,
  change: (code) =>
    code.replace(/(?:this\.#)?channel\.serve\([\w.]+\)/, "replace($&)") +
    'function replace() { return new Response("other", { status: 404 }); }\n',
  codings: NOT_COMPRESSED,
};

/** The framework's own parser has read the body before the handler is called. */
export const BEHIND_PARSER: Variant = {
  name: ", behind a parser",
  frameworks: ["express", "nest", "fastify", "koa"],
  change: moveBehindParser,
  codings: NOT_COMPRESSED,
};

/** What the parser has made is handed on, as the guide says. */
export const HANDED_ON: Variant = {
  name: ", body handed on",
  frameworks: ["fastify", "koa"],
  change: (code) =>
    moveBehindParser(code).replace(
      / *handler\((request|context)\./,
      (call, name: "request" | "context") => HAND_ON[name] + call,
    ),
  codings: NOT_COMPRESSED,
  keepsJson: true,
};

/** The framework passes requests on to a server of `node:http`. */
export const BEHIND_REWRITES: Variant = {
  name: ", rewrites()",
  frameworks: ["next"],
  change: (code) => code,
  codings: NOT_COMPRESSED,
  isProxied: true,
};

/** A program of the guide. */
export interface Program {
  /** In JavaScript or TypeScript. */
  code: string;
  isTypeScript: boolean;
}

/** The programs of the guide by the names of their frameworks. */
export async function readPrograms(): Promise<Map<string, Program>> {
  const guide = await Deno.readTextFile(GUIDE);
  for (const line of Object.values(HAND_ON)) {
    if (!guide.includes(`\`${line}\``)) {
      throw new Error(`Cannot read guide: ${line} is missing`);
    }
  }
  // Cannot fail: the pattern has the three groups.
  return new Map(
    [...guide.matchAll(BLOCK_REGEXP)].map(([, language, name, code]) => [
      name!,
      { code: code!, isTypeScript: language === "ts" },
    ]),
  );
}

/** Makes a module for Node of a program that is changed. */
export async function makeModule(
  { code, isTypeScript }: Program,
  { change }: Variant,
): Promise<string> {
  // What is run takes a free port.
  const changed = change(code).replace("8000", "0");
  return isTypeScript ? await toJavaScript(changed) : changed;
}

function addCors(code: string): string {
  const found = Object.values(CORS).find(({ before }) => code.includes(before));
  if (found === undefined) throw new Error(`Cannot add CORS: got ${code}`);
  const { name, before, use } = found;
  const names = name === "hono/cors" ? "{ cors }" : "cors";
  const line = name === "" ? "" : `import ${names} from "${name}";\n`;
  return line + replaceOnce(code, before, use + before);
}

function moveBehindParser(code: string): string {
  // Fastify and Nest have one by themselves.
  const own = /^ *events\.(?:remove|add)\w+Parsers?\(.*\n/gm;
  const bare = code.replace(own, "");
  const parser = "app.use(bodyParser());\n";
  if (bare !== code || !code.includes(parser)) return bare;
  const rest = replaceOnce(code, parser, "");
  const before = "app.use(compress());\n";
  return replaceOnce(rest, before, before + parser);
}

/** Removes the types, and applies the decorators, as `tsx` does. */
async function toJavaScript(code: string): Promise<string> {
  const options = { compilerOptions: { experimentalDecorators: true } };
  return await runTool(await findEsbuild(), [
    "--loader=ts",
    "--format=esm",
    `--tsconfig-raw=${JSON.stringify(options)}`,
  ], { input: code });
}

function replaceOnce(code: string, part: string, other: string): string {
  if (code.split(part).length !== 2) {
    throw new Error(
      `Cannot change program: expected ${JSON.stringify(part)} once in ${code}`,
    );
  }
  return code.replace(part, other);
}
