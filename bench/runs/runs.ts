// Copyright 2026 the Tidings authors. MIT license.

/**
 * Compares what a run costs in Redis with the npm package `resumable-stream`. Two servers
 * in one process use the same Redis and the same client; the first produces, and readers
 * come to the second, as after a reload.
 *
 * `deno task bench:runs`
 *
 * @module
 */

import process from "node:process";
import { Redis } from "ioredis";
import { RedisServer } from "../../tests/support/redis_server.ts";
import {
  makeOurs,
  makePeer,
  type RunEvents,
  type RunsContestant,
} from "./_contestants.ts";
import { measureResumes } from "./_resumes.ts";
import { median } from "../_statistics.ts";
import { Table } from "../_table.ts";

const RUNS = 100;
const CHUNKS = 500;
const READERS = 2;
/** Milliseconds between the chunks of a run, about as a language model sends them. */
const PACE = 10;
const ROUNDS = 3;
const IDLE_RUNS = 1000;
/** A chunk of about the size that OpenAI sends. */
const DATA = JSON.stringify({ choices: [{ delta: { content: "token " } }] })
  .padEnd(150);

const { gc } = globalThis as { gc?: () => void };

/** The counters of Redis since its start. */
interface RedisCounters {
  commands: number;
  bytes: number;
}

/** The figures of one contestant, one for each round. */
interface Figures {
  commands: number[];
  bytes: number[];
  cpu: number[];
  resume: number[];
  pacedResume: number[];
  memory: number[];
}

async function count(redis: Redis): Promise<RedisCounters> {
  const info = await redis.info("stats");
  const read = (name: string): number =>
    Number(new RegExp(`^${name}:(\\d+)`, "m").exec(info)?.[1]);
  return {
    commands: read("total_commands_processed"),
    bytes: read("total_net_input_bytes") + read("total_net_output_bytes"),
  };
}

/** Gives chunks at the pace of a language model, once `begin` is fulfilled. */
async function* chunks(begin: Promise<void>, number: number): RunEvents {
  await begin;
  const start = performance.now() + Math.random() * PACE;
  for (let chunk = 0; chunk < number; chunk++) {
    const delay = start + chunk * PACE - performance.now();
    if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
    yield { data: DATA };
  }
}

/** Reads to the end and counts the chunks. */
async function readAll(
  stream: ReadableStream<Uint8Array | string>,
): Promise<number> {
  const decoder = new TextDecoder();
  let events = 0;
  for await (const chunk of stream) {
    const text = typeof chunk === "string"
      ? chunk
      : decoder.decode(chunk, { stream: true });
    events += text.split('"choices"').length - 1;
  }
  return events;
}

/** Measures commands, bytes and processor time for each event of many runs. */
async function measureRuns(
  contestant: RunsContestant,
  redis: Redis,
  figures: Figures,
): Promise<void> {
  const { promise: begin, resolve: go } = Promise.withResolvers<void>();
  const ids = Array.from({ length: RUNS }, () => crypto.randomUUID());
  for (const id of ids) await contestant.start(id, chunks(begin, CHUNKS));
  const reading = ids.flatMap((id) =>
    Array.from(
      { length: READERS },
      async () => await readAll(await contestant.read(id)),
    )
  );
  await new Promise((resolve) => setTimeout(resolve, 300));
  const before = await count(redis);
  const usage = process.cpuUsage();
  go();
  for (const events of await Promise.all(reading)) {
    if (events !== CHUNKS) throw new Error(`${events} of ${CHUNKS} came`);
  }
  const { user, system } = process.cpuUsage(usage);
  const after = await count(redis);
  const events = RUNS * CHUNKS;
  figures.commands.push((after.commands - before.commands - 1) / events);
  figures.bytes.push((after.bytes - before.bytes) / events);
  figures.cpu.push((user + system) / events);
}

/** Measures the bytes of heap of a run that waits for its source. */
async function measureMemory(contestant: RunsContestant): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<void>();
  gc?.();
  const before = Deno.memoryUsage().heapUsed;
  for (let run = 0; run < IDLE_RUNS; run++) {
    await contestant.start(crypto.randomUUID(), chunks(promise, 0));
  }
  gc?.();
  const { heapUsed } = Deno.memoryUsage();
  resolve();
  await new Promise((resolve) => setTimeout(resolve, 500));
  return (heapUsed - before) / IDLE_RUNS;
}

const server = await RedisServer.start({ appendfsync: "everysec" });
const redis = new Redis(server.port);
const makers = [makeOurs, makePeer];
const all = makers.map((): Figures => ({
  commands: [],
  bytes: [],
  cpu: [],
  resume: [],
  pacedResume: [],
  memory: [],
}));
for (let round = 0; round < ROUNDS; round++) {
  await using ours = makeOurs(server.port);
  await using peer = makePeer(server.port);
  for (const [key, pace] of [["resume", 0], ["pacedResume", PACE]] as const) {
    const times = await measureResumes(
      [ours, peer],
      { data: DATA, chunks: CHUNKS / 2, pace },
    );
    for (const [index, time] of times.entries()) all[index]![key].push(time);
  }
}
for (let round = 0; round < ROUNDS; round++) {
  for (const [index, make] of makers.entries()) {
    await using contestant = make(server.port);
    const figures = all[index]!;
    await measureRuns(contestant, redis, figures);
    figures.memory.push(await measureMemory(contestant));
  }
}
redis.disconnect();

const table = new Table();
table.begin();
for (
  const [name, key, format] of [
    [
      "Redis commands for each event",
      "commands",
      (value: number) => value.toFixed(2),
    ],
    [
      "Redis bytes for each event",
      "bytes",
      (value: number) => `${value.toFixed(0)} B`,
    ],
    [
      `cpu, ${RUNS} runs of ${CHUNKS} chunks, ${READERS} readers`,
      "cpu",
      (value: number) => `${value.toFixed(1)} µs`,
    ],
    [
      "first byte of a resume in the middle",
      "pacedResume",
      (value: number) => `${value.toFixed(2)} ms`,
    ],
    [
      "the same, after chunks that came at once",
      "resume",
      (value: number) => `${value.toFixed(2)} ms`,
    ],
    [
      "heap/idle run",
      "memory",
      (value: number) => `${(value / 1024).toFixed(1)} KiB`,
    ],
  ] as const
) {
  const [ours = NaN, peer = NaN] = all.map((figures) => median(figures[key]));
  const ratio = ours / peer;
  table.add({
    name,
    ours: format(ours),
    peer: `resumable-stream ${format(peer)}`,
    peerName: "resumable-stream",
    result: `${ratio.toFixed(2)} ×`,
    figure: ratio,
  });
}
// The timers of the peer would keep the process alive.
await server[Symbol.asyncDispose]();
Deno.exit(table.end(Deno.args) ? 1 : 0);
