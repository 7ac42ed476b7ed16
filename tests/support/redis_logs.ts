// Copyright 2026 the Tidings authors. MIT license.

/** Logs by name in a Redis of the tests' own, as two processes have them. */

import { RedisEventLogs } from "../../logs/redis_streams.ts";
import type { EventLogsFixture } from "../conformance/event_logs_suite.ts";
import { RedisConnection } from "./redis_connection.ts";
import { hasRedis, redisNote, RedisServer } from "./redis_server.ts";

/** Starts a server, which ends with the fixture. */
export async function makeRedisLogs(): Promise<EventLogsFixture> {
  const server = await RedisServer.start();
  const client = await RedisConnection.open(server.port);
  const other = await RedisConnection.open(server.port);
  return {
    logs: new RedisEventLogs(client, "logs:"),
    other: new RedisEventLogs(other, "logs:"),
    countEntries: async () => Number(await client.send(["DBSIZE"])),
    deleteLast: async (name) => {
      const key = `logs:{${name}}`;
      const reply = await client.send(
        ["XREVRANGE", key, "+", "-", "COUNT", "1"],
      );
      const [[id]] = reply as [[string]];
      await client.send(["XDEL", key, id]);
    },
    waitsForHolder: true,
    close: async () => {
      await client.close();
      await other.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** A server of a test's own, and a connection to it. */
export interface RedisFixture {
  server: RedisServer;
  client: RedisConnection;
}

/** Declares a test of what is Redis's own. */
export function testRedisLogs(
  behaviour: string,
  fn: (fixture: RedisFixture) => Promise<void>,
): void {
  const name = `RedisEventLogs${redisNote} ${behaviour}`;
  Deno.test(name, { ignore: !hasRedis }, async () => {
    await using server = await RedisServer.start();
    await using client = await RedisConnection.open(server.port);
    await fn({ server, client });
  });
}
