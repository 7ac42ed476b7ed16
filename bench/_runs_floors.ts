// Copyright 2026 the Tidings authors. MIT license.

/** What a row of the runs can come to at best, with nothing but the client and Redis. */

import type { Redis } from "ioredis";

/** Commands that add a chunk each, since Redis was started. */
export async function countAdded(redis: Redis): Promise<number> {
  const stats = await redis.info("commandstats");
  return Number(/^cmdstat_xadd:calls=(\d+)/m.exec(stats)?.[1] ?? 0);
}

/**
 * Milliseconds for the round trips of a resume alone: whether the run is there, and
 * then all of it so far, in the two pages that ours reads. Nothing is made of the
 * replies.
 */
export async function measureRoundTrips(
  redis: Redis,
  data: string,
  chunks: number,
): Promise<number> {
  const key = crypto.randomUUID();
  for (let chunk = 0; chunk < chunks; chunk++) {
    await redis.call("XADD", key, "*", "data", data);
  }
  const page = chunks / 2;
  const start = performance.now();
  await Promise.all([
    redis.call("XREVRANGE", key, "+", "-", "COUNT", "2"),
    redis.call("EXISTS", `${key}:lease`),
  ]);
  const first = await redis.call(
    "XRANGE",
    key,
    "-",
    "+",
    "COUNT",
    `${page}`,
  ) as [id: string][];
  const last = first.at(-1)?.[0];
  await redis.call("XRANGE", key, `(${last}`, "+", "COUNT", `${page}`);
  const time = performance.now() - start;
  await redis.del(key);
  return time;
}
