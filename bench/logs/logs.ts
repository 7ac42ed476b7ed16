// Copyright 2026 the Tidings authors. MIT license.

/**
 * What each engine of a log costs: how many events it takes, how long one is under way
 * from `publish()` to a client, and what a delivery to one of many clients costs beside
 * the log in memory. The process that is measured holds the channels, not the clients
 * and not Redis.
 *
 * `deno task bench:logs`, or with `sqlite` or `sqlite/appends` for those rows alone.
 */

import process from "node:process";
import { EventChannel } from "../../channel.ts";
import type { EventLog } from "../../log.ts";
import { readEvents } from "../../parser.ts";
import { Child } from "../_process.ts";
import { type LogEngine, openEngines } from "./_engines.ts";
import { runJobs } from "../_jobs.ts";
import { median } from "../_statistics.ts";
import { CHECK, Judgements } from "../_targets.ts";
import { appendTogether, DATA, measureAppends, TOGETHER } from "./_appends.ts";
import { SQLITE_JOBS } from "./_sqlite_rows.ts";

/** Milliseconds for which events are appended. */
const APPEND_MS = 1000;
const LATENCY_EVENTS = 1000;
const CLIENTS = 1000;
/** Rounds in which the engines take turns, and events of each. */
const ROUNDS = 9;
const ROUND_EVENTS = 100;

/** Publishes one event after the other to one client; gives milliseconds, sorted. */
async function measureLatency(log: EventLog): Promise<number[]> {
  await using channel = new EventChannel({ log });
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => channel.serve(request),
  );
  const response = await fetch(`http://127.0.0.1:${server.addr.port}/`);
  const times: number[] = [];
  let start = performance.now();
  await channel.publish({ data: DATA });
  for await (const _ of readEvents(response)) {
    times.push(performance.now() - start);
    if (times.length > LATENCY_EVENTS) break;
    start = performance.now();
    channel.publish({ data: DATA });
  }
  await channel.close();
  await server.shutdown();
  // The first is late: the log was not followed yet.
  return times.slice(1).sort((a, b) => a - b);
}

/** One channel with its clients in another process. */
class Crowd implements AsyncDisposable {
  /** Microseconds of CPU of this process for each delivery, round by round. */
  readonly cpu: number[] = [];
  readonly #channel: EventChannel;
  readonly #server: Deno.HttpServer;
  readonly #clients: Child<number, number>;
  #events = 0;

  private constructor(
    channel: EventChannel,
    server: Deno.HttpServer,
    clients: Child<number, number>,
  ) {
    this.#channel = channel;
    this.#server = server;
    this.#clients = clients;
  }

  static async gather(log: EventLog): Promise<Crowd> {
    const channel = new EventChannel({ log });
    const server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => channel.serve(request),
    );
    const port = String(server.addr.port);
    const clients = new Child<number, number>(
      "channel/_fanout_load.ts",
      port,
      String(CLIENTS),
    );
    await clients.read();
    return new Crowd(channel, server, clients);
  }

  async round(): Promise<void> {
    const before = process.cpuUsage();
    for (let left = ROUND_EVENTS; left > 0; left--) {
      const all = this.#clients.ask(++this.#events);
      await this.#channel.publish({ data: DATA });
      await all;
    }
    const { user, system } = process.cpuUsage(before);
    this.cpu.push((user + system) / (ROUND_EVENTS * CLIENTS));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#channel.close();
    await this.#clients[Symbol.asyncDispose]();
    await this.#server.shutdown();
  }
}

/** Gives the microseconds of CPU of each delivery, round by round, for each engine. */
async function measureFanOut(
  engines: readonly LogEngine[],
): Promise<number[][]> {
  await using resources = new AsyncDisposableStack();
  const crowds: Crowd[] = [];
  for (const { log } of engines) {
    crowds.push(resources.use(await Crowd.gather(log)));
  }
  for (const crowd of crowds) await crowd.round();
  for (const crowd of crowds) crowd.cpu.length = 0;
  for (let round = 0; round < ROUNDS; round++) {
    for (let turn = 0; turn < crowds.length; turn++) {
      await crowds[(round + turn) % crowds.length]!.round();
    }
  }
  return crowds.map(({ cpu }) => cpu);
}

async function compareEngines(): Promise<void> {
  await using resources = new AsyncDisposableStack();
  const engines = await openEngines(resources);
  console.log(`Deno ${Deno.version.deno}, ${Deno.build.target}\n`);
  console.log(
    `| Log | Appends/s, one at a time | ${TOGETHER} a turn | Delivery p50 | p99 | CPU a delivery | × memory |`,
  );
  console.log("|---|--:|--:|--:|--:|--:|--:|");
  const rows: string[] = [];
  for (const { name, log } of engines) {
    const one = await measureAppends(appendTogether(log, 1), APPEND_MS);
    const many = await measureAppends(
      appendTogether(log, TOGETHER),
      APPEND_MS,
    );
    const times = await measureLatency(log);
    const at = (part: number) => times[Math.floor(times.length * part)]!;
    rows.push(
      `| ${name} | ${one.toFixed(0)} | ${many.toFixed(0)} | ${
        at(0.5).toFixed(2)
      } ms | ${at(0.99).toFixed(2)} ms |`,
    );
  }
  const costs = await measureFanOut(engines);
  const judgements = new Judgements();
  for (const [index, row] of rows.entries()) {
    // The first engine is memory, and each round has a cost of its own.
    const ratios = costs[index]!.map((cost, round) => cost / costs[0]![round]!);
    const ratio = median(ratios);
    console.log(
      `${row} ${median(costs[index]!).toFixed(1)} µs | ${ratio.toFixed(2)} |`,
    );
    const name = `logs/${engines[index]!.name}`;
    judgements.add({ name, peerName: "memory", figure: ratio });
  }
  if (judgements.report(Deno.args.includes(CHECK))) Deno.exitCode = 1;
}

const isWhole = Deno.args.every((argument) => argument === CHECK);
if (isWhole) {
  await compareEngines();
  console.log();
}
await runJobs(SQLITE_JOBS);
