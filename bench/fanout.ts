// Copyright 2026 the Tidings authors. MIT license.

/**
 * Fan-out over real sockets: what a server spends on publishing to many clients,
 * which are raw sockets of another process. Each turn publishes and then waits until
 * all clients have it, so that nobody gains by falling behind.
 *
 * `deno task bench:fanout`, or with `turns` or `growth/1000` to run a part.
 */

import { CONTESTANTS } from "./_fanout_contestants.ts";
import { Child } from "./_fanout_process.ts";
import type { ServerCommand, ServerUsage } from "./_fanout_server.ts";
import { formatRow, HEADING, type Row } from "./_table.ts";

/** Deliveries of one sample, about, and samples of each contestant. */
const DELIVERIES = 100_000;
const ROUNDS = 9;

/** One server with its clients. */
class Contest implements AsyncDisposable {
  readonly name: string;
  readonly clients: number;
  readonly #server: Child<ServerCommand, ServerUsage | null>;
  readonly #load: Child<number, number>;
  /** How many events each client has had. */
  #events = 0;
  /** Microseconds of CPU of the server for each delivery, one of each sample. */
  readonly cpu: number[] = [];
  /** Milliseconds from publishing to the last delivery, one of each turn. */
  readonly latency: number[] = [];
  /** Resident bytes of each client. */
  rss = 0;

  private constructor(
    name: string,
    clients: number,
    server: Child<ServerCommand, ServerUsage | null>,
    load: Child<number, number>,
  ) {
    this.name = name;
    this.clients = clients;
    this.#server = server;
    this.#load = load;
  }

  static async start(name: string, clients: number): Promise<Contest> {
    const server = new Child<ServerCommand, ServerUsage | null>(
      "_fanout_server.ts",
      name,
    );
    const port = await server.read<number>();
    // The first clients make the server load and compile what it needs.
    await warmUp(port);
    const before = await measure(server, true);
    const load = new Child<number, number>(
      "_fanout_load.ts",
      String(port),
      String(clients),
    );
    await load.read();
    const after = await measure(server, true);
    if (after.clients !== clients) {
      throw new Error(
        `Cannot measure ${name}: it has ${after.clients} clients, ${clients} are wanted`,
      );
    }
    const contest = new Contest(name, clients, server, load);
    contest.rss = (after.rss - before.rss) / clients;
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
  server: Child<ServerCommand, ServerUsage | null>,
  collects: boolean,
): Promise<ServerUsage> {
  // The answer to this question is never null.
  return (await server.ask({ do: "measure", collects }))!;
}

async function warmUp(port: number): Promise<void> {
  const load = new Child<number, number>("_fanout_load.ts", `${port}`, "100");
  await load.read();
  await load[Symbol.asyncDispose]();
}

/** Runs contestants against each other, round by round. */
async function compete(
  names: readonly string[],
  clients: number,
  perTurn: number,
): Promise<Map<string, Contest>> {
  await using stack = new AsyncDisposableStack();
  const contests: Contest[] = [];
  for (const name of names) {
    contests.push(stack.use(await Contest.start(name, clients)));
  }
  for (let round = -1; round < ROUNDS; round++) {
    for (let turn = 0; turn < contests.length; turn++) {
      const contest = contests[(round + 1 + turn) % contests.length]!;
      await contest.sample(perTurn, round >= 0);
    }
  }
  return new Map(contests.map((contest) => [contest.name, contest]));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

/** CPU for each delivery: ours against each of the others. */
async function runTurns(perTurn: number): Promise<Row[]> {
  const name = `cpu/1000 clients, ${perTurn} a turn`;
  const peers = Object.keys(CONTESTANTS).filter((peer) => peer !== "tidings");
  const contests = await compete(["tidings", ...peers], 1000, perTurn);
  const ours = contests.get("tidings")!.cpu;
  return peers.map((peer) => {
    const theirs = contests.get(peer)!.cpu;
    const isBare = peer === "bare" && perTurn === 1;
    const isFifth = peer === "better-sse" && perTurn === 10;
    const most = isBare ? 1.1 : isFifth ? 0.2 : undefined;
    return compareRow(name, "µs", ours, theirs, peer, most);
  });
}

/** CPU, time and memory as the number of clients grows, beside the bare loop. */
async function runGrowth(clients: number): Promise<Row[]> {
  const contests = await compete(["tidings", "bare"], clients, 1);
  const ours = contests.get("tidings")!;
  const bare = contests.get("bare")!;
  const rows = [
    compareRow(`cpu/${clients} clients`, "µs", ours.cpu, bare.cpu, "bare"),
    compareRow(
      `last delivery/${clients} clients`,
      "ms",
      ours.latency,
      bare.latency,
      "bare",
    ),
  ];
  if (clients < 10_000) return rows;
  const kib = ({ rss }: Contest) => [rss / 1024];
  const name = `rss/${clients} idle clients`;
  return [...rows, compareRow(name, "KiB", kib(ours), kib(bare), "bare", 1.1)];
}

/** The heap that a parked client takes, its stream included and its connection not. */
async function runHeap(clients: number): Promise<Row[]> {
  const [ours, bare] = [
    await measureHeap("tidings", clients),
    await measureHeap("bare", clients),
  ];
  const row = compareRow(`heap/${clients} parked clients`, "KiB", [ours], [
    bare,
  ], "bare");
  return [{ ...row, target: "≤ 3 KiB", isMet: ours <= 3 }];
}

async function measureHeap(name: string, clients: number): Promise<number> {
  await using server = new Child<ServerCommand, ServerUsage | null>(
    "_fanout_server.ts",
    name,
  );
  await server.read();
  await server.ask({ do: "park", clients: 100 });
  const before = await measure(server, true);
  await server.ask({ do: "park", clients });
  const after = await measure(server, true);
  return (after.heap - before.heap) / clients / 1024;
}

function compareRow(
  name: string,
  unit: string,
  ours: readonly number[],
  theirs: readonly number[],
  peer: string,
  most?: number,
): Row {
  // The samples of one round had the same disturbances.
  const result = median(ours.map((sample, round) => sample / theirs[round]!));
  return {
    name,
    ours: `${median(ours).toFixed(1)} ${unit}`,
    peer: `${peer} ${median(theirs).toFixed(1)} ${unit}`,
    result: `${result.toFixed(2)} ×`,
    target: most === undefined ? "" : `≤ ${most} ×`,
    isMet: most === undefined ? undefined : result <= most,
  };
}

const JOBS: Readonly<Record<string, () => Promise<Row[]>>> = {
  "turns/1": () => runTurns(1),
  "turns/10": () => runTurns(10),
  "growth/100": () => runGrowth(100),
  "growth/1000": () => runGrowth(1000),
  "growth/10000": () => runGrowth(10_000),
  "heap/10000": () => runHeap(10_000),
};

if (import.meta.main) {
  const [filter = ""] = Deno.args;
  console.log(HEADING);
  for (const [id, run] of Object.entries(JOBS)) {
    if (!`${id}/`.startsWith(filter && `${filter}/`)) continue;
    for (const row of await run()) console.log(formatRow(row));
  }
}
