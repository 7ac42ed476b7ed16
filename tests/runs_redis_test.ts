// Copyright 2026 the Tidings authors. MIT license.

/** Runs that are kept in Redis. */

import { hasRedis, redisNote } from "./_redis_server.ts";
import { makeRedisLogs } from "./_redis_logs.ts";
import { testRuns } from "./_runs_suite.ts";

testRuns(`RedisEventLogs${redisNote}`, makeRedisLogs, { ignore: !hasRedis });
