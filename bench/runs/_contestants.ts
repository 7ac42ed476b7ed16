// Copyright 2026 the Tidings authors. MIT license.

/**
 * The two libraries that the bench of runs compares, ours and its peer: each as two servers
 * on one Redis.
 *
 * @module
 */

import { Redis } from "ioredis";
import { createResumableStreamContext } from "resumable-stream/ioredis";
import { encodeEvent } from "../../encoder.ts";
import type { ServerSentEventInit } from "../../event.ts";
import { type RedisClient, RedisEventLogs } from "../../logs/redis_streams.ts";
import { EventRuns } from "../../runs/mod.ts";

/** The events of one run. */
export type RunEvents = AsyncIterable<ServerSentEventInit>;

/** A library: the first server produces, and both serve readers. */
export interface RunsContestant extends AsyncDisposable {
  readonly name: string;
  /** Starts a run on the first server. */
  start(id: string, events: RunEvents): Promise<void>;
  /** Reads a run from its beginning through the second server. */
  read(id: string): Promise<ReadableStream<Uint8Array | string>>;
}

const DECODER = new TextDecoder();

function adapt(redis: Redis): RedisClient {
  return {
    send: ([name, ...args]) => redis.call(name, ...args),
    duplicate: () => adapt(redis.duplicate()),
    close: () => redis.disconnect(),
  };
}

/** Ours. */
export function makeOurs(port: number): RunsContestant {
  const clients = [new Redis(port), new Redis(port)];
  const [here, there] = clients.map((client) =>
    new EventRuns({ logs: new RedisEventLogs(adapt(client), "runs:") })
  ) as [EventRuns, EventRuns];
  const request = new Request("http://localhost/");
  return {
    name: "tidings",
    start: async (id, events) => {
      await here.start(id, () => events);
    },
    read: async (id) => {
      const response = await there.serve(id, request);
      // The run was started, so the response has a body.
      return response.body!;
    },
    [Symbol.asyncDispose]: async () => {
      await here.close();
      await there.close();
      for (const client of clients) client.disconnect();
    },
  };
}

/** The npm package `resumable-stream`, as its README sets it up. */
export function makePeer(port: number): RunsContestant {
  const clients = Array.from({ length: 4 }, () => new Redis(port));
  const [here, there] = [0, 2].map((index) =>
    createResumableStreamContext({
      waitUntil: () => {},
      // `createResumableStreamContext` takes an ioredis client as it is.
      // deno-lint-ignore no-explicit-any -- its types are of another copy of ioredis
      publisher: clients[index] as any,
      // deno-lint-ignore no-explicit-any -- as above
      subscriber: clients[index + 1] as any,
    })
  );
  return {
    name: "resumable-stream",
    start: async (id, events) => {
      await here!.createNewResumableStream(id, () => encode(events));
    },
    read: async (id) => {
      const stream = await there!.resumeExistingStream(id);
      if (!stream) throw new Error(`Cannot read stream: there is no ${id}`);
      return stream;
    },
    [Symbol.asyncDispose]: () => {
      for (const client of clients) client.disconnect();
      return Promise.resolve();
    },
  };
}

function encode(events: RunEvents): ReadableStream<string> {
  return ReadableStream.from(events).pipeThrough(
    new TransformStream({
      transform: (event, controller) =>
        controller.enqueue(DECODER.decode(encodeEvent(event))),
    }),
  );
}
