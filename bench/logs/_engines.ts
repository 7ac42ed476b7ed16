// Copyright 2026 the Tidings authors. MIT license.

/** The engines of logs, each empty and on this machine. */

import { DatabaseSync } from "node:sqlite";
import { type EventLog, MemoryEventLog } from "../../log.ts";
import { DenoKvEventLog } from "../../logs/deno_kv.ts";
import { PostgresEventLog } from "../../logs/postgres.ts";
import { SqliteEventLog } from "../../logs/sqlite.ts";
import { RedisStreamsEventLog } from "../../logs/redis_streams.ts";
import { openPostgres } from "../../tests/support/postgres_client.ts";
import {
  hasPostgres,
  PostgresServer,
} from "../../tests/support/postgres_server.ts";
import { RedisConnection } from "../../tests/support/redis_connection.ts";
import { hasRedis, RedisServer } from "../../tests/support/redis_server.ts";

/** A log to be measured. */
export interface LogEngine {
  name: string;
  log: EventLog;
}

/** Opens the engines that are there; `resources` closes them. */
export async function openEngines(
  resources: AsyncDisposableStack,
): Promise<LogEngine[]> {
  const memoryKv = await Deno.openKv(":memory:");
  resources.defer(() => memoryKv.close());
  const directory = await Deno.makeTempDir();
  resources.defer(() => Deno.remove(directory, { recursive: true }));
  const fileKv = await Deno.openKv(`${directory}/kv.db`);
  resources.defer(() => fileKv.close());
  const memoryDb = new DatabaseSync(":memory:");
  resources.defer(() => memoryDb.close());
  const fileDb = new DatabaseSync(`${directory}/events.db`);
  resources.defer(() => fileDb.close());
  const engines: LogEngine[] = [
    { name: "memory", log: new MemoryEventLog() },
    { name: "SQLite in memory", log: new SqliteEventLog(memoryDb, "bench") },
    {
      name: "SQLite in a file",
      log: new SqliteEventLog(fileDb, "bench", { wal: true }),
    },
    { name: "Deno KV in memory", log: new DenoKvEventLog(memoryKv, ["bench"]) },
    { name: "Deno KV in a file", log: new DenoKvEventLog(fileKv, ["bench"]) },
  ];
  if (hasPostgres) {
    const options = { isDurable: true };
    const server = resources.use(await PostgresServer.start(options));
    const client = resources.use(openPostgres(server.url));
    const log = new PostgresEventLog(client, "bench");
    engines.push({ name: "PostgreSQL", log });
  }
  if (!hasRedis) return engines;
  for (const appendfsync of ["everysec", "always"] as const) {
    const redis = resources.use(await RedisServer.start({ appendfsync }));
    const client = resources.use(await RedisConnection.open(redis.port));
    const log = new RedisStreamsEventLog(client, "bench");
    engines.push({ name: `Redis, appendfsync ${appendfsync}`, log });
  }
  return engines;
}
