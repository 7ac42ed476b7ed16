// Copyright 2026 the Tidings authors. MIT license.

/**
 * Fan-out over real sockets: what a server spends on publishing to many clients,
 * which are raw sockets of another process. Each turn publishes and then waits until
 * all clients have it, so that nobody gains by falling behind.
 *
 * `deno task bench:fanout`, or with `turns`, `node` or `growth/1000` to run a part.
 */

import { CONTESTANTS } from "./_fanout_contestants.ts";
import { compete, type Contest } from "./_fanout_contest.ts";
import {
  inBun,
  inDeno,
  inNode,
  measureHeap,
  overHttp2,
} from "./_fanout_runtimes.ts";
import { type Jobs, runJobs } from "../_jobs.ts";
import { compareRow, type Row } from "../_table.ts";

/** What a row compares. */
interface Figure {
  name: string;
  unit: string;
  of: (contest: Contest) => readonly number[];
}

const kib = (bytes: number) => [bytes / 1024];

/** How many servers of each kind are started in Node, one after the other, to accept clients. */
const IDLE_ROUNDS = 5;

/** Ours against each of the others in Deno. */
async function runTurns(perTurn: number): Promise<Row[]> {
  const peers = Object.keys(CONTESTANTS).filter((peer) => peer !== "tidings");
  const contests = await compete(
    ["tidings", ...peers].map(inDeno),
    1000,
    perTurn,
  );
  return compareAll(
    contests,
    cpuOf(`cpu/1000 clients, ${perTurn} a turn`),
  );
}

/** CPU, time and memory as the number of clients grows, beside the bare loop. */
async function runGrowth(clients: number): Promise<Row[]> {
  const contests = await compete(["tidings", "bare"].map(inDeno), clients, 1);
  const figures = [cpuOf(`cpu/${clients} clients`), {
    name: `last delivery/${clients} clients`,
    unit: "ms",
    of: ({ latency }: Contest) => latency,
  }];
  const rows = figures.flatMap((figure) => compareAll(contests, figure));
  if (clients < 10_000) return rows;
  const memory = {
    name: `rss/${clients} idle clients`,
    unit: "KiB",
    of: ({ clientRss }: Contest) => kib(clientRss),
  };
  return [...rows, ...compareAll(contests, memory)];
}

/** The heap that a live client takes, its stream included and its connection not. */
async function runHeap(clients: number): Promise<Row[]> {
  const [ours, bare] = [
    await measureHeap("tidings", clients),
    await measureHeap("bare", clients),
  ];
  const row = compareRow(`heap/${clients} live clients`, "KiB", [ours], [
    bare,
  ], "bare");
  return [{ ...row, figure: ours }];
}

/** Ours in Node beside `node:http` alone and others. */
async function runNode(perTurn: number): Promise<Row[]> {
  const names = ["tidings", "bare", "better-sse"];
  const contests = await compete(names.map(inNode), 1000, perTurn);
  return compareAll(
    contests,
    cpuOf(`node cpu/1000 clients, ${perTurn} a turn`),
  );
}

/** What clients take in Node that only came, and wait. */
async function runNodeIdle(clients: number): Promise<Row[]> {
  const rss = new Map<string, number[]>();
  const accepting = new Map<string, number[]>();
  const names = ["tidings", "bare", "by hand", "better-sse"];
  for (let round = 0; round < IDLE_ROUNDS; round++) {
    for (const turn of names.keys()) {
      const name = names[(round + turn) % names.length]!;
      // One after the other: together they would not fit into a small machine.
      const [contest] = (await compete([inNode(name)], clients, 0)).values();
      append(rss, name, contest!.rss / 1024 / 1024);
      append(accepting, name, contest!.accepting);
    }
  }
  const [ours, ...peers] = names as [string, ...string[]];
  const compare = (
    name: string,
    unit: string,
    figures: ReadonlyMap<string, number[]>,
  ): Row[] =>
    peers.map((peer) =>
      compareRow(name, unit, figures.get(ours)!, figures.get(peer)!, peer)
    );
  return [
    ...compare(`node rss of the process/${clients} idle clients`, "MiB", rss),
    ...compare(`node cpu to accept/${clients} clients`, "µs", accepting),
  ];
}

function append(
  figures: Map<string, number[]>,
  name: string,
  figure: number,
): void {
  figures.set(name, [...figures.get(name) ?? [], figure]);
}

/** Where each client has an async generator of its own. */
async function runNodeIterate(): Promise<Row[]> {
  const names = ["tidings", "bare", "better-sse", "hono"];
  const contests = await compete(
    names.map((name) => inNode(`${name}-iterate`)),
    1000,
    1,
  );
  return compareAll(contests, cpuOf("node cpu/1000 async generators"));
}

async function runHttp2(): Promise<Row[]> {
  const contests = await compete(["tidings", "bare"].map(overHttp2), 1000, 1);
  return compareAll(contests, cpuOf("node:http2 cpu/1000 streams, 1 a turn"));
}

async function runBun(perTurn: number): Promise<Row[]> {
  const names = ["tidings", "bare", "better-sse", "hono"];
  const contests = await compete(names.map(inBun), 1000, perTurn);
  return compareAll(contests, cpuOf(`bun cpu/1000 clients, ${perTurn} a turn`));
}

function cpuOf(name: string): Figure {
  return { name, unit: "µs", of: ({ cpu }) => cpu };
}

/** A row for each peer, of which ours comes first. */
function compareAll(
  contests: ReadonlyMap<string, Contest>,
  { name, unit, of }: Figure,
): Row[] {
  const [[, ours], ...peers] = [...contests] as [
    [string, Contest],
    ...[string, Contest][],
  ];
  return peers.map(([peer, theirs]) =>
    compareRow(name, unit, of(ours), of(theirs), peer)
  );
}

const JOBS: Jobs = {
  "turns/1": () => runTurns(1),
  "turns/10": () => runTurns(10),
  "growth/100": () => runGrowth(100),
  "growth/1000": () => runGrowth(1000),
  "growth/10000": () => runGrowth(10_000),
  "heap/10000": () => runHeap(10_000),
  "node/turns/1": () => runNode(1),
  "node/turns/10": () => runNode(10),
  "node/idle/8000": () => runNodeIdle(8000),
  "node/iterate": () => runNodeIterate(),
  "node/http2": () => runHttp2(),
  "bun/turns/1": () => runBun(1),
  "bun/turns/10": () => runBun(10),
};

if (import.meta.main) {
  await runJobs(JOBS);
}
