// Copyright 2026 the Tidings authors. MIT license.

/** Runs in Redis. */

import { hasRedis, redisNote } from "../support/redis_server.ts";
import { makeRedisLogs } from "../support/redis_logs.ts";
import { testRestarts } from "./_restart_suite.ts";
import { testRuns } from "./_suite.ts";

testRuns(`RedisEventLogs${redisNote}`, makeRedisLogs, { ignore: !hasRedis });
testRestarts(`RedisEventLogs${redisNote}`, makeRedisLogs, {
  ignore: !hasRedis,
});
