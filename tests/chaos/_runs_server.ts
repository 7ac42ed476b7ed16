// Copyright 2026 the Tidings authors. MIT license.

/**
 * One server of the runs' chaos test, in a process of its own, with its engine, port and
 * notebook in the first argument as JSON. A POST starts the run of its path, unless there
 * is one, and anything else is answered with its events. It ends when its standard input
 * does.
 */

import type { ServerSentEventInit } from "../../event.ts";
import type { EventLogs } from "../../log.ts";
import { DenoKvEventLogs } from "../../logs/deno_kv.ts";
import { PostgresEventLogs } from "../../logs/postgres.ts";
import { RedisEventLogs } from "../../logs/redis_streams.ts";
import { EventRuns } from "../../runs/mod.ts";
import { SqliteEventLogs } from "../../logs/sqlite.ts";
import type { EngineAddress } from "./_engines.ts";
import { openDatabase } from "../support/sqlite.ts";
import { RedisReconnecting } from "../support/redis_connection.ts";

/** The argument of a server. */
export interface RunsChaosArgument {
  engine: EngineAddress;
  port: number;
  /** A file into which each source writes a line when it is called. */
  notebook: string;
}

/** So many chunks has each run, at most so many milliseconds apart. */
export const CHUNKS = 40;
const CHUNK_DELAY = 40;
/** Milliseconds that runs are kept after their end, and within which a loss is told. */
export const KEEP_FOR = 5000;
export const LEASE_TIME = 2000;

/** Opens the logs, as a process of its own does. */
export async function openLogs(
  engine: EngineAddress,
): Promise<{ logs: EventLogs; close: () => Promise<void> }> {
  if ("kv" in engine) {
    const kv = await Deno.openKv(engine.kv);
    const logs = new DenoKvEventLogs(kv, ["runs"], { pollInterval: 20 });
    return { logs, close: () => Promise.resolve(kv.close()) };
  }
  if ("sqlite" in engine) {
    const db = openDatabase(engine.sqlite);
    const options = { pollInterval: 20, wal: true };
    const logs = new SqliteEventLogs(db, "runs", options);
    return { logs, close: () => Promise.resolve(db.close()) };
  }
  if ("postgres" in engine) {
    const { openPostgres } = await import("../support/postgres_client.ts");
    const client = openPostgres(engine.postgres);
    const logs = new PostgresEventLogs(client, "runs", { timeout: 5000 });
    return { logs, close: () => client.pool.end() };
  }
  const client = new RedisReconnecting(engine.redis);
  const logs = new RedisEventLogs(client, "runs:", { timeout: 5000 });
  return { logs, close: () => client.close() };
}

/** A source that says of each chunk who has made it. */
async function* produce(
  id: string,
  notebook: string,
): AsyncGenerator<ServerSentEventInit> {
  const producer = crypto.randomUUID();
  const line = `${id} ${producer}\n`;
  await Deno.writeTextFile(notebook, line, { append: true });
  for (let chunk = 0; chunk < CHUNKS; chunk++) {
    yield { data: `${producer} ${chunk}` };
    const delay = Math.random() * CHUNK_DELAY;
    await new Promise((resolve) => setTimeout(resolve, delay));
  }
}

if (import.meta.main) {
  const { engine, port, notebook }: RunsChaosArgument = JSON.parse(
    Deno.args[0]!,
  );
  const { logs } = await openLogs(engine);
  const runs = new EventRuns({
    logs,
    leaseTime: LEASE_TIME,
    keepFor: KEEP_FOR,
    maxRunTime: 20_000,
    retry: 20,
  });
  Deno.serve(
    { hostname: "127.0.0.1", port, onListen: () => {} },
    async (request) => {
      const id = new URL(request.url).pathname.slice(1);
      try {
        if (request.method === "POST") {
          const isNew = await runs.start(id, () => produce(id, notebook));
          return new Response(String(isNew));
        }
        return await runs.serve(id, request, { cors: { origins: "*" } });
      } catch (error) {
        return new Response((error as Error).name, { status: 503 });
      }
    },
  );
  for await (const _ of Deno.stdin.readable);
  Deno.exit();
}
