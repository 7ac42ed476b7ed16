// Copyright 2026 the Tidings authors. MIT license.

/** Servers in processes of their own, each with its clients in another. */

import type { ServerCommand, ServerUsage } from "./_fanout_answers.ts";
import type { Program } from "../_process.ts";

/** Deliveries of one sample, about, and samples of each contestant. */
const DELIVERIES = 30_000;
const ROUNDS = 7;
const WARM_UP_CLIENTS = 100;

/** A server that can be started, and how its clients connect. */
export interface Contestant {
  name: string;
  startServer(): Promise<Server>;
  startLoad(port: number, clients: number): Promise<Load>;
}

type Server = Program<ServerCommand, ServerUsage | null>;
type Load = Program<number, number>;

/** One server with its clients. */
export class Contest implements AsyncDisposable {
  readonly name: string;
  readonly clients: number;
  readonly #server: Server;
  readonly #load: Load;
  /** How many events each client has had. */
  #events = 0;
  /** Microseconds of CPU of the server for each delivery, one of each sample. */
  readonly cpu: number[] = [];
  /** Milliseconds from publishing to the last delivery, one of each event loop turn. */
  readonly latency: number[] = [];
  /** Resident bytes of the process with its idle clients, and of each of them alone. */
  rss = 0;
  clientRss = 0;
  /** Microseconds of CPU that accepting each client took. */
  accepting = 0;

  private constructor(
    name: string,
    clients: number,
    server: Server,
    load: Load,
  ) {
    this.name = name;
    this.clients = clients;
    this.#server = server;
    this.#load = load;
  }

  static async start(
    contestant: Contestant,
    clients: number,
  ): Promise<Contest> {
    const { name } = contestant;
    const server = await contestant.startServer();
    const port = await server.read<number>();
    // The first clients make the server load and compile what it needs. They stay while the
    // others come: V8 drops what it has compiled for objects of which none is left.
    const first = await contestant.startLoad(port, WARM_UP_CLIENTS);
    await first.read();
    const before = await measure(server, true);
    const load = await contestant.startLoad(port, clients);
    await load.read();
    const after = await measure(server, true);
    await first[Symbol.asyncDispose]();
    const expected = WARM_UP_CLIENTS + clients;
    if (after.clients < expected) {
      throw new Error(
        `Cannot measure ${name}: expected ${expected} clients, got ${after.clients}`,
      );
    }
    const contest = new Contest(name, clients, server, load);
    contest.rss = after.rss;
    contest.clientRss = (after.rss - before.rss) / clients;
    contest.accepting = (after.cpu - before.cpu) / clients;
    return contest;
  }

  /** Publishes for one sample, so many events in each turn. */
  async sample(perTurn: number, keeps: boolean): Promise<void> {
    const turns = Math.max(5, Math.round(DELIVERIES / this.clients / perTurn));
    const before = await measure(this.#server, false);
    for (let turn = 0; turn < turns; turn++) {
      this.#events += perTurn;
      const all = this.#load.ask(this.#events);
      const start = performance.timeOrigin + performance.now();
      await this.#server.ask({ do: "publish", events: perTurn });
      const latency = await all - start;
      if (keeps) this.latency.push(latency);
    }
    const after = await measure(this.#server, false);
    const deliveries = turns * perTurn * this.clients;
    if (keeps) this.cpu.push((after.cpu - before.cpu) / deliveries);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#load[Symbol.asyncDispose]();
    await this.#server[Symbol.asyncDispose]();
  }
}

async function measure(
  server: Server,
  collects: boolean,
): Promise<ServerUsage> {
  // The answer to this question is never null.
  return (await server.ask({ do: "measure", collects }))!;
}

/** Runs contestants against each other, round by round; with 0 events a turn they only wait. */
export async function compete(
  contestants: readonly Contestant[],
  clients: number,
  perTurn: number,
): Promise<Map<string, Contest>> {
  await using stack = new AsyncDisposableStack();
  const contests: Contest[] = [];
  for (const contestant of contestants) {
    contests.push(stack.use(await Contest.start(contestant, clients)));
  }
  const rounds = perTurn === 0 ? -1 : ROUNDS;
  for (let round = -1; round < rounds; round++) {
    for (let turn = 0; turn < contests.length; turn++) {
      const contest = contests[(round + 1 + turn) % contests.length]!;
      await contest.sample(perTurn, round >= 0);
    }
  }
  return new Map(contests.map((contest) => [contest.name, contest]));
}
