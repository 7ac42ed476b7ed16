// Copyright 2026 the Tidings authors. MIT license.

/**
 * Runs whose events Redis loses while they are produced. The newest events are written
 * again. What cannot be written again is a gap, which early readers, late readers and the
 * server are told.
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { EventLogClaimError } from "../../log.ts";
import { type RedisClient, RedisEventLogs } from "../../logs/redis_streams.ts";
import { EventRuns } from "../../runs/mod.ts";
import type { BodyClient } from "../channel/_clients.ts";
import { Following, numbers } from "../conformance/event_log_readers.ts";
import {
  RedisConnection,
  RedisReconnecting,
} from "../support/redis_connection.ts";
import {
  hasRedis,
  redisNote,
  RedisServer,
  type RedisServerOptions,
} from "../support/redis_server.ts";
import { Faucet, readRun, readToEnd, until } from "./_fixture.ts";

const EVENTS = 150;
const DATA = numbers(EVENTS);
const KEY = "runs:{a}";

/** A run that is being produced through one process and read through another. */
interface Fixture {
  server: RedisServer;
  client: RedisReconnecting;
  faucet: Faucet;
  logs: RedisEventLogs;
  /** The runs of the process that reads. */
  there: EventRuns;
  /** Has the process that produces write no more. */
  abandon: () => void;
  /** Reads from the beginning, since before the loss. */
  reader: BodyClient;
  /** What the servers of both processes were told. */
  errors: string[];
  /** Gives the next events, and waits until the reader has them. */
  give: (count: number) => Promise<void>;
  /** Gives what is left, and the end. */
  finish: () => Promise<void>;
  /** Reads the run as a reader that comes late. */
  readLate: () => Promise<string[]>;
}

function test(
  behaviour: string,
  fn: (fixture: Fixture) => Promise<void>,
  options: RedisServerOptions = {},
): void {
  const name = `EventRuns, RedisEventLogs${redisNote}: ${behaviour}`;
  Deno.test(name, { ignore: !hasRedis }, async () => {
    await using server = await RedisServer.start(options);
    await using client = new RedisReconnecting(server.port);
    await using other = new RedisReconnecting(server.port);
    const move = client.moveTo.bind(client);
    client.moveTo = async (port) => {
      await Promise.all([move(port), other.moveTo(port)]);
    };
    const errors: string[] = [];
    const onError = (error: unknown): void => {
      errors.push(String(error));
    };
    let isAbandoned = false;
    const writing: RedisClient = {
      send: (command) =>
        isAbandoned
          ? Promise.reject(new Error("ERR the process is gone"))
          : client.send(command),
      duplicate: () => client.duplicate(),
      close: () => client.close(),
    };
    const logs = new RedisEventLogs(other, "runs:");
    const here = new EventRuns({
      logs: new RedisEventLogs(writing, "runs:"),
      onError,
    });
    const there = new EventRuns({ logs, onError });
    await using _here = here;
    await using _there = there;
    const faucet = new Faucet();
    await here.start("a", faucet.open);
    await using reader = await readRun(there, "a");
    let given = 0;
    const give = async (count: number): Promise<void> => {
      const last = Math.min(given + count, EVENTS);
      for (; given < last; given++) {
        faucet.give(DATA[given]!);
        // So that they are entries of their own, more or less.
        if (given % 3 === 0) await new Promise((go) => setTimeout(go, 1));
      }
      await reader.inbox.until(() =>
        reader.inbox.data.includes(DATA[last - 1]!)
      );
    };
    const finish = async (): Promise<void> => {
      await give(EVENTS);
      faucet.end();
      await reader.end();
    };
    const readLate = (): Promise<string[]> => readToEnd(here, "a");
    await fn({
      server,
      client,
      faucet,
      logs,
      there,
      abandon: () => {
        isAbandoned = true;
      },
      reader,
      errors,
      give,
      finish,
      readLate,
    });
  });
}

/** What a reader gets if nothing is missing. */
const ALL = [...DATA, "done"];
const ALL_LATE = ALL.map((data) =>
  data === "done" ? "end: done" : `message: ${data}`
);

test(
  "writes again what is lost by a restart from a snapshot",
  async ({ server, reader, give, finish, readLate }) => {
    await give(80);
    await server.takeSnapshot();
    await give(34);
    await server.kill();
    await server.restart();
    await finish();
    assertEquals(reader.inbox.data, ALL);
    assertEquals(await readLate(), ALL_LATE);
  },
  { snapshots: true },
);

test(
  "writes again what is lost by a failover to a replica that lags behind",
  async ({ server, client, reader, give, finish, readLate }) => {
    await using replica = await RedisServer.start({ replicaOf: server.port });
    await using control = await RedisConnection.open(replica.port);
    await until(async () =>
      String(await control.send(["INFO", "replication"]))
        .includes("master_link_status:up")
    );
    await give(80);
    await until(async () => await control.send(["EXISTS", KEY]) === 1);
    await control.send(["REPLICAOF", "NO", "ONE"]);
    await give(29);
    await client.moveTo(replica.port);
    await server.kill();
    await finish();
    assertEquals(reader.inbox.data, ALL);
    assertEquals(await readLate(), ALL_LATE);
  },
);

test(
  "writes again what is lost while the source is silent",
  async ({ server, reader, give, finish, readLate }) => {
    await give(80);
    await server.takeSnapshot();
    await give(EVENTS);
    await server.kill();
    await server.restart();
    await using control = await RedisConnection.open(server.port);
    // With the next renewal.
    await until(async () => await lastNumber(control) === EVENTS + 1);
    await finish();
    assertEquals(reader.inbox.data, ALL);
    assertEquals(await readLate(), ALL_LATE);
  },
  { snapshots: true },
);

/** Which entry is deleted: its index, or a share of all that there are. */
const DELETIONS: { name: string; isHole: boolean; which: number }[] = [
  { name: "the newest entry", isHole: true, which: -1 },
  { name: "an entry in the middle", isHole: true, which: 0.5 },
  { name: "the first event", isHole: true, which: 1 },
  // It is no event.
  { name: "the entry that begins the run", isHole: false, which: 0 },
];
for (const { name, isHole, which } of DELETIONS) {
  test(
    `tells a gap if ${name} was deleted`,
    async ({ client, reader, errors, give, finish, readLate }) => {
      await give(100);
      const ids = await entryIds(client);
      // How many entries there are depends on how many events came at once.
      const index = which === 0.5 ? Math.floor(ids.length / 2) : which;
      const id = ids.at(index)!;
      const before = errors.length;
      assertEquals(await client.send(["XDEL", KEY, id]), 1);
      await finish();
      // It had them all before.
      assertEquals(reader.inbox.data, ALL);
      for (let attempt = 0; attempt < 2; attempt++) {
        const late = await readLate();
        const gaps = late.filter((event) => event.startsWith("gap: "));
        assertEquals(gaps.length, isHole ? 1 : 0);
        assertInOrder(late);
        assertEquals(
          errors.slice(before).filter((error) => error.includes("missing"))
            .length,
          isHole ? attempt + 1 : 0,
        );
      }
    },
  );
}

test("tells a gap if the beginning was trimmed", async ({ client, reader, give, finish, readLate }) => {
  await give(100);
  await client.send(["XTRIM", KEY, "MAXLEN", "10"]);
  await finish();
  assertEquals(reader.inbox.data, ALL);
  const late = await readLate();
  assert(late[0]?.startsWith("gap: "), late[0]);
  assertInOrder(late);
});

test("tells a gap if all events were trimmed", async ({ client, reader, give, finish, readLate }) => {
  await give(50);
  await client.send(["XTRIM", KEY, "MAXLEN", "0"]);
  await finish();
  assertEquals(reader.inbox.data, ALL);
  const late = await readLate();
  assert(late[0]?.startsWith("gap: "), late[0]);
  assertEquals(late.filter((event) => event.startsWith("gap: ")).length, 1);
  assertInOrder(late);
});

test(
  "goes on with a reader that reconnects with an ID that is lost",
  async ({ server, client, there, reader, logs, give, finish }) => {
    await give(80);
    await server.takeSnapshot();
    await give(34);
    const { lastEventId } = reader.inbox;
    await restart(server, client);
    // A process that has not followed the run does not know the ID.
    await using runs = new EventRuns({ logs });
    await using elsewhere = await readRun(runs, "a", lastEventId);
    await using back = await readRun(there, "a", lastEventId);
    // Another reader, which is behind it, follows the same stream.
    await using late = await readRun(there, "a");
    await late.inbox.untilEvents(80);
    await finish();
    await Promise.all([elsewhere.end(), back.end(), late.end()]);
    assertEquals(elsewhere.inbox.data, ALL.slice(114));
    assertEquals(back.inbox.data, ALL.slice(114));
    assertEquals(late.inbox.data, ALL);
  },
  { snapshots: true },
);

test(
  "tells a reader that reconnects with a lost ID the gap, once it cannot be written again",
  async ({ server, client, there, reader, logs, give, abandon }) => {
    await give(80);
    await server.takeSnapshot();
    await give(34);
    const { lastEventId } = reader.inbox;
    abandon();
    await restart(server, client);
    await using back = await readRun(there, "a", lastEventId);
    const { last } = await logs.inspect("a");
    await client.send(["DEL", `${KEY}:lease`]);
    const claim = await logs.claim("a", {
      leaseTime: 60_000,
      after: last?.id,
      event: { comment: "run ended: lost", event: "end", data: "lost" },
    });
    assert(claim !== undefined);
    await back.end();
    assertEquals(
      back.inbox.events.map(({ event }) => event),
      ["gap", "end"],
    );
  },
  { snapshots: true },
);

test("does not end as done once all is gone", async ({ client, reader, give, faucet }) => {
  await give(50);
  await client.send(["FLUSHALL"]);
  faucet.give("more");
  faucet.end();
  await until(() => faucet.run!.signal.aborted || reader.inbox.isOver);
  assert(!reader.inbox.data.includes("done"));
});

Deno.test(
  `RedisEventLogs${redisNote} tells a gap where more is lost than a holder keeps`,
  { ignore: !hasRedis },
  async () => {
    await using server = await RedisServer.start({ snapshots: true });
    await using client = new RedisReconnecting(server.port);
    const logs = new RedisEventLogs(client, "runs:");
    const claim = await logs.claim("a", { leaseTime: 60_000 });
    const all = numbers(1500);
    const ids: string[] = [];
    for (const data of all.slice(0, 100)) {
      ids.push(await claim!.append({ data }));
    }
    await server.takeSnapshot();
    for (const data of all.slice(100, -1)) {
      ids.push(await claim!.append({ data }));
    }
    await restart(server, client);
    ids.push(await claim!.append({ data: all.at(-1)! }));
    const log = logs.open("a");
    const first = await log.read(claim!.cursor, {
      limit: Infinity,
      maxBytes: Infinity,
    });
    assertEquals(first.events.map(({ data }) => data), all.slice(0, 100));
    assertEquals(first.gap, false);
    const rest = await log.read(first.cursor, {
      limit: Infinity,
      maxBytes: Infinity,
    });
    assertEquals(rest.gap, true);
    const kept = rest.events.length;
    assert(kept >= 1000, `${kept} events were kept`);
    assertEquals(rest.events.map(({ data }) => data), all.slice(-kept));
    assertEquals(rest.events.map(({ id }) => id), ids.slice(-kept));
    // The cursor after the gap: nothing is missing from there.
    const again = await log.read(rest.gapCursor!, { limit: 1 });
    assertEquals([again.gap, again.events[0]?.id], [false, ids.at(-kept)]);
  },
);

Deno.test(
  `RedisEventLogs${redisNote} puts back a whole generation that is lost`,
  { ignore: !hasRedis },
  async () => {
    for (const replace of [false, true]) {
      await using server = await RedisServer.start({ snapshots: true });
      await using client = new RedisReconnecting(server.port);
      const logs = new RedisEventLogs(client, "runs:");
      const old = await logs.claim("a", { leaseTime: 60_000 });
      const after = await old!.append({ data: "old" });
      await old!.release();
      await logs.expire("a", 60_000);
      await server.takeSnapshot();
      const claim = await logs.claim("a", {
        leaseTime: 60_000,
        after,
        replace,
        event: { data: "first" },
      });
      await claim!.append({ data: "second" });
      await restart(server, client);
      if (replace) assertEquals(await claim!.renew(), true);
      await claim!.append({ data: "third" });
      const log = logs.open("a");
      const { events, gap } = await log.read(await log.rewind(Infinity));
      assertEquals(gap, false);
      const own = ["first", "second", "third"];
      assertEquals(
        events.map(({ data }) => data),
        replace ? own : ["old", ...own],
      );
      // As the claim has it, not as what came before.
      assertEquals(await client.send(["TTL", KEY]), -1);
    }
  },
);

Deno.test(
  `RedisEventLogs${redisNote} does not put back a run that another process has claimed since`,
  { ignore: !hasRedis },
  async () => {
    await using server = await RedisServer.start({ snapshots: true });
    await using client = new RedisReconnecting(server.port);
    const logs = new RedisEventLogs(client, "runs:");
    const claim = await logs.claim("a", { leaseTime: 60_000 });
    await claim!.append({ data: "kept" });
    await client.send(["DEL", `${KEY}:lease`]);
    await server.takeSnapshot();
    await claim!.append({ data: "lost" });
    await restart(server, client);
    const { last } = await logs.inspect("a");
    assertEquals(last?.data, "kept");
    const next = await logs.claim("a", { leaseTime: 60_000, after: last!.id });
    await next!.append({ data: "next" });
    await assertRejects(() => claim!.append({ data: "a" }), EventLogClaimError);
    assertEquals(await claim!.renew(), false);
    const log = logs.open("a");
    const { events } = await log.read(await log.rewind(Infinity));
    assertEquals(events.map(({ data }) => data), ["kept", "next"]);
  },
);

Deno.test(
  `RedisEventLogs${redisNote} gives what is written again to a follower that is behind, and not to one that has it`,
  { ignore: !hasRedis },
  async () => {
    await using server = await RedisServer.start({ snapshots: true });
    await using client = new RedisReconnecting(server.port);
    let ranges = 0;
    const counting: RedisClient = {
      send: (command) => {
        if (command[0] === "XRANGE") ranges++;
        return client.send(command);
      },
      duplicate: () => client.duplicate(),
      close: () => client.close(),
    };
    const logs = new RedisEventLogs(counting, "runs:");
    const claim = await logs.claim("a", { leaseTime: 60_000 });
    const data = numbers(40);
    const ids: string[] = [];
    for (const each of data.slice(0, 39)) {
      if (ids.length === 20) await server.takeSnapshot();
      ids.push(await claim!.append({ data: each }));
    }
    await restart(server, client);
    const log = logs.open("a");
    await using ahead = new Following(log, ids.at(-1));
    await ahead.until((batches) => batches.length > 0);
    await until(() => isFollowed(server));
    await using behind = new Following(log, claim!.cursor);
    await behind.untilEvents(20);
    for (let i = 0; i < 100; i++) await client.send(["PING"]);
    // It waits for what comes, and does not ask again and again.
    assert(ranges < 10, `${ranges} reads`);
    ids.push(await claim!.append({ data: data[39]! }));
    await Promise.all([ahead.untilEvents(1), behind.untilEvents(40)]);
    assertEquals(ahead.ids, ids.slice(39));
    assertEquals(behind.ids, ids);
    for (const { gap } of [...ahead.batches, ...behind.batches]) {
      assertEquals(gap, false);
    }
  },
);

async function restart(
  server: RedisServer,
  client: RedisReconnecting,
): Promise<void> {
  await server.kill();
  await server.restart();
  await client.moveTo(server.port);
}

/** Checks that events come once and in order, to the end. */
function assertInOrder(events: readonly string[]): void {
  const data = events.filter((event) => !event.startsWith("gap: "));
  assertEquals(data.at(-1), "end: done");
  const given = data.slice(0, -1).map((event) => Number(event.split(" ")[1]));
  for (let i = 1; i < given.length; i++) assert(given[i]! > given[i - 1]!);
}

/** Whether a connection waits for what comes. */
async function isFollowed(server: RedisServer): Promise<boolean> {
  await using control = await RedisConnection.open(server.port);
  return String(await control.send(["CLIENT", "LIST"])).includes("cmd=xread");
}

async function entryIds(client: RedisReconnecting): Promise<string[]> {
  const reply = await client.send(["XRANGE", KEY, "-", "+"]);
  return (reply as [string, unknown][]).map(([id]) => id);
}

/** The number of the last event, of which the first tells that the run was started. */
async function lastNumber(control: RedisConnection): Promise<number> {
  const reply = await control.send(["XREVRANGE", KEY, "+", "-", "COUNT", "1"]);
  const [entry] = reply as [string, unknown][];
  return Number(entry?.[0].split("-")[1]) / 1_000_000;
}

Deno.test(
  `RedisEventLogs${redisNote} tells a gap where more bytes are lost than a holder keeps`,
  { ignore: !hasRedis },
  async () => {
    await using server = await RedisServer.start({ snapshots: true });
    await using client = new RedisReconnecting(server.port);
    const logs = new RedisEventLogs(client, "runs:");
    const claim = await logs.claim("a", { leaseTime: 60_000 });
    await claim!.append({ data: "kept" });
    await server.takeSnapshot();
    const data = "x".repeat(100_000);
    let id = "";
    for (let i = 0; i < 30; i++) id = await claim!.append({ data });
    await restart(server, client);
    await claim!.append({ data: "last" });
    const log = logs.open("a");
    const bounds = { limit: Infinity, maxBytes: Infinity };
    const first = await log.read(claim!.cursor, bounds);
    assertEquals(first.events.map(({ data }) => data), ["kept"]);
    const { events, gap } = await log.read(first.cursor, bounds);
    assertEquals(gap, true);
    // Some were written again, of the 1 048 576 bytes that are kept.
    assert(events.some((event) => event.id === id));
    assert(events.length < 20, `${events.length} of 31 events`);
    await claim!.release();
  },
);
