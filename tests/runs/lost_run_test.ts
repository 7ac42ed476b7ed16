// Copyright 2026 the Tidings authors. MIT license.

/** Runs that an engine has lost, and keys that hold something else. */

import { assert, assertEquals } from "@std/assert";
import { type EventLogs, MemoryEventLogs } from "../../log.ts";
import { DenoKvEventLogs } from "../../logs/deno_kv.ts";
import { RedisEventLogs } from "../../logs/redis_streams.ts";
import { EventRuns } from "../../runs/mod.ts";
import { testRedisLogs } from "../support/redis_logs.ts";
import { RedisReconnecting } from "../support/redis_connection.ts";
import type { RedisServer } from "../support/redis_server.ts";
import { within } from "../support/within.ts";
import { Faucet, readRun, runRequest, until } from "./_fixture.ts";

const OPTIONS = { leaseTime: 500 };

/** How Redis loses a run. */
const LOSSES: [
  name: string,
  lose: (client: RedisReconnecting, server: RedisServer) => Promise<unknown>,
][] = [
  ["FLUSHALL", (client) => client.send(["FLUSHALL"])],
  ["a deleted stream", (client) => client.send(["DEL", "logs:{a}"])],
  [
    "deleted keys",
    (client) =>
      client.send(["UNLINK", "logs:{a}", "logs:{a}:lease", "logs:{a}:writers"]),
  ],
  ["a restart without data", async (_, server) => {
    await server.kill();
    await server.restart({ isEmpty: true });
  }],
];

for (const [name, lose] of LOSSES) {
  testRedisLogs(
    `tells readers of the loss of their run: ${name}`,
    async ({ server }) => {
      await using client = new RedisReconnecting(server.port);
      const logs = new RedisEventLogs(client, "logs:");
      await checkLoss(logs, () => lose(client, server));
    },
  );
}

Deno.test("DenoKvEventLogs tells readers of the loss of their run", async () => {
  using kv = await Deno.openKv(":memory:");
  const logs = new DenoKvEventLogs(kv, ["logs"], { pollInterval: 20 });
  await checkLoss(logs, async () => {
    for await (const { key } of kv.list({ prefix: [] })) await kv.delete(key);
  });
});

Deno.test("MemoryEventLogs tells readers of the loss of their run", async () => {
  using logs = new MemoryEventLogs();
  await checkLoss(logs, () => Promise.resolve(logs.close()));
});

Deno.test("serve() answers a reader that lacks the end with 404, and not 204, if the run expires during the look-up", async () => {
  using kept = new MemoryEventLogs();
  let isForgetting = false;
  const logs: EventLogs = {
    open: (name, options) => kept.open(name, options),
    claim: (name, options) => kept.claim(name, options),
    expire: (name, delay, options) => kept.expire(name, delay, options),
    inspect: async (name) => {
      const state = await kept.inspect(name);
      if (isForgetting) kept.close();
      return state;
    },
  };
  await using runs = new EventRuns({ logs, ...OPTIONS });
  await runs.start("a", () => [{ data: "1" }, { data: "2" }]);
  assertEquals(await runs.ended("a"), "done");
  await using first = await readRun(runs, "a");
  await first.end();
  const [id] = first.inbox.events.map(({ lastEventId }) => lastEventId);
  isForgetting = true;
  assertEquals((await runs.serve("a", runRequest(id))).status, 404);
});

/** Loses a run that two processes read, and of which one produces it. */
async function checkLoss(
  logs: EventLogs,
  lose: () => Promise<unknown>,
): Promise<void> {
  await using here = new EventRuns({ logs, ...OPTIONS });
  await using there = new EventRuns({ logs, ...OPTIONS });
  const faucet = new Faucet();
  await here.start("a", faucet.open);
  await using near = await readRun(here, "a");
  await using far = await readRun(there, "a");
  const waiting = there.ended("a");
  faucet.give("1");
  await near.inbox.untilEvents(1);
  await far.inbox.untilEvents(1);
  await lose();
  await within("the readers are told", Promise.all([near.end(), far.end()]));
  assertEquals(near.inbox.data, ["1", "lost"]);
  assertEquals(far.inbox.data, ["1", "lost"]);
  assertEquals(await waiting, "lost");
  await until(async () => await there.status("a") === undefined);
  for (const id of [undefined, far.inbox.lastEventId]) {
    assertEquals((await there.serve("a", runRequest(id))).status, 404);
  }
  // The ID is free again, and its readers get the new run alone.
  await until(() => there.start("a", () => [{ data: "2" }]));
  assertEquals(await there.ended("a"), "done");
  await using next = await readRun(there, "a");
  await next.end();
  assertEquals(next.inbox.data, ["2", "done"]);
}

testRedisLogs(
  "answers 503 while a key holds something else, and says why once",
  async ({ client }) => {
    const logs = new RedisEventLogs(client, "logs:");
    const errors: [string, string][] = [];
    await using runs = new EventRuns({
      logs,
      ...OPTIONS,
      onError: (error, id) => errors.push([id, String(error)]),
    });
    await client.send(["SET", "logs:{a}", "no stream"]);
    for (let i = 0; i < 5; i++) {
      const response = await runs.serve("a", runRequest());
      assertEquals(response.status, 503);
      assert(response.headers.has("retry-after"));
    }
    assertEquals(errors.length, 1);
    assertEquals(errors[0]![0], "a");
    assert(errors[0]![1].includes("WRONGTYPE"));
    await client.send(["DEL", "logs:{a}"]);
    assertEquals((await runs.serve("a", runRequest())).status, 404);
    await client.send(["SET", "logs:{a}", "no stream"]);
    assertEquals((await runs.serve("a", runRequest())).status, 503);
    assertEquals(errors.length, 2);
  },
);

testRedisLogs(
  "a key that holds something else disturbs no other run",
  async ({ client }) => {
    const logs = new RedisEventLogs(client, "logs:");
    const errors: [string, string][] = [];
    await using runs = new EventRuns({ logs, ...OPTIONS });
    await using there = new EventRuns({
      logs: new RedisEventLogs(client, "logs:"),
      ...OPTIONS,
      onError: (error, id) => errors.push([id, String(error)]),
    });
    const faucets = { a: new Faucet(), b: new Faucet() };
    await runs.start("a", faucets.a.open);
    await runs.start("b", faucets.b.open);
    await using a = await readRun(there, "a");
    await using b = await readRun(there, "b");
    for (const faucet of [faucets.a, faucets.b]) faucet.give("1");
    await a.inbox.untilEvents(1);
    await b.inbox.untilEvents(1);
    await client.send(["SET", "logs:{a}", "no stream"]);
    await until(() => errors.length > 0);
    faucets.b.give("2");
    await b.inbox.untilEvents(2);
    // Longer than some polls of the status.
    await new Promise((resolve) => setTimeout(resolve, 500));
    faucets.b.end();
    await b.end();
    assertEquals(b.inbox.data, ["1", "2", "done"]);
    await client.send(["DEL", "logs:{a}"]);
    await within("the reader is told", a.end());
    assertEquals(a.inbox.data, ["1", "lost"]);
    assertEquals(errors.map(([id]) => id), ["a"], JSON.stringify(errors));
  },
);
