// Copyright 2026 the Tidings authors. MIT license.

/** Clients that all come back at once, and the least that answering them can cost. */

import process from "node:process";
import { joinChunks } from "../../_server/join_chunks.ts";
import { EventChannel } from "../../channel.ts";
import { encodeEvent } from "../../encoder.ts";
import type { EventLog } from "../../log.ts";
import type { Child } from "../_process.ts";
import type { LoadOrder, Returning } from "./_topics_load.ts";
import type { History } from "./_topics_logs.ts";
import { readEvents } from "../../parser.ts";

/** The process of the clients. */
export type Load = Child<LoadOrder, number>;

type Chunks = readonly Uint8Array<ArrayBuffer>[];

const CHUNK_SIZE = 65_536;

/** How a herd is served, where that differs from the defaults. */
export interface HerdOptions {
  /** How many past events a new client gets. */
  replay?: number;
  liveSegmentBytes?: number;
}

/**
 * Serves all of them by a channel that is new, until each has what it is owed.
 *
 * @returns Milliseconds of CPU of this process.
 */
export async function serveHerd(
  log: EventLog,
  clients: readonly Returning[],
  load: Load,
  { replay = 0, ...options }: HerdOptions = {},
): Promise<number> {
  return await spend(load, clients, () => {
    const channel = new EventChannel({ log, ...options });
    return {
      handler: (request) => {
        const topics = new URL(request.url).searchParams.getAll("topic");
        return channel.serve(request, { topics, replay });
      },
      close: () => channel.close(),
    };
  });
}

/** Reads the history once, and answers as many requests with one event. */
export async function serveBare(
  log: EventLog,
  clients: readonly Returning[],
  load: Load,
): Promise<number> {
  const once = clients.map((client) => ({ ...client, owed: 1 }));
  return await spend(load, once, async () => {
    await readHistory(log);
    return { handler: () => respond([encodeEvent({ data: "~" })]) };
  });
}

/**
 * Serves clients whose IDs the history does not have, until each is told so, and among
 * them one that is merely behind.
 *
 * @returns How many requests to the log that took, and the milliseconds that the one
 * waited for its first event.
 */
export async function serveUnknown(
  { log, ids, commands }: History,
  clients: readonly Returning[],
  load: Load,
): Promise<{ commands: number; first: number }> {
  const channel = new EventChannel({
    log,
    liveSegmentBytes: 0,
    // The load counts what is marked.
    onGap: () => [{ event: "gap", data: "~" }],
  });
  let arrived = 0;
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => {
      arrived++;
      return channel.serve(request, { topics: ["none"] });
    },
  );
  const before = commands();
  const told = load.ask({ port: server.addr.port, clients });
  while (arrived < clients.length / 2) {
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  const begin = performance.now();
  const headers = { "last-event-id": ids.at(-2)! };
  const request = new Request("http://localhost/", { headers });
  const response = channel.serve(request, { topics: "all" });
  const events = readEvents(response);
  await events.next();
  const first = performance.now() - begin;
  await events.return?.();
  await told;
  const count = commands() - before;
  await channel.close();
  await server.shutdown();
  return { commands: count, first };
}

/** Reads the history once, and hands its bytes to as many streams. */
export async function serveBareHistory(
  log: EventLog,
  clients: readonly Returning[],
  load: Load,
): Promise<number> {
  return await spend(load, clients, async () => {
    const chunks = joinBySize(await readHistory(log));
    return { handler: () => respond(chunks) };
  });
}

/** The milliseconds of CPU from opening a server until all clients have theirs. */
async function spend(
  load: Load,
  clients: readonly Returning[],
  open: () =>
    | Server
    | Promise<Server>,
): Promise<number> {
  const before = process.cpuUsage();
  const { handler, close } = await open();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    handler,
  );
  await load.ask({ port: server.addr.port, clients });
  const { user, system } = process.cpuUsage(before);
  await close?.();
  await server.shutdown();
  return (user + system) / 1000;
}

interface Server {
  handler: (request: Request) => Response;
  close?: () => Promise<void>;
}

/** Reads a log from its beginning to its end, and encodes it. */
export async function readHistory(log: EventLog): Promise<Chunks> {
  const frames: Uint8Array<ArrayBuffer>[] = [];
  let cursor = await log.rewind(Infinity);
  for (;;) {
    const batch = await log.read(cursor, { limit: 256, maxBytes: Infinity });
    if (batch.events.length === 0) return frames;
    for (const { topics: _, ...event } of batch.events) {
      frames.push(encodeEvent(event));
    }
    cursor = batch.cursor;
  }
}

/** Joins frames into chunks of 64 KiB or a little more. */
export function joinBySize(frames: Chunks): Chunks {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for (let begin = 0; begin < frames.length;) {
    let end = begin;
    let size = 0;
    while (end < frames.length && size < CHUNK_SIZE) {
      // There is a frame at each index.
      size += frames[end++]!.byteLength;
    }
    chunks.push(joinChunks(frames.slice(begin, end)));
    begin = end;
  }
  return chunks;
}

/** A stream that gives chunks at the pace of its reader, and stays open. */
function respond(chunks: Chunks): Response {
  let next = 0;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller): Promise<void> | undefined {
      const chunk = chunks[next++];
      if (chunk === undefined) return new Promise(() => {});
      controller.enqueue(chunk);
      return undefined;
    },
  });
  return new Response(body, {
    headers: {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
    },
  });
}
