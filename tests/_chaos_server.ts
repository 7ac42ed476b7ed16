// Copyright 2026 the Tidings authors. MIT license.

/**
 * One server of the chaos tests, in a process of its own, with its engine and port in
 * the first argument as JSON. A POST publishes its body, anything else is answered with
 * the events. It ends when its standard input does.
 */

import { EventChannel } from "../channel.ts";
import type { EventLog } from "../log.ts";
import { DenoKvEventLog } from "../logs/deno_kv.ts";
import { RedisStreamsEventLog } from "../logs/redis_streams.ts";
import { RedisReconnecting } from "./_redis_connection.ts";

/** Where a log is, and what it keeps. */
export type ChaosEngine =
  & { maxEvents: number }
  & ({ kv: string } | { redis: number });

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
  const client = new RedisReconnecting(engine.redis);
  const options = { maxEvents, timeout: 5000 };
  const log = new RedisStreamsEventLog(client, "chaos", options);
  return { log, close: () => client.close() };
}

if (import.meta.main) {
  const argument: ChaosServerArgument = JSON.parse(Deno.args[0]!);
  const { log } = await openLog(argument.engine);
  const channel = new EventChannel({ log, retry: 20, ringBytes: 20_000 });
  const { port } = argument;
  Deno.serve(
    { hostname: "127.0.0.1", port, onListen: () => {} },
    async (request) => {
      if (request.method !== "POST") return channel.serve(request);
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
