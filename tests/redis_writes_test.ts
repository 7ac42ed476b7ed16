// Copyright 2026 the Tidings authors. MIT license.

/** How a process writes to Redis that produces many logs at once. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import type { EventLogClaim } from "../log.ts";
import { type RedisClient, RedisEventLogs } from "../logs/redis_streams.ts";
import { numbers, readAll } from "./_event_log_readers.ts";
import { RedisConnection } from "./_redis_connection.ts";
import { hasRedis, redisNote, RedisServer } from "./_redis_server.ts";

/** Far more than are written without waiting for the others. */
const NAMES = numbers(100);

test("writes for a hundred logs what each was given meanwhile", async ({ claims, logs, counts }) => {
  const appended: Promise<string>[] = [];
  for (const data of numbers(20)) {
    appended.push(...claims.map((claim) => claim.append({ data })));
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const ids = await Promise.all(appended);
  const writes = counts.get("XADD") ?? 0;
  assert(writes <= 1000, `${writes} writes for 2000 events`);
  for (const [index, name] of NAMES.entries()) {
    const { events } = await readAll(logs.open(name), claims[index]!.cursor);
    assertEquals(events.map(({ data }) => data), numbers(20));
    const own = ids.filter((_, i) => i % NAMES.length === index);
    assertEquals(events.map(({ id }) => id), own);
  }
});

test("does not write what was given up before its turn", async ({ claims, logs, counts }) => {
  const [own, ...others] = claims;
  const wave = others.map((claim) => claim.append({ data: "others" }));
  // By now as many are being written as may be without waiting.
  await Promise.resolve();
  const controller = new AbortController();
  const { signal } = controller;
  const given = own!.append({ data: "given up" }, { signal });
  await new Promise((resolve) => setTimeout(resolve, 1));
  controller.abort(new Error("No more"));
  await assertRejects(() => given, Error, "No more");
  await Promise.all(wave);
  await own!.append({ data: "kept" });
  const { events } = await readAll(logs.open(NAMES[0]!), own!.cursor);
  assertEquals(events.map(({ data }) => data), ["kept"]);
  assertEquals(counts.get("XADD"), NAMES.length);
});

test("writes at once where there is little to write", async ({ claims, counts }) => {
  const [claim] = claims;
  for (const data of numbers(10)) {
    await claim!.append({ data });
    assertEquals(counts.get("XADD"), Number(data) + 1);
  }
});

interface Fixture {
  logs: RedisEventLogs;
  /** The claims of all names. */
  claims: EventLogClaim[];
  /** How often each command was sent since. */
  counts: Map<string, number>;
}

function test(
  behaviour: string,
  fn: (fixture: Fixture) => Promise<void>,
): void {
  const name = `RedisEventLogs${redisNote} ${behaviour}`;
  Deno.test(name, { ignore: !hasRedis }, async () => {
    await using server = await RedisServer.start();
    await using connection = await RedisConnection.open(server.port);
    const counts = new Map<string, number>();
    const client: RedisClient = {
      send: (command) => {
        counts.set(command[0], (counts.get(command[0]) ?? 0) + 1);
        return connection.send(command);
      },
      duplicate: () => connection.duplicate(),
      close: () => connection.close(),
    };
    const logs = new RedisEventLogs(client, "logs:");
    const claims = await Promise.all(
      NAMES.map((name) => logs.claim(name, { leaseTime: 60_000 })),
    );
    counts.clear();
    await fn({ logs, claims: claims.map((claim) => claim!), counts });
  });
}
