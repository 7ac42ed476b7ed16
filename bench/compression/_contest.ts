// Copyright 2026 the Tidings authors. MIT license.

/** Servers in processes of their own, each with its clients in another. */

import type { CompressionCommand, CompressionUsage } from "./_answers.ts";
import type { LoadReport } from "./_load.ts";
import type { CompressionWorkload } from "./_workloads.ts";
import { Child, Program } from "../_process.ts";
import { build } from "../channel/_fanout_runtimes.ts";
import { findNode } from "../../scripts/_tools.ts";

/** Where a server runs. */
export type Runtime = "Deno" | "Node";

type Server = Program<CompressionCommand, CompressionUsage | null>;
type Load = Program<number, LoadReport>;

const WARM_UP_CLIENTS = 100;

/** The server for Node, in one file. */
let nodeServer: Promise<string> | undefined;

async function startServer(
  runtime: Runtime,
  name: string,
  workload: CompressionWorkload,
): Promise<Server> {
  if (runtime === "Deno") {
    return new Child("compression/_deno.ts", name, workload);
  }
  const file = await (nodeServer ??= build("compression/_node.ts"));
  // The installed Node may have no zstd.
  const node = workload === "page" ? await findNode() : "node";
  return new Program(node, ["--expose-gc", file, name, workload]);
}

function startLoad(port: number, clients: number, name: string): Load {
  const coding = name.endsWith("zstd") ? "zstd" : "gzip";
  return new Child("compression/_load.ts", `${port}`, `${clients}`, coding);
}

/** One server with its clients. */
export class Contest implements AsyncDisposable {
  readonly #server: Server;
  readonly #load: Load;
  readonly #clients: number;
  /** What the server took before the clients came. */
  readonly #before: CompressionUsage;
  /** How many events each client has had. */
  #events = 0;
  /** Microseconds of CPU of the server for each delivery, one of each sample. */
  readonly cpu: number[] = [];
  /** Milliseconds from publishing to the last delivery, one of each turn. */
  readonly latency: number[] = [];
  /** Bytes of the body for each delivery, one of each sample. */
  readonly bytes: number[] = [];

  private constructor(
    server: Server,
    load: Load,
    clients: number,
    before: CompressionUsage,
  ) {
    this.#server = server;
    this.#load = load;
    this.#clients = clients;
    this.#before = before;
  }

  static async start(
    runtime: Runtime,
    name: string,
    workload: CompressionWorkload,
    clients: number,
  ): Promise<Contest> {
    const server = await startServer(runtime, name, workload);
    const port = await server.read<number>();
    // The first clients make the server load and compile what it needs.
    const first = startLoad(port, WARM_UP_CLIENTS, name);
    await first.read<number>();
    for (let event = 0; event < 100; event++) await server.ask("publish");
    await first[Symbol.asyncDispose]();
    const before = await ask(server, "collect");
    const load = startLoad(port, clients, name);
    await load.read<number>();
    await load.ask(0);
    return new Contest(server, load, clients, before);
  }

  /** Publishes so many events, each after all clients have had the one before. */
  async sample(turns: number, keeps: boolean): Promise<void> {
    const before = await ask(this.#server, "measure");
    // It has had them all.
    const { bytes } = await this.#load.ask(this.#events);
    let report: LoadReport | undefined;
    for (let turn = 0; turn < turns; turn++) {
      const all = this.#load.ask(++this.#events);
      const start = performance.timeOrigin + performance.now();
      await this.#server.ask("publish");
      report = await all;
      if (keeps) this.latency.push(report.time - start);
    }
    const after = await ask(this.#server, "measure");
    if (!keeps || report === undefined) return;
    const deliveries = turns * this.#clients;
    this.cpu.push((after.cpu - before.cpu) / deliveries);
    this.bytes.push((report.bytes - bytes) / deliveries);
  }

  /** KiB that each client takes by now: resident, and of the heap. */
  async memory(): Promise<{ rss: number; heap: number }> {
    const { rss, heap } = await ask(this.#server, "collect");
    const unit = 1024 * this.#clients;
    return {
      rss: (rss - this.#before.rss) / unit,
      heap: (heap - this.#before.heap) / unit,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#load[Symbol.asyncDispose]();
    await this.#server[Symbol.asyncDispose]();
  }
}

async function ask(
  server: Server,
  command: "measure" | "collect",
): Promise<CompressionUsage> {
  // The answer to these is never null.
  return (await server.ask(command))!;
}
