// Copyright 2026 the Tidings authors. MIT license.

/** What `docs/comparison.md` says of streams that outlive their requests, each as an experiment. */

import {
  RUNS_PEERS,
  type RunSource,
  type RunsPeer,
  type RunsServer,
  type RunsServerOptions,
} from "./_peer_runs.ts";
import type { WorkerRun } from "./_peer_runs_worker.ts";
import type { Fact } from "./_peer_table.ts";
import { RedisConnection } from "../support/redis_connection.ts";
import { RedisServer } from "../support/redis_server.ts";
import { within } from "../support/within.ts";

const ID = "answer";
/** Milliseconds; the readers of the dead beside are told after ten times as many. */
const LEASE_TIME = 200;
/** Milliseconds that nobody takes for a short time to keep a run. */
const LONG = 60_000;

/** The rows of the third table. */
export const RUNS_FACTS: readonly Fact<RunsPeer>[] = [
  { name: "Goes on when its first reader has left", show: goesOn },
  {
    name: "Is produced once where two servers start it at once",
    show: isProducedOnce,
  },
  {
    name: "Gives any number of readers all of it from the beginning",
    show: givesAllToAll,
  },
  { name: "Resumes after the `Last-Event-ID`", show: resumes },
  { name: "Can be read after its end", show: isReadAfterEnd },
  { name: "Can be stopped from another server", show: isStopped },
  {
    name: "Tells readers the end apart from a broken connection",
    show: tellsEnd,
  },
  {
    name: "Tells readers that the server that produced it is gone",
    show: tellsDeath,
  },
  {
    name: "Can be read after the server that produced it is gone",
    show: isReadAfterDeath,
  },
  {
    name: "Leaves nothing in Redis a short time after its end",
    show: leavesNothing,
  },
  { name: "Puts nothing of the answer into Redis", show: keepsNothing },
];

/** Two servers with a Redis of their own. */
interface Site {
  here: RunsServer;
  there: RunsServer;
  redis: RedisConnection;
  port: number;
}

async function withSite<T>(
  peer: RunsPeer,
  experiment: (site: Site) => Promise<T>,
  options: RunsServerOptions = {},
): Promise<T> {
  await using server = await RedisServer.start();
  const { port } = server;
  await using redis = await RedisConnection.open(port);
  await using here = peer.open(port, options);
  await using there = peer.open(port, options);
  // Deno checks the types of a worker's modules when it first starts one.
  return await within(
    peer.name,
    experiment({ here, there, redis, port }),
    30_000,
  );
}

/** Events with the IDs 1, 2 and so on, which go on until they are ended. */
class Events {
  /** How often they were asked for. */
  opened = 0;
  /** Resolves when all are given, or somebody has given up on them. */
  readonly released = Promise.withResolvers<void>();
  readonly #data: readonly string[];
  readonly #ended = Promise.withResolvers<void>();

  constructor(...data: string[]) {
    this.#data = data;
  }

  end(): void {
    this.#ended.resolve();
  }

  readonly open: RunSource = () => {
    this.opened++;
    return this.#give();
  };

  async *#give(): AsyncGenerator<{ data: string; id: string }> {
    try {
      for (const [index, data] of this.#data.entries()) {
        yield { data, id: String(index + 1) };
      }
      await this.#ended.promise;
    } finally {
      this.released.resolve();
    }
  }
}

/** A reader, with all that it has got. */
class RunReader {
  text = "";
  readonly #reader: ReadableStreamDefaultReader<Uint8Array | string>;
  readonly #decoder = new TextDecoder();

  constructor(stream: ReadableStream<Uint8Array | string>) {
    this.#reader = stream.getReader();
  }

  /** Reads a chunk, and tells whether there was one. */
  async more(): Promise<boolean> {
    const { done, value } = await this.#reader.read();
    if (done) return false;
    this.text += typeof value === "string"
      ? value
      : this.#decoder.decode(value, { stream: true });
    return true;
  }

  /** Reads until an event with these data, or to the end. */
  async until(data: string): Promise<void> {
    while (!this.has(data) && await this.more());
  }

  /** Reads to the end. */
  async toEnd(): Promise<string> {
    while (await this.more());
    return this.text;
  }

  has(data: string): boolean {
    return new RegExp(`^data: ?${data}$`, "m").test(this.text);
  }

  async leave(): Promise<void> {
    await this.#reader.cancel();
  }
}

async function read(
  server: RunsServer,
  lastEventId?: string,
): Promise<RunReader> {
  const stream = await server.read(ID, lastEventId);
  if (stream === undefined) throw new Error("There is nothing to read");
  return new RunReader(stream);
}

function goesOn(peer: RunsPeer): Promise<boolean> {
  return withSite(peer, async ({ here }) => {
    const events = new Events(...Array<string>(1000).fill("a"));
    events.end();
    await here.start(ID, events.open);
    await events.released.promise;
    return true;
  });
}

function isProducedOnce(peer: RunsPeer): Promise<boolean> {
  return withSite(peer, async ({ here, there }) => {
    const events = new Events("a");
    await Promise.allSettled([
      here.start(ID, events.open),
      there.start(ID, events.open),
    ]);
    events.end();
    await events.released.promise;
    return events.opened === 1;
  });
}

function givesAllToAll(peer: RunsPeer): Promise<boolean> {
  return withSite(peer, async ({ here, there }) => {
    const events = new Events("a", "b");
    await here.start(ID, events.open);
    const all: boolean[] = [];
    for (const server of [here, there, there]) {
      const reader = await read(server);
      await reader.until("b");
      all.push(reader.has("a"));
      await reader.leave();
    }
    events.end();
    await events.released.promise;
    return all.every(Boolean);
  });
}

function resumes(peer: RunsPeer): Promise<boolean> {
  return withSite(peer, async ({ here, there }) => {
    const events = new Events("a", "b");
    await here.start(ID, events.open);
    const first = await read(there);
    await first.until("b");
    await first.leave();
    const [event = ""] = first.text.split("\n\n")
      .filter((block) => /^data: ?a$/m.test(block));
    const [, id] = /^id: ?(.*)$/m.exec(event) ?? [];
    const second = await read(there, id);
    await second.until("b");
    await second.leave();
    events.end();
    await events.released.promise;
    return second.has("b") && !second.has("a");
  });
}

function isReadAfterEnd(peer: RunsPeer): Promise<boolean> {
  return withSite(peer, async ({ here, there }) => {
    const events = new Events("a");
    await here.start(ID, events.open);
    const reader = await read(there);
    events.end();
    await reader.toEnd();
    const stream = await there.read(ID);
    if (stream === undefined) return false;
    const late = new RunReader(stream);
    await late.toEnd();
    return late.has("a");
  });
}

function isStopped(peer: RunsPeer): Promise<boolean> {
  return withSite(peer, async ({ here, there }) => {
    const events = new Events("a");
    await here.start(
      ID,
      async function* ({ signal }: { signal?: AbortSignal } = {}) {
        signal?.addEventListener("abort", () => events.end());
        yield* events.open();
      },
    );
    await there.stop?.(ID);
    if (there.stop === undefined) events.end();
    await events.released.promise;
    return there.stop !== undefined;
  });
}

function tellsEnd(peer: RunsPeer): Promise<boolean> {
  return withSite(peer, async ({ here, there }) => {
    const events = new Events("a");
    await here.start(ID, events.open);
    const reader = await read(there);
    events.end();
    const text = await reader.toEnd();
    // More than the source has given.
    return [...text.matchAll(/^data:/gm)].length > 1;
  });
}

/** A reader, and the end of the server that produces what it reads. */
async function readDying(
  { name }: RunsPeer,
  { there, port }: Site,
  leaseTime: number,
): Promise<{ reader: RunReader; kill: () => void }> {
  const url = import.meta.resolve("./_peer_runs_worker.ts");
  const worker = new Worker(url, { type: "module" });
  const started = new Promise((resolve) => {
    worker.onmessage = resolve;
  });
  const run: WorkerRun = { peer: name, port, id: ID, leaseTime };
  worker.postMessage(run);
  await started;
  const reader = await read(there);
  await reader.until("a");
  return { reader, kill: () => worker.terminate() };
}

function tellsDeath(peer: RunsPeer): Promise<boolean> {
  // Cannot be undefined: ours is the first.
  const ours = RUNS_PEERS[0]!;
  const slow = LEASE_TIME * 10;
  return withSite(peer, (site) =>
    withSite(ours, async (beside) => {
      const own = await readDying(peer, site, LEASE_TIME);
      const other = await readDying(ours, beside, slow);
      own.kill();
      other.kill();
      const isTold = await Promise.race([
        own.reader.more().then(() => true),
        other.reader.more().then(() => false),
      ]);
      await own.reader.leave();
      await other.reader.leave();
      return isTold;
    }, { leaseTime: slow }), { leaseTime: LEASE_TIME });
}

function isReadAfterDeath(peer: RunsPeer): Promise<boolean> {
  return withSite(peer, async (site) => {
    const { reader, kill } = await readDying(peer, site, LEASE_TIME);
    kill();
    await reader.leave();
    // Some find out by themselves that nobody answers.
    const stream = await site.there.read(ID).catch(() => undefined);
    if (stream === undefined) return false;
    const late = new RunReader(stream);
    await late.until("a");
    await late.leave();
    return late.has("a");
  }, { leaseTime: LEASE_TIME });
}

function leavesNothing(peer: RunsPeer): Promise<boolean> {
  return withSite(peer, async ({ here, there, redis }) => {
    const events = new Events("a");
    await here.start(ID, events.open);
    const reader = await read(there);
    events.end();
    await reader.toEnd();
    for (;;) {
      const keys = await redis.send(["KEYS", "*"]) as string[];
      if (keys.length === 0) return true;
      const times = await Promise.all(
        keys.map((key) => redis.send(["PTTL", key])),
      );
      if (times.some((time) => Number(time) > LONG)) return false;
    }
  }, { keepFor: 50 });
}

function keepsNothing(peer: RunsPeer): Promise<boolean> {
  return withSite(peer, async ({ here, there, redis }) => {
    const events = new Events("a", "needle");
    await here.start(ID, events.open);
    const reader = await read(there);
    await reader.until("needle");
    const kept: unknown[] = [];
    for (const key of await redis.send(["KEYS", "*"]) as string[]) {
      const type = await redis.send(["TYPE", key]);
      if (type === "string") kept.push(await redis.send(["GET", key]));
      else kept.push(await redis.send(["XRANGE", key, "-", "+"]));
    }
    events.end();
    await reader.toEnd();
    return !JSON.stringify(kept).includes("needle");
  });
}
