// Copyright 2026 the Tidings authors. MIT license.

/**
 * The frameworks, and what runs the programs that `docs/frameworks.md` prints for them.
 *
 * @module
 */

import {
  findBun,
  findNode,
  type FindTool,
  RUNTIME_VERSIONS,
} from "../../scripts/_tools.ts";
import { type Build, NEXT, NUXT, REACT_ROUTER, SVELTEKIT } from "./_builds.ts";

/** What runs a program, after the module that is loaded before it. */
export interface Runtime {
  /** What is added to the name of the row. */
  name: string;
  find: FindTool;
  args: (file: string) => string[];
}

/** A framework, by the name of its program in the guide. */
export interface Framework {
  name: string;
  runtime: Runtime;
  /** What its program needs beyond a file: it is run alone in the project. */
  build?: Build;
  /** The exit status after SIGTERM, where it is not 0. */
  status?: number;
  /** The origin of a POST, where the framework refuses one without. */
  origin?: string;
  /** What its runtime prints to stderr, besides warnings. */
  notice?: RegExp;
  /** Whether only `all` asks for it, since it takes long. */
  isSlow?: boolean;
}

const PROBE = "./probe.mjs";
const CONFIG = `--config=${
  new URL("../../deno.json", import.meta.url).pathname
}`;

const NODE: Runtime = {
  name: "",
  find: () => Promise.resolve("node"),
  args: (file) => ["--import", PROBE, file],
};
const NEWEST_NODE: Runtime = {
  ...NODE,
  name: `, Node ${RUNTIME_VERSIONS.node}`,
  find: findNode,
};
const BUN: Runtime = {
  name: "",
  find: findBun,
  args: (file) => ["--preload", PROBE, file],
};
/** Deno loads the sources, as it does from JSR. */
const DENO: Runtime = {
  name: "",
  find: () => Promise.resolve(Deno.execPath()),
  args: (file) => ["run", "-A", CONFIG, `--preload=${PROBE}`, file],
};
const ENDED_BY_SIGTERM = 143;
/** Beside the folder of a framework that is built. */
const OUTER_PROBE = `.${PROBE}`;

const ON_NODE: Omit<Framework, "runtime">[] = [
  { name: "node" },
  { name: "express" },
  // It sends the signal again once its hooks have run.
  { name: "nest", status: ENDED_BY_SIGTERM },
  { name: "fastify" },
  { name: "koa" },
  { name: "hono" },
  { name: "h3" },
];

/** The server to which a framework passes requests on. */
export const UPSTREAM: Framework = { name: "node", runtime: NODE };

/** The rows of the table. */
export const FRAMEWORKS: readonly Framework[] = [
  ...ON_NODE.map((framework) => ({ ...framework, runtime: NODE })),
  { name: "bun", runtime: BUN },
  { name: "deno", runtime: DENO, notice: /^Listening on http:\S+\n/ },
  {
    name: "next",
    runtime: startedBy([
      "../node_modules/next/dist/bin/next",
      "start",
      "-H",
      "127.0.0.1",
      "-p",
      "0",
    ]),
    build: NEXT,
    status: ENDED_BY_SIGTERM,
    isSlow: true,
  },
  // They need a Node that is newer than the one on the PATH may be.
  {
    name: "nuxt",
    runtime: startedBy([".output/server/index.mjs"], NEWEST_NODE),
    build: NUXT,
    isSlow: true,
  },
  {
    name: "sveltekit",
    runtime: startedBy(["build/index.js"], NEWEST_NODE),
    build: SVELTEKIT,
    origin: "https://site.example",
    isSlow: true,
  },
  {
    name: "reactrouter",
    runtime: startedBy([
      "../node_modules/@react-router/serve/bin.cjs",
      "build/server/index.js",
    ], NEWEST_NODE),
    build: REACT_ROUTER,
    // It prints an empty line.
    notice: /^\n+/,
    isSlow: true,
  },
  ...ON_NODE.map((framework) => ({
    ...framework,
    runtime: NEWEST_NODE,
    isSlow: true,
  })),
];

/** A runtime that starts what was built. */
function startedBy(args: string[], runtime = NODE): Runtime {
  return { ...runtime, args: () => ["--import", OUTER_PROBE, ...args] };
}
