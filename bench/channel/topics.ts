// Copyright 2026 the Tidings authors. MIT license.

/**
 * Topics: that cost follows what is delivered. Live clients are bodies of responses
 * that are read in this process, without connections, so that nothing hides what a
 * channel does; those that come back are raw sockets of another process.
 *
 * `deno task bench:topics`, or with `publish` or `herd/Redis` to run a part.
 */

import process from "node:process";
import {
  ChangingCrowd,
  serveAtOnce,
  SHARED_SNAPSHOT,
} from "./_topics_changes.ts";
import {
  type Crowd,
  CROWDS,
  makeBareCrowd,
  makeKeyedCrowd,
} from "./_topics_crowds.ts";
import { Child } from "../_process.ts";
import {
  type Load,
  serveBare,
  serveBareHistory,
  serveHerd,
  serveUnknown,
} from "./_topics_herd.ts";
import type { Returning } from "./_topics_load.ts";
import { type History, openHistories } from "./_topics_logs.ts";
import {
  measureRest,
  readOnce,
  returnToChannel,
  returnToStreams,
} from "./_topics_return.ts";
import { type Jobs, runJobs } from "../_jobs.ts";
import { compareRow, type Row } from "../_table.ts";
import { median } from "../_statistics.ts";

const ROUNDS = 9;
const HERD_ROUNDS = 3;
/** A change takes a few microseconds, so there are more samples. */
const CHANGE_ROUNDS = 99;
/** Turns of one sample, and what one brings if few get it. */
const TURNS = 50;
const PER_TURN = 50;

/** There with `--v8-flags=--expose-gc`. */
const { gc } = globalThis as { gc?: () => void };

/** Clients that are published to, one event at a time. */
class Contest {
  readonly name: string;
  readonly #crowd: Crowd;
  readonly #topics: readonly string[];
  readonly #recipients: number;
  #next = 0;
  /** Microseconds of CPU for each publish, one of each sample. */
  readonly cpu: number[] = [];

  constructor(
    name: string,
    crowd: Crowd,
    topics: readonly string[],
    recipients: number,
  ) {
    this.name = name;
    this.#crowd = crowd;
    this.#topics = topics;
    this.#recipients = recipients;
  }

  /** Publishes to one topic after the other, all over the crowd. */
  async sample(keeps: boolean): Promise<void> {
    const perTurn = this.#recipients === 1 ? PER_TURN : 1;
    let expected = this.#crowd.received;
    const usage = process.cpuUsage();
    for (let turn = 0; turn < TURNS; turn++) {
      for (let count = 0; count < perTurn; count++) {
        this.#next = (this.#next + 7919) % this.#topics.length;
        this.#crowd.publish(this.#topics[this.#next]!);
      }
      expected += perTurn * this.#recipients;
      do {
        await new Promise((resolve) => setTimeout(resolve, 0));
      } while (this.#crowd.received < expected);
    }
    const { user, system } = process.cpuUsage(usage);
    if (keeps) this.cpu.push((user + system) / TURNS / perTurn);
  }

  close(): Promise<void> {
    return this.#crowd.close();
  }
}

/** Makes a crowd, each client of which has the topics that it is given. */
async function gather(
  makeCrowd: () => Crowd,
  clients: number,
  topicsOf: (client: number) => readonly string[],
): Promise<Crowd> {
  const crowd = makeCrowd();
  for (let client = 0; client < clients; client++) {
    await crowd.park(topicsOf(client));
  }
  return crowd;
}

async function compete(contests: readonly Contest[]): Promise<void> {
  gc?.();
  for (let round = -1; round < ROUNDS; round++) {
    for (let turn = 0; turn < contests.length; turn++) {
      const contest = contests[(round + 1 + turn) % contests.length]!;
      await contest.sample(round >= 0);
    }
  }
  for (const contest of contests) await contest.close();
}

function users(count: number): string[] {
  return Array.from({ length: count }, (_, user) => `user:${user}`);
}

/** A publish that one client gets, as the others grow in number. */
async function runPublish(): Promise<Row[]> {
  const sizes = [100, 1000, 10_000, 100_000];
  const contests: Contest[] = [];
  for (const [server, makeCrowd] of Object.entries(CROWDS)) {
    for (const size of sizes) {
      // A session of the peer takes a timer and some 20 KiB.
      if (server !== "tidings" && size > 10_000) continue;
      const crowd = await gather(makeCrowd, size, (user) => [`user:${user}`]);
      contests.push(new Contest(`${server} ${size}`, crowd, users(size), 1));
    }
  }
  await compete(contests);
  const find = (name: string): Contest | undefined =>
    contests.find((contest) => contest.name === name);
  const base = find("tidings 100")!;
  return sizes.map((size): Row => {
    const ours = find(`tidings ${size}`)!;
    const peer = find(`better-sse ${size}`);
    const result = median(ours.cpu.map((cpu, i) => cpu / base.cpu[i]!));
    return {
      name: `publish/1 of ${size}`,
      ours: `${median(ours.cpu).toFixed(1)} µs`,
      peer: peer ? `better-sse ${median(peer.cpu).toFixed(1)} µs` : "",
      peerName: "better-sse",
      result: `${result.toFixed(2)} × at 100`,
      figure: result,
    };
  });
}

/** A publish with a conflation key, beside one without. */
async function runKeyed(): Promise<Row[]> {
  const size = 1000;
  const contests = await Promise.all(
    [makeKeyedCrowd, CROWDS["tidings"]!].map(async (makeCrowd) =>
      new Contest(
        "keyed",
        await gather(makeCrowd, size, (user) => [`user:${user}`]),
        users(size),
        1,
      )
    ),
  );
  await compete(contests);
  const [keyed, without] = contests.map(({ cpu }) => cpu);
  const name = `publish/1 of ${size}, with a conflation key`;
  return [compareRow(name, "µs", keyed!, without!, "without")];
}

/** A change of the topics of one client, as the others grow in number. */
async function runChange(): Promise<Row[]> {
  const crowds = await Promise.all(
    [10_000, 100].map((clients) => ChangingCrowd.gather(clients)),
  );
  const cpu: number[][] = crowds.map(() => []);
  gc?.();
  for (let round = -2; round < CHANGE_ROUNDS; round++) {
    for (const [index, crowd] of crowds.entries()) {
      const sample = crowd.sample();
      if (round >= 0) cpu[index]!.push(sample);
    }
  }
  for (const crowd of crowds) await crowd.close();
  const [ours, base] = cpu as [number[], number[]];
  return [compareRow("change/1 of 10000", "µs", ours, base, "1 of 100")];
}

/** Clients that come at once and share a snapshot. */
async function runSnapshot(): Promise<Row[]> {
  const clients = 5000;
  const ours: number[] = [];
  const base: number[] = [];
  for (let round = -2; round < ROUNDS; round++) {
    gc?.();
    const shared = await serveAtOnce(clients, SHARED_SNAPSHOT);
    gc?.();
    const without = await serveAtOnce(clients);
    if (round < 0) continue;
    ours.push(shared);
    base.push(without);
  }
  const name = "snapshot/shared by 5000 clients";
  return [compareRow(name, "µs", ours, base, "without")];
}

/** A publish to a room of 1000, with nine other rooms and without. */
async function runRoom(): Promise<Row[]> {
  const crowds = { ...CROWDS, bare: makeBareCrowd };
  const contests = new Map<string, Contest>();
  for (const [server, makeCrowd] of Object.entries(crowds)) {
    for (const rooms of [10, 1]) {
      const crowd = await gather(makeCrowd, 1000 * rooms, (client) => [
        `room:${client % rooms}`,
      ]);
      const name = `${server} ${rooms}`;
      contests.set(name, new Contest(name, crowd, ["room:0"], 1000));
    }
  }
  await compete([...contests.values()]);
  const cpu = (name: string): number[] => contests.get(name)!.cpu;
  const ours = cpu("tidings 10");
  const name = "room/1000 of 10000";
  return [
    compareRow(name, "µs", ours, cpu("tidings 1"), "these 1000 alone"),
    // What the mere size of the heap does.
    compareRow(
      `${name}, bare streams`,
      "µs",
      cpu("bare 10"),
      cpu("bare 1"),
      "these 1000 alone",
    ),
    compareRow(name, "µs", ours, cpu("better-sse 10"), "better-sse"),
  ];
}

/** Clients with a topic each that come back after a restart. */
async function runHerd(name: string): Promise<Row[]> {
  const [clients, events] = [5000, 10_000];
  await using history = await openHistories[name]!(events, clients);
  const herd = Array.from({ length: clients }, (_, client): Returning => {
    // Wherever it was, as long as it is owed something.
    const seen = (client * 7919) % (clients + client);
    const owed = [client, client + clients].filter((event) => event > seen);
    return {
      // The cursor is one of the history.
      lastEventId: history.ids[seen]!,
      topic: `user:${client}`,
      owed: owed.length,
    };
  });
  const costs = await compareHerds(history, herd, serveBare);
  const { commands } = costs;
  return [
    compareRow(
      `herd/${name}, 5000 clients`,
      "ms",
      costs.ours,
      costs.bare,
      "history once, bare answers",
    ),
    {
      name: `herd/${name}, commands`,
      ours: `${commands}`,
      peer: `pages ${history.pages}`,
      peerName: "pages",
      result: `${(commands / history.pages).toFixed(2)} ×`,
      figure: commands / history.pages,
    },
  ];
}

/** Clients that come back and want all. */
async function runWhole(name: string): Promise<Row[]> {
  const [clients, events] = [500, 5000];
  await using history = await openHistories[name]!(events, 1);
  const herd = Array.from({ length: clients }, (): Returning => ({
    // There are events.
    lastEventId: history.ids[0]!,
    topic: "user:0",
    owed: events - 1,
  }));
  const { ours, bare } = await compareHerds(history, herd, serveBareHistory);
  const row = `whole/${name}, 500 clients`;
  return [compareRow(row, "ms", ours, bare, "bare streams")];
}

/** Clients without connections that come back at once, each for all but one event. */
async function runReturn(name: string): Promise<Row[]> {
  const [clients, events] = [500, 5000];
  await using history = await openHistories[name]!(events, 1);
  const bytes = await measureRest(history);
  const ours: number[] = [];
  const bare: number[] = [];
  const once: number[] = [];
  const busy: number[] = [];
  for (let round = -3; round < ROUNDS; round++) {
    const { wall: reading } = await readOnce(history);
    gc?.();
    const streams = await returnToStreams(history, clients, bytes);
    gc?.();
    const channel = await returnToChannel(history, clients, bytes);
    if (round < 0) continue;
    once.push(reading);
    bare.push(streams.wall);
    ours.push(channel.wall);
    busy.push(channel.busy);
  }
  const row = `return/${name}, ${clients} clients`;
  const longest = median(busy);
  return [
    compareRow(row, "ms", ours, once, "history once"),
    compareRow(row, "ms", ours, bare, "bare streams"),
    compareRow(`${row}, bare streams`, "ms", bare, once, "history once"),
    {
      name: `${row}, at a time`,
      ours: `${longest.toFixed(1)} ms`,
      peer: "",
      peerName: "event loop",
      result: "",
      figure: longest,
    },
  ];
}

/** New clients with a topic each that all want its last events, and one that does. */
async function runReplay(name: string): Promise<Row[]> {
  const [clients, events, users] = [5000, 10_000, 500];
  await using history = await openHistories[name]!(events, users);
  const newcomers = Array.from({ length: clients }, (_, client): Returning => ({
    topic: `user:${client % users}`,
    owed: 2,
  }));
  // The last 1000 events are those that are looked at.
  const options = { replay: 2, liveSegmentBytes: 0 };
  await using load: Load = new Child("channel/_topics_load.ts");
  const count = async (herd: readonly Returning[]): Promise<number> => {
    const before = history.commands();
    await serveHerd(history.log, herd, load, options);
    return history.commands() - before;
  };
  const one = await count(newcomers.slice(0, 1));
  const all = await count(newcomers);
  return [{
    name: `replay/${name}, 5000 new clients, commands`,
    ours: `${all}`,
    peer: `one client ${one}`,
    peerName: "one client",
    // They do not all connect within one reading.
    result: `${(all / one).toFixed(2)} ×`,
    figure: all / one,
  }];
}

/** Clients whose IDs the history does not have, each with one of its own or all with one. */
async function runUnknown(name: string, clients: number): Promise<Row[]> {
  const events = 10_000;
  await using history = await openHistories[name]!(events, 1);
  const count = async (
    ids: number,
  ): Promise<{ commands: number; first: number }> => {
    const herd = Array.from({ length: clients }, (_, client): Returning => ({
      lastEventId: `elsewhere-${client % ids}`,
      topic: "none",
      owed: 1,
    }));
    await using load: Load = new Child("channel/_topics_load.ts");
    await serveUnknown(history, herd.slice(0, 10), load);
    return await serveUnknown(history, herd, load);
  };
  const one = await count(1);
  const own = await count(clients);
  const result = own.commands / one.commands;
  return [{
    name: `unknown/${name}, ${clients} IDs, commands`,
    ours: `${own.commands}`,
    peer: `one ID ${one.commands}`,
    peerName: "one ID",
    result: `${result.toFixed(2)} ×`,
    figure: result,
  }, {
    name: `unknown/${name}, ${clients} IDs, one that is merely behind`,
    ours: `${own.first.toFixed(0)} ms`,
    peer: `one ID ${one.first.toFixed(0)} ms`,
    result: `${(own.first / one.first).toFixed(2)} ×`,
    peerName: "one ID",
    figure: own.first / one.first,
  }];
}

/** The milliseconds of CPU of some rounds, and the requests to the log of the last. */
async function compareHerds(
  history: History,
  herd: readonly Returning[],
  serveOther: typeof serveBare,
): Promise<{ ours: number[]; bare: number[]; commands: number }> {
  await using load: Load = new Child("channel/_topics_load.ts");
  const ours: number[] = [];
  const bare: number[] = [];
  let commands = 0;
  for (let round = -1; round < HERD_ROUNDS; round++) {
    gc?.();
    const before = history.commands();
    const our = await serveHerd(history.log, herd, load);
    commands = history.commands() - before;
    gc?.();
    const other = await serveOther(history.log, herd, load);
    if (round < 0) continue;
    ours.push(our);
    bare.push(other);
  }
  return { ours, bare, commands };
}

/** The heap that a live client takes for its topic. */
async function runHeap(): Promise<Row[]> {
  const clients = 10_000;
  const without = await measureHeap(clients, () => []);
  const one = await measureHeap(clients, (client) => [`user:${client}`]);
  const more = one - without;
  return [{
    name: "heap/live client, one topic",
    ours: `${one.toFixed(2)} KiB`,
    peer: `without ${without.toFixed(2)} KiB`,
    peerName: "without",
    result: `${more.toFixed(2)} KiB more`,
    figure: more,
  }];
}

async function measureHeap(
  clients: number,
  topicsOf: (client: number) => readonly string[],
): Promise<number> {
  const warm = await gather(CROWDS["tidings"]!, 100, topicsOf);
  await warm.close();
  const before = heap();
  const crowd = await gather(CROWDS["tidings"]!, clients, topicsOf);
  const after = heap();
  await crowd.close();
  return (after - before) / clients / 1024;
}

function heap(): number {
  gc?.();
  gc?.();
  return Deno.memoryUsage().heapUsed;
}

const JOBS: Jobs = {
  "publish": runPublish,
  "keyed": runKeyed,
  "room": runRoom,
  "change": runChange,
  "snapshot": runSnapshot,
  "herd/Redis": () => runHerd("Redis"),
  "herd/Deno KV": () => runHerd("Deno KV"),
  "herd/PostgreSQL": () => runHerd("PostgreSQL"),
  "herd/SQLite": () => runHerd("SQLite"),
  "whole/Redis": () => runWhole("Redis"),
  "whole/Deno KV": () => runWhole("Deno KV"),
  "whole/PostgreSQL": () => runWhole("PostgreSQL"),
  "whole/SQLite": () => runWhole("SQLite"),
  "return/Redis": () => runReturn("Redis"),
  "return/Deno KV": () => runReturn("Deno KV"),
  "return/SQLite": () => runReturn("SQLite"),
  "replay/Redis": () => runReplay("Redis"),
  "replay/Deno KV": () => runReplay("Deno KV"),
  "replay/PostgreSQL": () => runReplay("PostgreSQL"),
  "replay/SQLite": () => runReplay("SQLite"),
  "unknown/Redis/1000": () => runUnknown("Redis", 1000),
  "unknown/Redis/10000": () => runUnknown("Redis", 10_000),
  "unknown/Deno KV/1000": () => runUnknown("Deno KV", 1000),
  "unknown/PostgreSQL/1000": () => runUnknown("PostgreSQL", 1000),
  "unknown/SQLite/1000": () => runUnknown("SQLite", 1000),
  "heap": runHeap,
};

if (import.meta.main) {
  await runJobs(JOBS);
  // The sessions of the peer have timers.
  Deno.exit();
}
