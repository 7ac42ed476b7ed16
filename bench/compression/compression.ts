// Copyright 2026 the Tidings authors. MIT license.

/**
 * Compressed streams over real sockets: the bytes that are sent, and what a server
 * spends on them, beside the same without compression and beside a compressor for
 * each client. Each turn sends one event, and waits until all clients have it.
 *
 * `deno task bench:compression`, or with `bytes` or `many/Node` to run a part.
 */

import { CODEC, type EventCompression } from "../../_server/compression.ts";
import { brotli, gzip, zstd } from "../../compression/mod.ts";
import { encodeEvent } from "../../encoder.ts";
import { Contest, type Runtime } from "./_contest.ts";
import { createEvents, WORKLOADS } from "./_workloads.ts";
import { type Jobs, runJobs } from "../_jobs.ts";
import { compareRow, type Row } from "../_table.ts";

/** Events of one sample, and samples of each contestant. */
const TURNS = 60;
const ROUNDS = 9;

/** The same for pages, which are larger. */
const PAGE_TURNS = 5;
const PAGE_EVENTS = 300;

const PLAIN = "uncompressed";

const PEERS: Record<Runtime, readonly string[]> = {
  Deno: ["a zlib stream each"],
  Node: ["a zlib stream each", "express's compression"],
};

/** Runs contestants against each other, round by round. */
async function compete(
  contests: readonly Contest[],
  turns: number,
): Promise<void> {
  for (let round = -1; round < ROUNDS; round++) {
    for (let turn = 0; turn < contests.length; turn++) {
      const contest = contests[(round + 1 + turn) % contests.length]!;
      await contest.sample(turns, round >= 0);
    }
  }
}

/** The bytes of each event, for clients that were there from the start. */
async function runBytes(runtime: Runtime): Promise<Row[]> {
  const names = [PLAIN, "tidings", ...PEERS[runtime]];
  const rows: Row[] = [];
  for (const workload of WORKLOADS) {
    const bytes: number[] = [];
    for (const name of names) {
      await using contest = await Contest.start(runtime, name, workload, 5);
      await contest.sample(500, true);
      bytes.push(contest.bytes[0]!);
    }
    // There are as many as names.
    const [plain, ours, ...peers] = bytes as [number, number, ...number[]];
    const beside = names.slice(2)
      .map((name, index) => `, ${name} ${peers[index]!.toFixed(1)}`);
    rows.push({
      name: `bytes/${runtime}/${workload}`,
      ours: `${ours.toFixed(1)} B`,
      peer: `${PLAIN} ${plain.toFixed(1)} B${beside.join("")}`,
      peerName: PLAIN,
      result: `1/${(plain / ours).toFixed(1)}`,
      figure: plain / ours,
    });
  }
  return rows;
}

/** CPU, time and memory with 1000 clients that all take gzip. */
async function runMany(runtime: Runtime): Promise<Row[]> {
  await using stack = new AsyncDisposableStack();
  const start = async (name: string) =>
    stack.use(await Contest.start(runtime, name, "chat", 1000));
  const [ours, plain] = [await start("tidings"), await start(PLAIN)];
  await compete([ours, plain], TURNS);
  const rows = [
    compareRow(`cpu/${runtime}`, "µs", ours.cpu, plain.cpu, PLAIN),
    ...[0.5, 0.99].map((share) =>
      compareRow(
        `last delivery/${runtime}, p${share * 100}`,
        "ms",
        [quantile(ours.latency, share)],
        [quantile(plain.latency, share)],
        PLAIN,
      )
    ),
  ];
  rows.push(
    ...compareMemory(runtime, await ours.memory(), await plain.memory()),
  );
  for (const name of PEERS[runtime]) {
    const peer = await start(name);
    await compete([ours, peer], Math.round(TURNS / 4));
    const [{ rss }, peers] = [await ours.memory(), await peer.memory()];
    const cpu = ours.cpu.slice(-ROUNDS);
    rows.push(
      compareRow(`cpu/${runtime}`, "µs", cpu, peer.cpu, name),
      compareRow(`resident/${runtime}`, "KiB", [rss], [peers.rss], name),
    );
  }
  return rows;
}

/** CPU with 1000 clients that get a page of 33 KB again and again. */
async function runPageCpu(runtime: Runtime): Promise<Row[]> {
  await using ours = await Contest.start(
    runtime,
    "tidings, zstd",
    "page",
    1000,
  );
  await using plain = await Contest.start(runtime, PLAIN, "page", 1000);
  await compete([ours, plain], PAGE_TURNS);
  return [compareRow(`cpu/${runtime}, page`, "µs", ours.cpu, plain.cpu, PLAIN)];
}

/** Clients of a page: how many are there at first, and after how many events one comes. */
interface PageClients {
  clients: number;
  every: number;
}

/** The bytes of a page of 33 KB, of which one row of 400 changes from event to event. */
function runPage(): Row[] {
  const alone = { clients: 1, every: Infinity };
  const many = { clients: 100, every: 10 };
  return [
    pageRow("gzip alone, history of 32 KiB", gzip({ windowBits: 15 }), alone),
    pageRow("zstd alone", zstd(), alone),
    pageRow("brotli alone", brotli(), alone),
    pageRow("zstd, 100 clients and a newcomer each 10 events", zstd(), many),
  ];
}

function pageRow(
  name: string,
  { [CODEC]: codec }: EventCompression,
  { clients, every }: PageClients,
): Row {
  const next = createEvents("page");
  const window = codec.openWindow();
  const streams = Array.from({ length: clients }, () => codec.openStream());
  let [plain, sent, time] = [0, 0, 0];
  for (let event = 1; event <= PAGE_EVENTS; event++) {
    if (event % every === 0) streams.push(codec.openStream());
    const bytes = encodeEvent(next());
    const begin = performance.now();
    const chunk = window.add(bytes);
    for (const stream of streams) {
      sent += stream.encodeShared(chunk).byteLength;
      plain += bytes.byteLength;
    }
    time += performance.now() - begin;
  }
  for (const stream of streams) stream.end();
  window.close();
  const ratio = plain / sent;
  return {
    name: `page/${name}`,
    ours: `${(time / PAGE_EVENTS).toFixed(2)} ms an event`,
    peer: `${PLAIN} ${(plain / 1024 / 1024).toFixed(0)} MiB`,
    peerName: PLAIN,
    result: `1/${ratio.toFixed(0)}`,
    figure: ratio,
  };
}

/** What a newcomer gets before it shares a compressor with two other clients. */
function runNewcomers(): Row[] {
  return WORKLOADS.map((workload) => {
    const next = createEvents(workload);
    const compression = gzip()[CODEC];
    const window = compression.openWindow();
    const streams = [1, 2].map(() => compression.openStream());
    const give = () => {
      const chunk = window.add(encodeEvent(next()));
      return streams.map((stream) => stream.encodeShared(chunk));
    };
    for (let event = 0; event < 500; event++) give();
    streams.push(compression.openStream());
    let [events, before, all] = [0, 0, 0];
    for (let event = 0; event < 1000; event++) {
      const [shared, , own] = give();
      all += own!.byteLength;
      if (shared === own) continue;
      events++;
      before += own!.byteLength;
    }
    window.close();
    return {
      name: `newcomer/${workload}`,
      ours: `${events} events, ${(before / 1024).toFixed(1)} KiB`,
      peer: `its first 1000 events, ${(all / 1024).toFixed(1)} KiB`,
      peerName: "its first 1000 events",
      result: `${(before / all * 100).toFixed(0)} %`,
      figure: before / all,
    };
  });
}

interface Memory {
  rss: number;
  heap: number;
}

/** The heap is judged: what is resident depends on when it was last collected. */
function compareMemory(runtime: Runtime, ours: Memory, plain: Memory): Row[] {
  const more = ours.heap - plain.heap;
  return [
    {
      name: `heap/${runtime}`,
      ours: `${ours.heap.toFixed(1)} KiB`,
      peer: `${PLAIN} ${plain.heap.toFixed(1)} KiB`,
      result: `${more < 0 ? "−" : "+"} ${Math.abs(more).toFixed(1)} KiB`,
      peerName: PLAIN,
      figure: more,
    },
    compareRow(`resident/${runtime}`, "KiB", [ours.rss], [plain.rss], PLAIN),
  ];
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(share * (sorted.length - 1))]!;
}

const JOBS: Jobs = {
  "bytes/Deno": () => runBytes("Deno"),
  "bytes/Node": () => runBytes("Node"),
  "many/Deno": () => runMany("Deno"),
  "many/Node": () => runMany("Node"),
  "newcomers": runNewcomers,
  "page/bytes": runPage,
  "page/Deno": () => runPageCpu("Deno"),
  "page/Node": () => runPageCpu("Node"),
};

if (import.meta.main) {
  await runJobs(JOBS);
}
