// Copyright 2026 the Tidings authors. MIT license.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { EventChannel } from "../../channel.ts";
import {
  type RedisClient,
  RedisStreamsEventLog,
  type RedisStreamsEventLogOptions,
} from "../../logs/redis_streams.ts";
import { BodyClient, makeRequest, until } from "../channel/_clients.ts";
import {
  appendAll,
  Following,
  numbers,
  readAll,
} from "../conformance/event_log_readers.ts";
import { afterSequence } from "../conformance/event_log_cursors_suite.ts";
import { testEventLog } from "../conformance/event_log_suite.ts";
import {
  RedisConnection,
  RedisReconnecting,
} from "../support/redis_connection.ts";
import { recordWarnings } from "../support/warnings.ts";
import { hasRedis, redisNote, RedisServer } from "../support/redis_server.ts";
import { MAX_EVENTS, testCursors } from "../channel/_cursors_model.ts";
import { testConflation } from "../channel/_conflation_model.ts";
import { testDisconnect } from "../channel/_disconnect_suite.ts";
import { testSnapshot } from "../channel/_snapshot_model.ts";
import { testTopicSets } from "../channel/_topic_sets_model.ts";
import type { MakeStorage } from "../channel/_storage.ts";
import { testTopics } from "../channel/_topics_model.ts";

testEventLog(`RedisStreamsEventLog${redisNote}`, async ({ maxEvents }) => {
  const server = await RedisServer.start();
  const client = await RedisConnection.open(server.port);
  const log = new RedisStreamsEventLog(client, "log", { maxEvents });
  return {
    log,
    close: async () => {
      await client.close();
      await server[Symbol.asyncDispose]();
    },
  };
}, { ownIds: false, makeCursorAfter: afterSequence, ignore: !hasRedis });

const openModel: MakeStorage = async (_, maxEvents) => {
  const server = await RedisServer.start();
  const client = await RedisConnection.open(server.port);
  return {
    open: () => new RedisStreamsEventLog(client, "log", { maxEvents }),
    close: async () => {
      await client.close();
      await server[Symbol.asyncDispose]();
    },
  };
};

testTopics(`RedisStreamsEventLog${redisNote}`, openModel, {
  runs: 3,
  ignore: !hasRedis,
});

testTopicSets(`RedisStreamsEventLog${redisNote}`, openModel, {
  runs: 3,
  ignore: !hasRedis,
});

testConflation(`RedisStreamsEventLog${redisNote}`, openModel, {
  runs: 2,
  ignore: !hasRedis,
});

testDisconnect(`RedisStreamsEventLog${redisNote}`, async () => {
  const server = await RedisServer.start();
  const clients = await Promise.all(
    Array.from({ length: 4 }, () => RedisConnection.open(server.port)),
  );
  let opened = 0;
  return {
    // Each process has a connection of its own.
    open: () => {
      const client = clients[opened++ % clients.length]!;
      return new RedisStreamsEventLog(client, "log");
    },
    close: async () => {
      for (const client of clients) await client.close();
      await server[Symbol.asyncDispose]();
    },
  };
}, { ignore: !hasRedis });

testSnapshot(`RedisStreamsEventLog${redisNote}`, openModel, {
  runs: 3,
  ignore: !hasRedis,
});

testCursors(`RedisStreamsEventLog${redisNote}`, async () => {
  const server = await RedisServer.start();
  const client = await RedisConnection.open(server.port);
  let commands = 0;
  const counted: RedisClient = {
    send: (command) => {
      commands++;
      return client.send(command);
    },
    duplicate: () => client.duplicate(),
    close: () => client.close(),
  };
  const options = { maxEvents: MAX_EVENTS };
  return {
    log: new RedisStreamsEventLog(counted, "log", options),
    countCommands: () => commands,
    remove: (ids) => client.send(["XDEL", "log", ...ids]),
    close: async () => {
      await client.close();
      await server[Symbol.asyncDispose]();
    },
  };
}, { canRemove: true, ignore: !hasRedis });

Deno.test("RedisStreamsEventLog() throws if an option is wrong", () => {
  const client: RedisClient = {
    send: () => Promise.reject(new Error("Never called")),
    duplicate: () => client,
    close: () => {},
  };
  const wrong: [RedisStreamsEventLogOptions, typeof TypeError][] = [
    [{ maxEvents: 0 }, RangeError],
    [{ maxAge: 1.5 }, RangeError],
    [{ timeout: 2 ** 31 - 1 }, RangeError],
    [{ timeout: "1" as unknown as number }, TypeError],
  ];
  for (const [options, error] of wrong) {
    assertThrows(() => new RedisStreamsEventLog(client, "log", options), error);
  }
});

test("append() rejects at once with what Redis refuses", async ({ client }) => {
  await client.send(["SET", "log", "no stream"]);
  const log = new RedisStreamsEventLog(client, "log");
  await assertRejects(() => log.append({ data: "a" }), Error, "WRONGTYPE");
});

test("is named in the one warning of a channel on a key of another type", async ({ client }) => {
  using recorder = recordWarnings();
  await client.send(["SET", "not-news", "no stream"]);
  const log = new RedisStreamsEventLog(client, "not-news");
  await using channel = new EventChannel({ log });
  await using live = new BodyClient(channel.serve(makeRequest())).run();
  await using late = new BodyClient(channel.serve(makeRequest("1-0"))).run();
  const since = () => channel.stalled?.error;
  await until(() => since() !== undefined);
  const first = since();
  // It is tried again, and fails again.
  await until(() => since() !== first);
  assertEquals(recorder.codes, ["TIDINGS_LOG"]);
  assert(recorder.warnings[0]?.message.includes('"not-news": WRONGTYPE'));
  await client.send(["DEL", "not-news"]);
  await until(() => channel.stalled === undefined);
  await channel.publish({ data: "a" });
  await live.inbox.untilEvents(1);
  await late.inbox.untilEvents(1);
});

for (const isPatient of [false, true]) {
  const does = isPatient
    ? "publishes without a word"
    : "tells each failure once";
  const time = isPatient ? "a part of" : "longer than";
  test(`${does} where Redis refuses for ${time} the timeout`, async ({ client }) => {
    // Long enough for the events before and after, on a machine with other work.
    const timeout = isPatient ? 10_000 : 250;
    using recorder = recordWarnings();
    const log = new RedisStreamsEventLog(client, "log", { timeout });
    const errors: Error[] = [];
    const onError = (error: unknown): void => void errors.push(error as Error);
    await using channel = new EventChannel({ log, onError });
    await channel.publish({ data: "before" });
    await client.send(["REPLICAOF", "127.0.0.1", "1"]);
    // Nobody awaits them, but for the last: an unhandled rejection would end the test.
    channel.publish({ data: "a" });
    channel.publish({ data: "b" });
    const last = channel.publish({ data: "c" }).then(() => true, () => false);
    if (isPatient) await new Promise((resolve) => setTimeout(resolve, 300));
    else await until(() => errors.length >= 3);
    await client.send(["REPLICAOF", "NO", "ONE"]);
    assertEquals(await last, isPatient);
    assertEquals(errors.length, isPatient ? 0 : 3);
    for (const { message } of errors) {
      assert(/^Cannot append to event log "log": READONLY /.test(message));
    }
    await channel.publish({ data: "after" });
    assertEquals(recorder.codes, []);
  });
}

test("append() writes once where the answer is lost", async ({ client }) => {
  const fates: Fate[] = ["lost", "done", "failed", "lost", "lost", "twice"];
  const log = new RedisStreamsEventLog(
    faulty(client, ([name]) => name === "EVAL" ? fates.shift() : undefined),
    "log",
  );
  const ids: string[] = [];
  for (const data of numbers(6)) ids.push(await log.append({ data }));
  assertEquals(fates, []);
  const other = new RedisStreamsEventLog(client, "log");
  const { events } = await other.read(await other.rewind(Infinity));
  assertEquals(events.map(({ data }) => data), numbers(6));
  assertEquals(events.map(({ id }) => id), ids);
});

test("append() does not let a write through that was given up", async ({ client }) => {
  const held: (() => Promise<unknown>)[] = [];
  const log = new RedisStreamsEventLog(
    {
      ...faulty(client),
      send: (command) => {
        if (held.length > 0) return client.send(command);
        held.push(() => client.send(command));
        return new Promise(() => {});
      },
    },
    "log",
    // The calls that are answered have to be in time, too.
    { timeout: 500 },
  );
  const error = await assertRejects(() => log.append({ data: "given up" }));
  assertEquals((error as Error).name, "TimeoutError");
  await log.append({ data: "next" });
  await assertRejects(held[0]!, Error, "given up");
  assertEquals(dataOf(await log.read(await log.rewind(9))), ["next"]);
});

test("append() rejects with a TimeoutError while Redis does not answer", async ({ client, server }) => {
  const log = new RedisStreamsEventLog(client, "log", { timeout: 100 });
  const id = await log.append({ data: "a" });
  server.signal("SIGSTOP");
  const calls = [
    log.append({ data: "b" }),
    log.read(id),
    log.rewind(1),
    log.rewind(Infinity),
  ];
  const errors = await Promise.all(
    calls.map((call) => assertRejects(() => call)),
  );
  server.signal("SIGCONT");
  assertEquals(
    errors.map((error) => (error as Error).name),
    Array(4).fill("TimeoutError"),
  );
});

test("read() and rewind() go over many pages", async ({ client }) => {
  const log = new RedisStreamsEventLog(client, "log");
  const start = await log.rewind(0);
  const ids: string[] = [];
  for (let i = 0; i < 8; i++) ids.push(...await appendAll(log, numbers(100)));
  for (const limit of [1, 126, 127, 128, 129, 254, 255, 256, 257, 800, 801]) {
    const { events } = await log.read(start, { limit, maxBytes: Infinity });
    assertEquals(
      events.map(({ id }) => id),
      ids.slice(0, Math.min(limit, 800)),
    );
  }
  for (const count of [127, 128, 129, 255, 256, 257, 799, 800, 801, 5000]) {
    const { events } = await readAll(log, await log.rewind(count));
    assertEquals(events.length, Math.min(count, 800));
  }
});

test("rewind() over many pages fetches no event", async ({ client }) => {
  const replies: string[] = [];
  const counting: RedisClient = {
    send: async (command) => {
      const reply = await client.send(command);
      replies.push(JSON.stringify(reply));
      return reply;
    },
    duplicate: () => Promise.resolve(counting),
    close: () => {},
  };
  const log = new RedisStreamsEventLog(client, "log");
  const ids = await appendAll(log, numbers(300).map((data) => `no ${data}`));
  const other = new RedisStreamsEventLog(counting, "log");
  assertEquals(await other.rewind(200), ids[99]);
  assert(replies.length > 1);
  assertEquals(replies.filter((reply) => reply.includes("no ")), []);
});

test("rewind() goes on where the events of the next page are gone", async ({ client }) => {
  const log = new RedisStreamsEventLog(client, "log");
  const ids = await appendAll(log, numbers(300));
  const trimming: RedisClient = {
    send: async (command) => {
      const reply = await client.send(command);
      // The first page has ended before it.
      if (Array.isArray(reply) && reply.length === 2) {
        await client.send(["XTRIM", "log", "MINID", ids[299]!]);
      }
      return reply;
    },
    duplicate: () => Promise.resolve(trimming),
    close: () => {},
  };
  const other = new RedisStreamsEventLog(trimming, "log");
  const { events, gap } = await log.read(await other.rewind(250));
  assertEquals([events.length, gap], [1, true]);
});

test("reads what other programs add", async ({ client }) => {
  const log = new RedisStreamsEventLog(client, "log");
  const add: [string, ...string[]] = ["XADD", "log", "*"];
  const id = await client.send([
    ...add,
    "event",
    "tick",
    "data",
    "1",
    "x",
    "y",
  ]);
  await client.send([...add, "unknown", "field"]);
  const { events, gap } = await log.read(await log.rewind(Infinity));
  assertEquals(gap, false);
  const nothing = {
    event: undefined,
    retry: undefined,
    comment: undefined,
    topics: undefined,
  };
  assertEquals(events[0], {
    ...nothing,
    event: "tick",
    data: "1",
    id: String(id),
  });
  assertEquals(events[1], { ...nothing, data: undefined, id: events[1]!.id });
});

for (
  const { written, topics } of [
    { written: '["user:42","room:tea"]', topics: ["user:42", "room:tea"] },
    { written: "[]", topics: [] },
    { written: "user:42", topics: ["user:42"] },
    { written: "", topics: [""] },
    { written: '"user:42"', topics: ['"user:42"'] },
    { written: '["user:42"', topics: ['["user:42"'] },
    { written: '["user:42",7]', topics: ['["user:42",7]'] },
  ]
) {
  test(`reads the topics that other programs add as ${written}`, async ({ client }) => {
    const log = new RedisStreamsEventLog(client, "log");
    await client.send(["XADD", "log", "*", "data", "1", "topics", written]);
    const { events } = await log.read(await log.rewind(1));
    assertEquals(events[0]?.topics, topics);
  });
}

test("reads the conflation key and the end of streams that other programs add", async ({ client }) => {
  const log = new RedisStreamsEventLog(client, "log");
  const add = (...fields: string[]) =>
    client.send(["XADD", "log", "*", ...fields]);
  await add("data", "1", "conflationKey", "price:AAPL");
  await add("topics", "user:42", "disconnect", "true");
  await add("disconnect", "true");
  await add("data", "2");
  const { events } = await log.read(await log.rewind(Infinity));
  const kept = events.map(({ data, conflationKey, disconnect, fault }) => {
    assertEquals(fault, undefined);
    return [data, conflationKey, disconnect];
  });
  assertEquals(kept, [
    ["1", "price:AAPL", undefined],
    [undefined, undefined, true],
    [undefined, undefined, true],
    ["2", undefined, undefined],
  ]);
});

test("drops what is too old", async ({ client }) => {
  const log = new RedisStreamsEventLog(client, "log", { maxAge: 60_000 });
  // So long ago, and so many that Redis drops some: it drops whole nodes.
  const ids = Array.from({ length: 300 }, (_, index) => `1000-${index}`);
  for (const id of ids) await client.send(["XADD", "log", id, "data", id]);
  await log.append({ data: "new" });
  const { events, gap } = await log.read(ids[0]!, { limit: Infinity });
  assertEquals(gap, true);
  assertEquals(events.at(-1)?.data, "new");
  assert(events.length < 300, `${events.length} events are left`);
});

test("follow() tells of a gap where it falls behind", async ({ client }) => {
  const log = new RedisStreamsEventLog(client, "log", { maxEvents: 10 });
  const { promise: caughtUp, resolve: go } = Promise.withResolvers<void>();
  let isHeld = false;
  const slow = new RedisStreamsEventLog(
    faulty(client, undefined, async () => {
      if (isHeld) await caughtUp;
    }),
    "log",
  );
  await using following = new Following(slow);
  await log.append({ data: "first" });
  await following.untilEvents(1);
  // The answer that is under way now comes when it is long outdated.
  isHeld = true;
  await log.append({ data: "second" });
  for (const data of numbers(500)) await log.append({ data });
  go();
  await following.until(() => following.data.at(-1) === "499");
  const gaps = following.batches.filter(({ gap }) => gap);
  assertEquals(gaps.length, 1);
  // What comes after the gap is whole.
  const index = following.batches.indexOf(gaps[0]!);
  const after = following.batches.slice(index)
    .flatMap(({ events }) => events.map(({ data }) => data));
  assertEquals(after, numbers(500).slice(-after.length));
});

test("follow() tells of a gap if the stream is deleted", async ({ client }) => {
  const log = new RedisStreamsEventLog(client, "log");
  await using following = new Following(log);
  await log.append({ data: "a" });
  await following.untilEvents(1);
  await client.send(["FLUSHALL"]);
  await log.append({ data: "b" });
  await following.untilEvents(2);
  assertEquals(following.batches.at(-1)?.gap, true);
  assertEquals(following.data, ["a", "b"]);
});

test("read() goes on after an entry that was deleted, with a gap", async ({ client }) => {
  const log = new RedisStreamsEventLog(client, "log");
  const ids: string[] = [];
  for (const data of numbers(4)) ids.push(await log.append({ data }));
  await client.send(["XDEL", "log", ids[1]!, ids[3]!]);
  const within = await log.read(ids[1]!);
  assertEquals([dataOf(within), within.gap], [["2"], true]);
  const atEnd = await log.read(ids[3]!);
  assertEquals(atEnd, { events: [], cursor: ids[2]!, gap: true });
  await log.append({ data: "4" });
  const after = await log.read(ids[3]!);
  assertEquals([dataOf(after), after.gap], [["4"], true]);
});

test("keeps the clients of a channel where the newest entry is deleted, and tells them of one gap", async ({ client }) => {
  const log = new RedisStreamsEventLog(client, "log");
  for (const data of numbers(100)) await log.append({ data });
  await using channel = new EventChannel({ log });
  await using body = new BodyClient(channel.serve(makeRequest())).run();
  const lastEventId = await channel.publish({ data: "deleted" });
  await body.inbox.untilEvents(1);
  await client.send(["XDEL", "log", lastEventId]);
  await channel.publish({ data: "next" });
  await channel.publish({ data: "last" });
  await body.inbox.until(() => body.inbox.data.includes("last"));
  const gap = JSON.stringify({ lastEventId });
  assertEquals(body.inbox.data, ["deleted", gap, "next", "last"]);
  // Those who were away get no more than they have missed, either.
  await using late = new BodyClient(channel.serve(makeRequest(lastEventId)))
    .run();
  await late.inbox.untilEvents(3);
  assertEquals(late.inbox.data, [gap, "next", "last"]);
});

test("keeps the clients of a channel where Redis has lost its last entries, and tells them of one gap", async ({ server, client }) => {
  await using reconnecting = new RedisReconnecting(server.port);
  const log = new RedisStreamsEventLog(reconnecting, "log");
  await using channel = new EventChannel({ log });
  await using body = new BodyClient(channel.serve(makeRequest())).run();
  const ids: string[] = [];
  for (const data of numbers(4)) ids.push(await channel.publish({ data }));
  await body.inbox.untilEvents(4);
  await client.send(["XDEL", "log", ...ids.slice(2)]);
  await client.send(["CLIENT", "KILL", "TYPE", "normal"]);
  await body.inbox.until(() => body.inbox.lastEventId === ids[1]);
  await channel.publish({ data: "next" });
  await body.inbox.until(() => body.inbox.data.includes("next"));
  const gap = JSON.stringify({ lastEventId: ids[3] });
  assertEquals(body.inbox.data, [...numbers(4), gap, "next"]);
});

test("follow() closes its connection", async ({ client }) => {
  const log = new RedisStreamsEventLog(client, "log");
  const count = async (): Promise<number> =>
    String(await client.send(["CLIENT", "LIST"])).trim().split("\n").length;
  {
    await using following = new Following(log);
    await log.append({ data: "a" });
    await following.untilEvents(1);
    assertEquals(await count(), 2);
  }
  // Redis hears of it a little later.
  for (let left = 5000; await count() > 1; left--) assert(left > 0);
});

test("follow() gives up while a connection is opened", async ({ client }) => {
  const opening = Promise.withResolvers<RedisClient>();
  let isClosed = false;
  const log = new RedisStreamsEventLog({
    ...faulty(client),
    duplicate: () => opening.promise,
  }, "log");
  const controller = new AbortController();
  const following = log.follow(() => {}, { signal: controller.signal });
  await log.rewind(0);
  controller.abort(new Error("Enough"));
  await assertRejects(() => following, Error, "Enough");
  opening.resolve({ ...faulty(client), close: () => isClosed = true });
  await until(() => isClosed);
});

test("keeps the clients of a channel while Redis is away", async ({ server }) => {
  await using client = new RedisReconnecting(server.port);
  const log = new RedisStreamsEventLog(client, "log", { timeout: 300 });
  await using channel = new EventChannel({ log });
  await using body = new BodyClient(channel.serve(makeRequest())).run();
  await channel.publish({ data: "before" });
  await body.inbox.untilEvents(1);
  await server.kill();
  await assertRejects(() => channel.publish({ data: "refused" }));
  await until(() => channel.stalled !== undefined);
  assertEquals(channel.size, 1);
  await server.restart();
  await channel.publish({ data: "after" });
  await body.inbox.untilEvents(2);
  assertEquals(body.inbox.data, ["before", "after"]);
  assertEquals(channel.stalled, undefined);
});

test("publishes what is under way while Redis restarts", async ({ server }) => {
  await using client = new RedisReconnecting(server.port);
  const log = new RedisStreamsEventLog(client, "log");
  await log.append({ data: "before" });
  const start = await log.rewind(0);
  await server.kill();
  const appends = appendAll(log, numbers(300));
  await server.restart();
  const ids = await appends;
  const { events } = await readAll(log, start);
  assertEquals(events.map(({ id }) => id), ids);
  assertEquals(events.map(({ data }) => data), numbers(300));
});

interface Fixture {
  server: RedisServer;
  client: RedisConnection;
}

function test(
  behaviour: string,
  fn: (fixture: Fixture) => Promise<void>,
): void {
  const name = `RedisStreamsEventLog${redisNote}.${behaviour}`;
  Deno.test(name, { ignore: !hasRedis }, async () => {
    await using server = await RedisServer.start();
    await using client = await RedisConnection.open(server.port);
    await fn({ server, client });
  });
}

/** What becomes of a command: `"lost"`, it is done and the answer is lost. */
type Fate = "done" | "lost" | "failed" | "twice";

/** A client that fails as it is told, and may hold back what it has received. */
function faulty(
  client: RedisClient,
  fateOf: (command: readonly string[]) => Fate | undefined = () => "done",
  hold: () => Promise<void> = () => Promise.resolve(),
): RedisClient {
  return {
    send: async (command) => {
      const fate = fateOf(command);
      if (fate === "failed") throw new Error("The connection is lost");
      if (fate === "twice") await client.send(command);
      const reply = await client.send(command);
      if (fate === "lost") throw new Error("The connection is lost");
      await hold();
      return reply;
    },
    duplicate: async () => faulty(await client.duplicate(), fateOf, hold),
    close: () => client.close(),
  };
}

function dataOf(
  { events }: { events: readonly { data?: string | undefined }[] },
): (string | undefined)[] {
  return events.map(({ data }) => data);
}
