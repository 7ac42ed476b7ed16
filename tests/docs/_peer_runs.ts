// Copyright 2026 the Tidings authors. MIT license.

/** What keeps streams that outlive their requests in Redis, each used as its README does. */

import { Redis } from "npm:ioredis@6.0.0";
import { createResumableStreamContext } from "npm:resumable-stream@2.2.13/ioredis";
import { encodeEvent } from "../../encoder.ts";
import { type RedisClient, RedisEventLogs } from "../../logs/redis_streams.ts";
import { EventRuns } from "../../runs/mod.ts";

/** The events of one run. */
export type RunSource = () => AsyncIterable<{ data: string; id: string }>;

/** One of the servers that share a Redis. */
export interface RunsServer extends AsyncDisposable {
  /** Starts a run, unless it is there. Its first reader leaves at once. */
  start(id: string, source: RunSource): Promise<void>;
  /** Reads a run, if it is to be had, as a browser's `EventSource` asks for it. */
  read(
    id: string,
    lastEventId?: string,
  ): Promise<ReadableStream<Uint8Array | string> | undefined>;
  /** Stops a run, if there is a way to. */
  stop?(id: string): Promise<unknown>;
}

/** Options of {@linkcode RunsPeer.open}, for those that take any. */
export interface RunsServerOptions {
  /** Milliseconds within which readers are told that a process is gone. */
  leaseTime?: number;
  /** Milliseconds for which a run is kept after its end. */
  keepFor?: number;
}

/** One library. */
export interface RunsPeer {
  /** The heading of its column. */
  name: string;
  /** What is imported; left out, it is ours. */
  module?: string;
  /** Opens a server on the Redis of a port. */
  open(port: number, options?: RunsServerOptions): RunsServer;
}

const DECODER = new TextDecoder();

/** Ours first. */
export const RUNS_PEERS: readonly RunsPeer[] = [
  { name: "@tidings/sse", open: openOurs },
  {
    name: "resumable-stream",
    module: "npm:resumable-stream@2.2.13",
    open: openResumableStream,
  },
];

function openOurs(port: number, options: RunsServerOptions = {}): RunsServer {
  const redis = new Redis(port);
  const logs = new RedisEventLogs(adapt(redis), "runs:");
  const runs = new EventRuns({ logs, ...options });
  return {
    start: async (id, source) => void await runs.start(id, source),
    read: async (id, lastEventId) => {
      const request = new Request("http://localhost/", {
        headers: lastEventId === undefined
          ? {}
          : { "last-event-id": lastEventId },
      });
      return (await runs.serve(id, request)).body ?? undefined;
    },
    stop: (id) => runs.stop(id),
    [Symbol.asyncDispose]: async () => {
      await runs.close();
      await disconnect(redis);
    },
  };
}

function openResumableStream(port: number): RunsServer {
  const clients = [new Redis(port), new Redis(port)] as const;
  const ended: Promise<unknown>[] = [];
  const context = createResumableStreamContext({
    waitUntil: (promise) => void ended.push(promise),
    publisher: clients[0],
    subscriber: clients[1],
  });
  return {
    start: async (id, source) => {
      const stream = await context.resumableStream(id, () => encode(source()));
      await stream?.cancel();
    },
    // Its README has a number of characters to skip, which no `EventSource` sends.
    read: async (id) => await context.resumeExistingStream(id) ?? undefined,
    [Symbol.asyncDispose]: async () => {
      // It waits for none of its commands, and a lost connection rejects those.
      await Promise.all(ended);
      await Promise.all(clients.map((client) => client.quit()));
    },
  };
}

function adapt(redis: Redis): RedisClient {
  return {
    send: ([name, ...args]) => redis.call(name, ...args),
    duplicate: () => adapt(redis.duplicate()),
    close: () => disconnect(redis),
  };
}

async function disconnect(redis: Redis): Promise<void> {
  if (redis.status === "end") return;
  const ended = new Promise<void>((resolve) => redis.once("end", resolve));
  redis.disconnect();
  await ended;
}

function encode(
  events: AsyncIterable<{ data: string; id: string }>,
): ReadableStream<string> {
  return ReadableStream.from(events).pipeThrough(
    new TransformStream({
      transform: (event, controller) =>
        controller.enqueue(DECODER.decode(encodeEvent(event))),
    }),
  );
}
