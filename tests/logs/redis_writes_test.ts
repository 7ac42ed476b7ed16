// Copyright 2026 the Tidings authors. MIT license.

/** How a process writes to Redis that produces many logs at once. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import type { EventLogClaim } from "../../log.ts";
import { type RedisClient, RedisEventLogs } from "../../logs/redis_streams.ts";
import { numbers, readAll } from "../conformance/event_log_readers.ts";
import { testRedisLogs } from "../support/redis_logs.ts";

/** Far more than are written without waiting for the others. */
const NAMES = numbers(100);

test("writes for a hundred logs what each was given meanwhile", async ({ claims, logs, counts }) => {
  const appended: Promise<string>[] = [];
  for (const data of numbers(20)) {
    appended.push(...claims.map((claim) => claim.append({ data })));
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const ids = await Promise.all(appended);
  const writes = counts.get("EVAL") ?? 0;
  assert(writes <= 1000, `${writes} writes for 2000 events`);
  for (const [index, name] of NAMES.entries()) {
    const { events } = await readAll(logs.open(name), claims[index]!.cursor);
    assertEquals(events.map(({ data }) => data), numbers(20));
    const own = ids.filter((_, i) => i % NAMES.length === index);
    assertEquals(events.map(({ id }) => id), own);
  }
});

test("does not write what was given up before its turn", async ({ claims, logs }) => {
  const [own, ...others] = claims;
  const log = logs.open(NAMES[0]!);
  let attempts = 0;
  for (let cursor = own!.cursor, isWritten = true; isWritten; attempts++) {
    const wave = others.map((claim) => claim.append({ data: "others" }));
    // In the next turn of the event loop it has to wait, unless the machine is late.
    await new Promise((resolve) => setTimeout(resolve, 1));
    const controller = new AbortController();
    const { signal } = controller;
    const given = own!.append({ data: "given up" }, { signal });
    await Promise.resolve();
    controller.abort(new Error("No more"));
    await assertRejects(() => given, Error, "No more");
    await Promise.all(wave);
    const id = await own!.append({ data: "kept" });
    const { events } = await readAll(log, cursor);
    isWritten = events.length > 1;
    assertEquals(events.at(-1), { ...events.at(-1), data: "kept", id });
    cursor = id;
    assert(attempts < 20, "It was written each time");
  }
});

test("writes at once where there is little to write", async ({ claims, counts }) => {
  const [claim] = claims;
  for (const data of numbers(10)) {
    await claim!.append({ data });
    assertEquals(counts.get("EVAL"), Number(data) + 1);
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
  testRedisLogs(behaviour, async ({ client: connection }) => {
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
