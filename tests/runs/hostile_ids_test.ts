// Copyright 2026 the Tidings authors. MIT license.

/** Runs with IDs that look like keys or other names, on all engines. */

import { MemoryEventLogs } from "../../log.ts";
import { makeKvLogs } from "../logs/_kv_logs.ts";
import { makeRedisLogs } from "../support/redis_logs.ts";
import { hasRedis, redisNote } from "../support/redis_server.ts";
import { testHostileIds } from "./_hostile_ids_suite.ts";

testHostileIds("MemoryEventLogs", () => {
  const logs = new MemoryEventLogs();
  return {
    logs,
    other: logs,
    countEntries: () => logs.size,
    close: () => logs.close(),
  };
});

testHostileIds("DenoKvEventLogs", () => makeKvLogs());

testHostileIds(`RedisEventLogs${redisNote}`, makeRedisLogs, {
  ignore: !hasRedis,
});
