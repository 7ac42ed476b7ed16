// Copyright 2026 the Tidings authors. MIT license.

/** How contestants are started in each runtime. */

import type { ServerCommand, ServerUsage } from "./_fanout_answers.ts";
import type { Contestant } from "./_fanout_contest.ts";
import { Child, Program } from "../_process.ts";
import { bundle, lowerSyntax } from "../../scripts/_bundle.ts";
import { findBun } from "../../scripts/_tools.ts";

type Answer = ServerUsage | null;

const CONFIG = new URL("../deno.json", import.meta.url).pathname;

/** On `Deno.serve`. */
export function inDeno(name: string): Contestant {
  return {
    name,
    startServer: () =>
      Promise.resolve(
        new Child<ServerCommand, Answer>("channel/_fanout_server.ts", name),
      ),
    startLoad,
  };
}

/** On `node:http`, in the Node that is installed. */
export function inNode(name: string): Contestant {
  return {
    name,
    startServer: async () =>
      runInNode<ServerCommand, Answer>(await nodeServer(), name),
    startLoad,
  };
}

/** On `node:http2`, where 100 clients share a connection. */
export function overHttp2(name: string): Contestant {
  return {
    name,
    startServer: async () =>
      runInNode<ServerCommand, Answer>(await nodeServer(), name, "http2"),
    startLoad: async (port, clients) =>
      runInNode(await http2Load(), String(port), String(clients)),
  };
}

/** On `Bun.serve`. */
export function inBun(name: string): Contestant {
  return {
    name,
    startServer: async () =>
      new Program<ServerCommand, Answer>(await findBun(), [
        await bunServer(),
        name,
      ]),
    startLoad,
  };
}

/** The heap that each client without a connection takes in Deno, in KiB. */
export async function measureHeap(
  name: string,
  clients: number,
): Promise<number> {
  await using server = await inDeno(name).startServer();
  await server.read();
  await server.ask({ do: "park", clients: 100 });
  const before = (await server.ask({ do: "measure", collects: true }))!;
  await server.ask({ do: "park", clients });
  const after = (await server.ask({ do: "measure", collects: true }))!;
  return (after.heap - before.heap) / clients / 1024;
}

function startLoad(
  port: number,
  clients: number,
): Promise<Program<number, number>> {
  const args = [String(port), String(clients)];
  return Promise.resolve(new Child("channel/_fanout_load.ts", ...args));
}

function runInNode<Question, Answer>(
  file: string,
  ...args: string[]
): Program<Question, Answer> {
  return new Program("node", ["--expose-gc", file, ...args]);
}

const nodeServer = once(() => build("channel/_fanout_node.ts"));
const http2Load = once(() => build("channel/_fanout_http2_load.ts"));
const bunServer = once(() => build("channel/_fanout_bun.ts"));

/** One file of JavaScript that Node 20 reads, as the npm package is. */
export async function build(module: string): Promise<string> {
  const path = new URL(`../${module}`, import.meta.url).pathname;
  const code = await lowerSyntax(await bundle(path, { config: CONFIG }));
  const file = await Deno.makeTempFile({ suffix: ".mjs" });
  globalThis.addEventListener("unload", () => Deno.removeSync(file));
  await Deno.writeTextFile(file, code);
  return file;
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => made ??= make();
}
