// Copyright 2026 the Tidings authors. MIT license.

/**
 * The frameworks, and what runs the programs that `docs/frameworks.md` prints for them.
 *
 * @module
 */

import { runTool } from "../../scripts/_run_tool.ts";
import {
  findBun,
  findNode,
  type FindTool,
  RUNTIME_VERSIONS,
} from "../../scripts/_tools.ts";

/** What runs a program, after the module that is loaded before it. */
export interface Runtime {
  /** What is added to the name of the row. */
  name: string;
  find: FindTool;
  args: (file: string) => string[];
}

/** A framework that is built before it runs. */
export interface Build {
  /** Where the program goes. */
  file: string;
  /** What is added to the program, whose copy of this package the probe does not see. */
  probe: string;
  /** Writes its settings: the port of the server that it is to pass requests on to. */
  configure: (folder: string, upstreamPort?: number) => Promise<void>;
  run: (folder: string) => Promise<unknown>;
}

/** A framework, by the name of its program in the guide. */
export interface Framework {
  name: string;
  runtime: Runtime;
  /** What its program needs beyond a file: it is run alone in the project. */
  build?: Build;
  /** The exit status after SIGTERM, where it is not 0. */
  status?: number;
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
/** Milliseconds for a framework that is built. */
const BUILD_TIME_LIMIT = 300_000;
const ENDED_BY_SIGTERM = 143;
const NEXT = "node_modules/next/dist/bin/next";

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
    runtime: {
      ...NODE,
      args:
        () => ["--import", PROBE, NEXT, "start", "-H", "127.0.0.1", "-p", "0"],
    },
    build: {
      file: "app/events/route.js",
      configure: configureNext,
      probe: "globalThis.channels?.add(channel);\n",
      run: (folder) =>
        runTool("node", [NEXT, "build"], {
          cwd: folder,
          timeLimit: BUILD_TIME_LIMIT,
        }),
    },
    status: ENDED_BY_SIGTERM,
    isSlow: true,
  },
  ...ON_NODE.map((framework) => ({
    ...framework,
    runtime: NEWEST_NODE,
    isSlow: true,
  })),
];

async function configureNext(
  folder: string,
  upstreamPort?: number,
): Promise<void> {
  const rewrites = upstreamPort === undefined ? "" : `
  rewrites: () => ({
    beforeFiles: [{
      source: "/events",
      destination: "http://127.0.0.1:${upstreamPort}/events",
    }],
  }),`;
  await Deno.writeTextFile(
    `${folder}/next.config.mjs`,
    `export default {${rewrites}\n};\n`,
  );
}
