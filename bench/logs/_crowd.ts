// Copyright 2026 the Tidings authors. MIT license.

/** What a delivery to one of many clients costs, with channels on several logs in turns. */

import process from "node:process";
import { EventChannel } from "../../channel.ts";
import { type EventLog, MemoryEventLog } from "../../log.ts";
import { Child } from "../_process.ts";
import { median } from "../_statistics.ts";
import type { Row } from "../_table.ts";
import { DATA } from "./_appends.ts";
import type { LogEngine } from "./_engines.ts";

/** The clients of each channel. */
export const CLIENTS = 1000;
/** Rounds in which the engines take turns, and events of each. */
const ROUNDS = 9;
const ROUND_EVENTS = 100;

/** One channel with its clients in another process. */
export class Crowd implements AsyncDisposable {
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
export async function measureFanOut(
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

/** Compares a log with the one in memory, and with others of which each is a floor. */
export async function compareDeliveries(
  name: string,
  log: EventLog,
  floors: readonly LogEngine[] = [],
): Promise<Row[]> {
  const peers = [{ name: "memory", log: new MemoryEventLog() }, ...floors];
  const [ours, ...costs] = await measureFanOut([{ name, log }, ...peers]);
  return peers.map((peer, n) => {
    // There is one for each.
    const theirs = costs[n]!;
    const ratio = median(ours!.map((cost, round) => cost / theirs[round]!));
    return {
      name: `logs/${name}`,
      ours: `${median(ours!).toFixed(1)} µs`,
      peerName: peer.name,
      peer: `${peer.name} ${median(theirs).toFixed(1)} µs`,
      result: `${ratio.toFixed(2)} ×`,
      figure: ratio,
    };
  });
}
