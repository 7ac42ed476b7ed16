// Copyright 2026 the Tidings authors. MIT license.

/** Runs on engines whose calls fail at random: all runs end as done. */

import { MemoryEventLogs } from "../../log.ts";
import { DenoKvEventLogs } from "../../logs/deno_kv.ts";
import { RedisEventLogs } from "../../logs/redis_streams.ts";
import {
  failingKv,
  failingLogs,
  failingRedis,
} from "../support/failing_engines.ts";
import { RedisConnection } from "../support/redis_connection.ts";
import { hasRedis, redisNote, RedisServer } from "../support/redis_server.ts";
import { testFailingRuns } from "./_failing_suite.ts";

testFailingRuns("MemoryEventLogs", (failures) => {
  const logs = new MemoryEventLogs();
  return {
    failing: failingLogs(logs, failures),
    logs,
    close: () => logs.close(),
  };
});

testFailingRuns("DenoKvEventLogs", async (failures) => {
  const kv = await Deno.openKv(":memory:");
  const options = { pollInterval: 20 };
  return {
    failing: new DenoKvEventLogs(failingKv(kv, failures), ["logs"], options),
    logs: new DenoKvEventLogs(kv, ["logs"], options),
    close: () => kv.close(),
  };
});

testFailingRuns(`RedisEventLogs${redisNote}`, async (failures) => {
  const server = await RedisServer.start();
  const client = await RedisConnection.open(server.port);
  return {
    failing: new RedisEventLogs(failingRedis(client, failures), "logs:"),
    logs: new RedisEventLogs(client, "logs:"),
    close: async () => {
      await client.close();
      await server[Symbol.asyncDispose]();
    },
  };
}, { ignore: !hasRedis });
