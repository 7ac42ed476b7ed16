// Copyright 2026 the Tidings authors. MIT license.

/** How soon and how completely a reader that comes in the middle of a run gets it. */

import { assertEquals } from "@std/assert";
import type { EventLog, EventLogs } from "../../log.ts";
import { MemoryEventLogs } from "../../log.ts";
import { type RedisClient, RedisEventLogs } from "../../logs/redis_streams.ts";
import { EventRuns } from "../../runs/mod.ts";
import { numbers } from "../conformance/event_log_readers.ts";
import { Random } from "../support/random.ts";
import { RedisConnection } from "../support/redis_connection.ts";
import { hasRedis, redisNote, RedisServer } from "../support/redis_server.ts";
import { Faucet, readRun, runRequest } from "./_fixture.ts";

const SEED = Number(Deno.env.get("SEED") ?? Date.now() % 1_000_000);
const READERS = 60;
const EVENTS = 400;

Deno.test(
  `serve() sends the first events after one wait for Redis${redisNote}`,
  { ignore: !hasRedis },
  async () => {
    await using server = await RedisServer.start();
    await using connection = await RedisConnection.open(server.port);
    /** The commands of the reader under test between two replies, for each reply. */
    const roundTrips: string[][] = [[]];
    const recorded: RedisClient = {
      send: async (command) => {
        roundTrips.at(-1)!.push(command[0]);
        const reply = await connection.send(command);
        if (roundTrips.at(-1)!.length > 0) roundTrips.push([]);
        return reply;
      },
      duplicate: () => connection.duplicate(),
      close: () => connection.close(),
    };
    await using here = new EventRuns({
      logs: new RedisEventLogs(connection, "runs:"),
    });
    await using there = new EventRuns({
      logs: new RedisEventLogs(connection, "runs:"),
    });
    const faucet = new Faucet();
    await here.start("a", faucet.open);
    faucet.give(...numbers(200));
    await using first = await readRun(there, "a");
    await first.inbox.untilEvents(200);
    for (
      const lastEventId of [undefined, first.inbox.events[50]?.lastEventId]
    ) {
      await using runs = new EventRuns({
        logs: new RedisEventLogs(recorded, "runs:"),
      });
      roundTrips.splice(0, roundTrips.length, []);
      const response = await runs.serve("a", runRequest(lastEventId));
      const reader = response.body!.getReader();
      const { value } = await reader.read();
      assertEquals(roundTrips[0]?.toSorted(), ["EVAL", "XRANGE"]);
      assertEquals(roundTrips.flat().length, 2);
      const text = new TextDecoder().decode(value);
      const data = lastEventId === undefined ? "0" : "51";
      assertEquals(/^data: (\d+)$/m.exec(text)?.[1], data);
      await reader.cancel();
    }
    faucet.end();
  },
);

Deno.test(`serve() gives each event once to a reader that comes at any moment, SEED=${SEED}`, async () => {
  const random = new Random(SEED);
  using memory = new MemoryEventLogs();
  const logs = farAway(memory, random);
  await using here = new EventRuns({ logs });
  const faucet = new Faucet();
  await here.start("a", faucet.open);
  const all = [...numbers(EVENTS), "done"];
  const ids: string[] = [];
  const reading = numbers(READERS).map(async () => {
    await pause(random.below(300));
    await using runs = new EventRuns({ logs });
    const begin = random.onceIn(2) ? 0 : random.below(ids.length);
    await using reader = await readRun(runs, "a", ids[begin - 1]);
    await reader.end();
    return { begin, data: reader.inbox.data };
  });
  await using witness = await readRun(here, "a");
  for (let given = 0; given < EVENTS;) {
    const next = Math.min(given + random.below(10), EVENTS);
    faucet.give(...all.slice(given, next));
    given = next;
    await witness.inbox.untilEvents(given);
    ids.push(
      ...witness.inbox.events.slice(ids.length).map(({ lastEventId }) =>
        lastEventId
      ),
    );
    await pause(random.below(3));
  }
  await pause(random.below(20));
  faucet.end();
  for (const { begin, data } of await Promise.all(reading)) {
    assertEquals(data, all.slice(begin));
  }
});

/** The same logs on the other side of a network: every answer takes some milliseconds. */
function farAway(logs: EventLogs, random: Random): EventLogs {
  const travel = (signal?: AbortSignal): Promise<void> =>
    pause(random.below(4), signal);
  return {
    claim: async (name, options) => {
      await travel();
      return await logs.claim(name, options);
    },
    inspect: async (name) => {
      await travel();
      const state = await logs.inspect(name);
      await travel();
      return state;
    },
    expire: async (name, delay) => {
      await travel();
      await logs.expire(name, delay);
    },
    open: (name, options): EventLog => {
      const log = logs.open(name, options);
      return {
        append: (event, options) => log.append(event, options),
        read: async (after, options) => {
          await travel(options?.signal);
          const batch = await log.read(after, options);
          await travel(options?.signal);
          return batch;
        },
        rewind: async (count, options) => {
          await travel();
          return await log.rewind(count, options);
        },
        follow: async (onBatch, options) => {
          await travel(options?.signal);
          return await log.follow(onBatch, options);
        },
      };
    },
  };
}

function pause(delay: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, delay);
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
