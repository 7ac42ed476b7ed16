// Copyright 2026 the Tidings authors. MIT license.

/**
 * One server of the chaos tests, in a process of its own, with its engine and port in
 * the first argument as JSON. A POST publishes its body, or asks how late timers were;
 * anything else is answered with the events, and those of the topics in the query. It
 * ends when its standard input does.
 */

import process from "node:process";
import { EventChannel } from "../../channel.ts";
import type { EventLog } from "../../log.ts";
import { DenoKvEventLog } from "../../logs/deno_kv.ts";
import { PostgresEventLog } from "../../logs/postgres.ts";
import { RedisStreamsEventLog } from "../../logs/redis_streams.ts";
import { SqliteEventLog } from "../../logs/sqlite.ts";
import type { EngineAddress } from "./_engines.ts";
import { openDatabase } from "../support/sqlite.ts";
import { RedisReconnecting } from "../support/redis_connection.ts";

/** Where a log is, and what it keeps. */
export type ChaosEngine = EngineAddress & { maxEvents: number };

/** The argument of a server. */
export interface ChaosServerArgument {
  engine: ChaosEngine;
  port: number;
}

/** Opens a log, as a process of its own does. */
export async function openLog(
  engine: ChaosEngine,
): Promise<{ log: EventLog; close: () => Promise<void> }> {
  const { maxEvents } = engine;
  if ("kv" in engine) {
    const kv = await Deno.openKv(engine.kv);
    const log = new DenoKvEventLog(kv, ["chaos"], {
      maxEvents,
      pollInterval: 20,
      timeout: 5000,
    });
    return { log, close: () => Promise.resolve(kv.close()) };
  }
  if ("sqlite" in engine) {
    const db = openDatabase(engine.sqlite);
    const options = { maxEvents, pollInterval: 20, wal: true };
    const log = new SqliteEventLog(db, "chaos", options);
    return { log, close: () => Promise.resolve(db.close()) };
  }
  if ("postgres" in engine) {
    const { openPostgres } = await import("../support/postgres_client.ts");
    const client = openPostgres(engine.postgres);
    const log = new PostgresEventLog(client, "chaos", {
      maxEvents,
      timeout: 5000,
    });
    return { log, close: () => client.pool.end() };
  }
  const client = new RedisReconnecting(engine.redis);
  const options = { maxEvents, timeout: 5000 };
  const log = new RedisStreamsEventLog(client, "chaos", options);
  return { log, close: () => client.close() };
}

/** How late a timer was at most, and how long the process was at work meanwhile. */
export interface Delays {
  /** Milliseconds, also those in which other processes had the processor. */
  late: number;
  /** Milliseconds of CPU, all threads together. */
  busy: number;
}

/** Milliseconds between two looks at the clock. */
const TICK = 5;

/** Looks at how late timers are. */
class DelayWatch {
  #most: Delays = { late: 0, busy: 0 };
  #last = performance.now();
  #usage = process.cpuUsage();

  constructor() {
    setInterval(() => {
      const now = performance.now();
      const { user, system } = process.cpuUsage(this.#usage);
      this.#most = {
        late: Math.max(this.#most.late, now - this.#last - TICK),
        busy: Math.max(this.#most.busy, (user + system) / 1000),
      };
      this.#last = now;
      this.#usage = process.cpuUsage();
    }, TICK);
  }

  /** The longest delays since it was asked last. */
  take(): Delays {
    const most = this.#most;
    this.#most = { late: 0, busy: 0 };
    return most;
  }
}

if (import.meta.main) {
  const argument: ChaosServerArgument = JSON.parse(Deno.args[0]!);
  const { log } = await openLog(argument.engine);
  const channel = new EventChannel({
    log,
    retry: 20,
    liveSegmentBytes: 20_000,
  });
  const { port } = argument;
  const delays = new DelayWatch();
  Deno.serve(
    { hostname: "127.0.0.1", port, onListen: () => {} },
    async (request) => {
      const { pathname, searchParams } = new URL(request.url);
      if (request.method !== "POST") {
        const topics = searchParams.getAll("topic");
        return channel.serve(request, { topics });
      }
      if (pathname === "/delay") return Response.json(delays.take());
      try {
        return new Response(
          await channel.publish({ data: await request.text() }),
        );
      } catch (error) {
        return new Response((error as Error).name, { status: 503 });
      }
    },
  );
  for await (const _ of Deno.stdin.readable);
  Deno.exit();
}
