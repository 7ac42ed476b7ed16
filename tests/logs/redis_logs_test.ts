// Copyright 2026 the Tidings authors. MIT license.

/** Many logs by name in Redis: the suite, and what is Redis's own. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { EventLogClaimError } from "../../log.ts";
import { type RedisClient, RedisEventLogs } from "../../logs/redis_streams.ts";
import { EventRuns } from "../../runs/mod.ts";
import {
  appendAll,
  Following,
  numbers,
  readAll,
} from "../conformance/event_log_readers.ts";
import { afterSequence } from "../conformance/event_log_cursors_suite.ts";
import { testEventLogs } from "../conformance/event_logs_suite.ts";
import {
  RedisConnection,
  RedisReconnecting,
} from "../support/redis_connection.ts";
import { makeRedisLogs, testRedisLogs as test } from "../support/redis_logs.ts";
import { hasRedis, redisNote, RedisServer } from "../support/redis_server.ts";
import { Faucet, readRun, until } from "../runs/_fixture.ts";

testEventLogs(`RedisEventLogs${redisNote}`, makeRedisLogs, {
  ownIds: false,
  makeCursorAfter: afterSequence,
  ignore: !hasRedis,
});

Deno.test("RedisEventLogs() throws if an option is wrong", () => {
  const client = { send: () => Promise.reject(new Error("Never called")) };
  for (const timeout of [0, 2 ** 31 - 1, NaN]) {
    assertThrows(
      () =>
        new RedisEventLogs(client as unknown as RedisClient, "", { timeout }),
      RangeError,
    );
  }
});

test("follows three hundred runs with three connections at most", async ({ client, server }) => {
  const logs = new RedisEventLogs(client, "logs:");
  await using runs = new EventRuns({ logs });
  const faucets = numbers(300).map(() => new Faucet());
  await Promise.all(
    faucets.map((faucet, index) => runs.start(`${index}`, faucet.open)),
  );
  const readers = await Promise.all(
    faucets.map((_, index) => readRun(runs, `${index}`)),
  );
  for (const [index, faucet] of faucets.entries()) faucet.give(`${index}`);
  await Promise.all(readers.map(({ inbox }) => inbox.untilEvents(1)));
  assertEquals(
    readers.map(({ inbox }) => inbox.data),
    faucets.map((_, index) => [`${index}`]),
  );
  await using witness = await RedisConnection.open(server.port);
  // The witness is one of them.
  assert(await countClients(witness) <= 1 + 3);
  for (const faucet of faucets) faucet.end();
  await Promise.all(readers.map((reader) => reader.end()));
  await until(() => runs.size === 0);
});

test("sends one command for a chunk, which Redis counts as three", async ({ client }) => {
  let sent = 0;
  const logs = new RedisEventLogs({
    ...faulty(client),
    send: (command) => {
      sent++;
      return client.send(command);
    },
  }, "logs:");
  const claim = await logs.claim("a", { leaseTime: 60_000 });
  const before = await countCommands(client);
  sent = 0;
  for (const data of numbers(50)) await claim!.append({ data });
  const oneByOne = await countCommands(client) - before - 1;
  assertEquals(sent, 50);
  // The one sent, the look at the entry before, and the entry.
  assert(oneByOne <= 150, `${oneByOne} commands for 50 chunks`);
  await Promise.all(numbers(50).map((data) => claim!.append({ data })));
  const together = await countCommands(client) - before - 1 - oneByOne - 1;
  assertEquals(sent, 52);
  assert(together <= 6, `${together} commands for 50 chunks at once`);
});

test("sends what many logs append in one turn without waiting in between", async ({ client }) => {
  let unanswered = 0;
  let most = 0;
  const logs = new RedisEventLogs({
    ...faulty(client),
    send: async (command) => {
      most = Math.max(most, ++unanswered);
      const reply = await client.send(command);
      unanswered--;
      return reply;
    },
  }, "logs:");
  const claims = await Promise.all(
    numbers(50).map((name) => logs.claim(name, { leaseTime: 60_000 })),
  );
  most = 0;
  await Promise.all(claims.map((claim) => claim!.append({ data: "a" })));
  assertEquals(most, 50);
});

test("append() of a claim writes once where the answer is lost", async ({ client }) => {
  const fates: Fate[] = ["lost", "done", "failed", "lost", "lost", "twice"];
  const logs = new RedisEventLogs(
    faulty(
      client,
      ([, script]) => script?.includes("XADD") ? fates.shift() : undefined,
    ),
    "logs:",
  );
  const claim = await logs.claim("a", { leaseTime: 60_000 });
  const ids: string[] = [];
  for (const data of numbers(3)) ids.push(await claim!.append({ data }));
  ids.push(
    ...await Promise.all(
      ["3", "4", "5"].map((data) => claim!.append({ data })),
    ),
  );
  ids.push(await claim!.append({ data: "6" }));
  const { events } = await readAll(logs.open("a"), claim!.cursor);
  assertEquals(events.map(({ data }) => data), numbers(7));
  assertEquals(events.map(({ id }) => id), ids);
  assertEquals(fates, []);
});

test("append() without a claim writes once where the answer is lost", async ({ client }) => {
  const fates: Fate[] = ["lost", "done", "failed", "lost", "lost", "twice"];
  const logs = new RedisEventLogs(
    faulty(client, ([name]) => name === "EVAL" ? fates.shift() : undefined),
    "logs:",
  );
  const log = logs.open("a");
  const ids: string[] = [];
  for (const data of numbers(6)) ids.push(await log.append({ data }));
  const { events } = await readAll(log, await log.rewind(Infinity));
  assertEquals(events.map(({ data }) => data), numbers(6));
  assertEquals(events.map(({ id }) => id), ids);
  assertEquals(fates, []);
});

test("claim() claims once where the answer is lost", async ({ client }) => {
  for (const fate of ["lost", "failed", "twice"] as const) {
    const fates: Fate[] = [fate];
    const logs = new RedisEventLogs(
      faulty(client, ([name]) => name === "EVAL" ? fates.shift() : undefined),
      "logs:",
    );
    const claim = await logs.claim(fate, { leaseTime: 60_000 });
    await claim!.append({ data: "mine" });
    assertEquals(await claim!.renew(), true);
  }
});

test("a claim is lost at once, also where the answer was lost before", async ({ client }) => {
  const fates: Fate[] = [];
  const logs = new RedisEventLogs(
    faulty(client, ([name]) => name === "EVAL" ? fates.shift() : undefined),
    "logs:",
  );
  const claim = await logs.claim("a", { leaseTime: 60_000 });
  await claim!.release();
  await logs.claim("a", { leaseTime: 60_000 });
  fates.push("failed");
  const begin = performance.now();
  await assertRejects(() => claim!.append({ data: "a" }), EventLogClaimError);
  assert(performance.now() - begin < 5000);
});

test("a renewal that is tried again does not take a name that was given free", async ({ client }) => {
  const fates: Fate[] = ["failed"];
  const logs = new RedisEventLogs(
    faulty(
      client,
      ([, script]) => script?.includes("'PTTL'") ? fates.shift() : "done",
    ),
    "logs:",
  );
  const claim = await logs.claim("a", { leaseTime: 60_000 });
  const renewed = claim!.renew();
  await claim!.release();
  assertEquals(await renewed, false);
  assertEquals((await logs.inspect("a")).isClaimed, false);
});

test("follow() hears at once of a stream that is added while it waits", async ({ client }) => {
  const logs = new RedisEventLogs(client, "logs:");
  await using _first = new Following(logs.open("first"));
  await until(async () => await countClients(client) === 2);
  for (const name of numbers(5)) {
    await using following = new Following(logs.open(name));
    await following.until((batches) => batches.length > 0);
    await until(async () => await isWaitingFor(client));
    const begin = performance.now();
    await logs.open(name).append({ data: name });
    await following.untilEvents(1);
    assert(performance.now() - begin < 2000);
  }
});

test("follow() joins those who follow, wherever it begins", async ({ client }) => {
  const logs = new RedisEventLogs(client, "logs:");
  const log = logs.open("a");
  const ids = await appendAll(log, numbers(600));
  await using first = new Following(log);
  await first.until((batches) => batches.length > 0);
  await using second = new Following(log, ids[0]);
  await using third = new Following(log, ids[598]);
  const rest = appendAll(log, numbers(300));
  await using fourth = new Following(log, ids[300]);
  await rest;
  for (
    const [following, count] of [
      [first, 300],
      [second, 899],
      [third, 301],
      [fourth, 599],
    ] as const
  ) {
    await following.untilEvents(count);
    assertEquals(
      following.data,
      [...numbers(600), ...numbers(300)].slice(-count),
    );
  }
});

test("follow() tells of a gap if the log is replaced or deleted", async ({ client }) => {
  const logs = new RedisEventLogs(client, "logs:");
  const log = logs.open("a");
  await using following = new Following(log);
  const id = await log.append({ data: "old" });
  await following.untilEvents(1);
  const options = { leaseTime: 60_000, after: id, replace: true };
  const claim = await logs.claim("a", options);
  await claim!.append({ data: "new" });
  await following.untilEvents(2);
  const countGaps = () => following.batches.filter(({ gap }) => gap).length;
  assertEquals(countGaps(), 1);
  await client.send(["FLUSHALL"]);
  await log.append({ data: "newer" });
  await following.untilEvents(3);
  assertEquals(countGaps(), 2);
  assertEquals(following.data, ["old", "new", "newer"]);
});

test("follow() reads the answer in every form that clients give it", async ({ client }) => {
  type Pairs = [string, unknown][];
  const forms: ((pairs: Pairs) => unknown)[] = [
    (pairs) => pairs,
    (pairs) => pairs.flat(),
    (pairs) => new Map(pairs),
    (pairs) => Object.fromEntries(pairs),
  ];
  for (const [index, form] of forms.entries()) {
    const logs = new RedisEventLogs({
      ...faulty(client),
      duplicate: async () => {
        const connection = await client.duplicate();
        return {
          ...faulty(connection),
          send: async (command) => {
            const reply = await connection.send(command);
            return reply === null ? null : form(reply as Pairs);
          },
          close: () => connection.close(),
        };
      },
    }, "logs:");
    const log = logs.open(String(index));
    await using following = new Following(log);
    await following.until((batches) => batches.length > 0);
    await log.append({ data: "a" });
    await following.untilEvents(1);
    assertEquals(following.data, ["a"]);
  }
});

test("follow() closes its connection with the last who follows", async ({ client }) => {
  const logs = new RedisEventLogs(client, "logs:");
  for (let round = 0; round < 2; round++) {
    {
      await using first = new Following(logs.open("a"));
      await using _second = new Following(logs.open("b"));
      await logs.open("a").append({ data: "a" });
      await first.untilEvents(1);
      assertEquals(await countClients(client), 2);
    }
    // Redis hears of it a little later.
    await until(async () => await countClients(client) === 1);
  }
});

test("opens no connection for one who leaves with what is there", async ({ client }) => {
  let opened = 0;
  const logs = new RedisEventLogs({
    ...faulty(client),
    duplicate: () => {
      opened++;
      return client.duplicate();
    },
  }, "logs:");
  const log = logs.open("a");
  await log.append({ data: "a" });
  const after = await log.rewind(1);
  const controller = new AbortController();
  const data: unknown[] = [];
  const following = log.follow(({ events }) => {
    data.push(...events.map(({ data }) => data));
    // Once it is followed.
    setTimeout(() => controller.abort());
  }, { after, signal: controller.signal });
  await assertRejects(() => following, DOMException, "aborted");
  assertEquals(data, ["a"]);
  assertEquals(opened, 0);
});

test("reads nothing of a run again while it is followed", async ({ client }) => {
  let entries = 0;
  const logs = new RedisEventLogs({
    ...faulty(client),
    send: async (command) => {
      const reply = await client.send(command);
      if (command[0] === "XRANGE") entries += (reply as unknown[]).length;
      return reply;
    },
    duplicate: () => client.duplicate(),
  }, "logs:");
  await using runs = new EventRuns({ logs });
  const faucet = new Faucet();
  await runs.start("a", faucet.open);
  const reader = await readRun(runs, "a");
  for (let events = 20; events <= 300; events += 20) {
    faucet.give(...numbers(20));
    await reader.inbox.untilEvents(events);
  }
  faucet.end();
  await reader.end();
  assert(entries <= 100, `${entries} entries for 300 events`);
});

test("goes on with all runs while Redis restarts", async ({ server }) => {
  await using client = new RedisReconnecting(server.port);
  const logs = new RedisEventLogs(client, "logs:");
  await using runs = new EventRuns({ logs });
  const faucets = numbers(5).map(() => new Faucet());
  for (const [index, faucet] of faucets.entries()) {
    await runs.start(`${index}`, faucet.open);
    faucet.give(...numbers(10));
  }
  const readers = await Promise.all(
    faucets.map((_, index) => readRun(runs, `${index}`)),
  );
  await Promise.all(readers.map(({ inbox }) => inbox.untilEvents(10)));
  await server.kill();
  for (const faucet of faucets) faucet.give(...numbers(10));
  await server.restart();
  for (const faucet of faucets) {
    faucet.give("last");
    faucet.end();
  }
  for (const reader of readers) {
    await reader.end();
    const data = [...numbers(10), ...numbers(10), "last", "done"];
    assertEquals(reader.inbox.data, data);
  }
});

Deno.test(
  `RedisEventLogs${redisNote} keeps the keys of a name in one slot of a cluster`,
  {
    ignore: !hasRedis,
  },
  async () => {
    await using server = await RedisServer.start({ cluster: true });
    await using client = await RedisConnection.open(server.port);
    // One after the other, whatever their slots are.
    const logs = new RedisEventLogs(client, "logs:");
    for (const name of ["a", "{b}", "c}"]) {
      await using following = new Following(logs.open(name));
      const claim = await logs.claim(name, { leaseTime: 60_000 });
      await claim!.append({ data: name });
      await following.untilEvents(1);
      assertEquals((await logs.inspect(name)).isClaimed, true);
      await logs.expire(name, 60_000);
      await claim!.release();
    }
  },
);

for (const [prefix, connections] of [["{logs}:", 2], ["logs:", 6]] as const) {
  const name = `follows streams in a cluster, with the prefix ${prefix}`;
  Deno.test(`RedisEventLogs${redisNote} ${name}`, {
    ignore: !hasRedis,
  }, async () => {
    await using server = await RedisServer.start({ cluster: true });
    await using client = await RedisConnection.open(server.port);
    const logs = new RedisEventLogs(client, prefix);
    await using runs = new EventRuns({ logs });
    const faucets = numbers(5).map(() => new Faucet());
    for (const [index, faucet] of faucets.entries()) {
      await runs.start(`${index}`, faucet.open);
      faucet.give("a");
    }
    const readers = await Promise.all(
      faucets.map((_, index) => readRun(runs, `${index}`)),
    );
    await Promise.all(readers.map(({ inbox }) => inbox.untilEvents(1)));
    await until(async () => await countClients(client) === connections);
    await runs.stop("3");
    faucets.splice(3, 1);
    for (const faucet of faucets) faucet.end();
    await Promise.all(readers.map((reader) => reader.end()));
    const ends = readers.map(({ inbox }) => inbox.data.at(-1));
    assertEquals(ends, ["done", "done", "done", "stopped", "done"]);
  });
}

async function countClients(client: RedisClient): Promise<number> {
  return String(await client.send(["CLIENT", "LIST"])).trim().split("\n")
    .length;
}

/** Whether the one who follows waits for what comes. */
async function isWaitingFor(client: RedisClient): Promise<boolean> {
  const list = String(await client.send(["CLIENT", "LIST"]));
  return list.split("\n").some((line) => /cmd=xread/.test(line));
}

async function countCommands(client: RedisClient): Promise<number> {
  const info = String(await client.send(["INFO", "stats"]));
  return Number(/total_commands_processed:(\d+)/.exec(info)?.[1]);
}

/** What becomes of a command: `"lost"`, it is done and the answer is lost. */
type Fate = "done" | "lost" | "failed" | "twice";

/** A client that fails as it is told. */
function faulty(
  client: RedisClient,
  fateOf: (command: readonly string[]) => Fate | undefined = () => "done",
): RedisClient {
  return {
    send: async (command) => {
      const fate = fateOf(command);
      if (fate === "failed") throw new Error("The connection is lost");
      // As clients do that send again what was not answered.
      if (fate === "twice") await client.send(command).catch(() => {});
      const reply = client.send(command);
      if (fate !== "lost") return await reply;
      await reply;
      throw new Error("The connection is lost");
    },
    duplicate: () => client.duplicate(),
    close: () => {},
  };
}

test("read() begins with the oldest event after the cursor of a later log", async ({ client }) => {
  const log = new RedisEventLogs(client, "logs:").open("a");
  const ids = await Promise.all(
    ["a", "b"].map((data) => log.append({ data })),
  );
  const [time = ""] = ids[1]!.split("-");
  // Of another generation, and so of another log: it may have all to come.
  const foreign = await log.read(`${Number(time) + 1}-0`);
  assertEquals(foreign.events.map(({ id }) => id), ids);
  assertEquals(foreign.gap, true);
});

test("read() tells of a gap after a cursor that is missing only if more is missing", async ({ client }) => {
  const log = new RedisEventLogs(client, "logs:").open("a");
  const ids = await Promise.all(
    ["a", "b", "c"].map((data) => log.append({ data })),
  );
  await client.send(["XDEL", "logs:{a}", ids[0]!]);
  // The next ID comes right after it: its reader has seen all that is missing.
  const seen = await log.read(ids[0]!);
  assertEquals(seen.events.map(({ data }) => data), ["b", "c"]);
  assertEquals(seen.gap, false);
  await client.send(["XDEL", "logs:{a}", ids[1]!]);
  const missing = await log.read(ids[0]!);
  assertEquals(missing.events.map(({ data }) => data), ["c"]);
  assertEquals([missing.gap, missing.gapCursor], [true, ids[1]!]);
});
