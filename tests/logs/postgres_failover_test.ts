// Copyright 2026 the Tidings authors. MIT license.

/**
 * The logs in PostgreSQL where a standby takes over that was not sent the last transactions:
 * what the server has confirmed is gone, and the same numbers are given to others.
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { EventChannel } from "../../channel.ts";
import { EventLogClaimError } from "../../log.ts";
import { PostgresEventLog, PostgresEventLogs } from "../../logs/postgres.ts";
import { EventRuns } from "../../runs/mod.ts";
import { BodyClient, type Inbox, makeRequest } from "../channel/_clients.ts";
import {
  appendAll,
  Following,
  numbers,
  readAll,
} from "../conformance/event_log_readers.ts";
import { Faucet, readRun, readToEnd } from "../runs/_fixture.ts";
import { openPostgres, type TestPostgres } from "../support/postgres_client.ts";
import {
  hasPostgres,
  postgresNote,
  PostgresServer,
} from "../support/postgres_server.ts";

interface Fixture {
  server: PostgresServer;
  client: TestPostgres;
  logs: PostgresEventLogs;
  /** The same logs, as another process has them. */
  other: PostgresEventLogs;
}

function test(behaviour: string, fn: (fixture: Fixture) => Promise<void>) {
  Deno.test(
    `PostgreSQL that has lost its last transactions${postgresNote}: ${behaviour}`,
    {
      ignore: !hasPostgres,
    },
    async () => {
      await using server = await PostgresServer.start();
      await using client = openPostgres(server.url);
      await using there = openPostgres(server.url);
      const logs = new PostgresEventLogs(client, "runs");
      await logs.inspect("nothing");
      const other = new PostgresEventLogs(there, "runs");
      await fn({ server, client, logs, other });
    },
  );
}

test("what a claim has written is written again with its next append, renewal or end, under the same IDs", async ({ server, logs, other }) => {
  const names = ["append", "renew", "release", "appends at once"];
  const claims = await Promise.all(
    names.map((name) => logs.claim(name, { leaseTime: 60_000 })),
  );
  const ids: string[][] = names.map(() => []);
  const append = async (data: string[]): Promise<void> => {
    for (const each of data) {
      for (const [n, claim] of claims.entries()) {
        ids[n]!.push(await claim!.append({ data: each }));
      }
    }
  };
  await append(numbers(3));
  await server.copyData();
  // Some alone, and some that are one write.
  await append(["3", "4"]);
  const more = ["5", "6", "7"];
  for (const [n, claim] of claims.entries()) {
    const some = await Promise.all(more.map((data) => claim!.append({ data })));
    ids[n]!.push(...some);
  }
  await server.failOver();
  const [first, second, third, fourth] = claims;
  ids[0]!.push(await first!.append({ data: "8" }));
  assertEquals(await second!.renew(), true);
  await third!.release();
  ids[3]!.push(
    ...await Promise.all(
      ["8", "9"].map((data) => fourth!.append({ data })),
    ),
  );
  for (const [n, name] of names.entries()) {
    const log = other.open(name);
    const { events, gap } = await readAll(log, claims[n]!.cursor);
    assertEquals(gap, false);
    assertEquals(events.map(({ id }) => id), ids[n]);
    assertEquals(events.map(({ data }) => data), numbers(ids[n]!.length));
    // A reader that had all of that goes on after it.
    const back = await log.read(ids[n]![7]!);
    assertEquals([back.gap, back.events], [false, events.slice(8)]);
  }
  assertEquals((await other.inspect("release")).isClaimed, false);
});

test("a claim that was lost itself is told, and so is a later one that another had", async ({ server, logs, other }) => {
  const old = await logs.claim("replaced", { leaseTime: 60_000 });
  await old!.append({ data: "old" });
  await server.copyData();
  const fresh = await logs.claim("fresh", { leaseTime: 60_000 });
  await fresh!.append({ data: "a" });
  const later = await other.claim("replaced", {
    leaseTime: 60_000,
    takeOver: old!.id!,
  });
  await later!.append({ data: "later" });
  await server.failOver();
  for (const claim of [fresh, later]) {
    const append = (): Promise<string> => claim!.append({ data: "b" });
    await assertRejects(append, EventLogClaimError);
    assertEquals(await claim!.renew(), false);
    await claim!.release();
  }
  assertEquals(await readAllData(logs, "fresh"), []);
  // Whose turn was over has it again, as far as the server knows.
  await old!.append({ data: "again" });
  assertEquals(await readAllData(logs, "replaced"), ["old", "again"]);
});

async function readAllData(
  logs: PostgresEventLogs,
  name: string,
): Promise<unknown[]> {
  const log = logs.open(name);
  const { events } = await readAll(log, await log.rewind(Infinity));
  return events.map(({ data }) => data);
}

test("where more is lost than a holder keeps, readers get a gap, and then what it kept", async ({ server, logs, other }) => {
  const claim = await logs.claim("a", { leaseTime: 60_000 });
  const first = await claim!.append({ data: "first" });
  await server.copyData();
  const data = numbers(1500);
  const ids = await Promise.all(data.map((data) => claim!.append({ data })));
  await server.failOver();
  ids.push(await claim!.append({ data: "last" }));
  const log = other.open("a");
  const all = { limit: Infinity, maxBytes: Infinity };
  const rest = await log.read(first, all);
  assertEquals(rest.gap, true);
  const kept = rest.events.length;
  assert(kept >= 1000 && kept < 1500, `${kept}`);
  assertEquals(rest.events.map(({ id }) => id), ids.slice(-kept));
  assertEquals(
    rest.events.map(({ data }) => data),
    [...data, "last"].slice(-kept),
  );
  const again = await log.read(rest.gapCursor!, { limit: 1 });
  assertEquals([again.gap, again.events[0]?.id], [false, ids.at(-kept)]);
});

test("what others have written since is not written over", async ({ server, logs, other }) => {
  const claim = await logs.claim("a", { leaseTime: 60_000 });
  const first = await claim!.append({ data: "0" });
  await server.copyData();
  for (const data of ["1", "2", "3"]) await claim!.append({ data });
  await server.failOver();
  await other.open("a").append({ data: "foreign" });
  await claim!.append({ data: "4" });
  const { events } = await readAll(other.open("a"), first);
  assertEquals(events.map(({ data }) => data), ["foreign", "2", "3", "4"]);
});

test("readers get a run whole, whether they connect again or not", async ({ server, client, logs, other }) => {
  await using here = new EventRuns({ logs, onError: () => {} });
  await using there = new EventRuns({ logs: other, onError: () => {} });
  const faucet = new Faucet();
  const all = numbers(60);
  const give = async (from: number, to: number): Promise<void> => {
    for (const data of all.slice(from, to)) {
      faucet.give(data);
      await client.query("SELECT 1", []);
    }
  };
  await here.start("a", faucet.open);
  await using reader = await readRun(there, "a");
  await give(0, 20);
  await reader.inbox.untilEvents(20);
  await server.copyData();
  await give(20, 40);
  await reader.inbox.untilEvents(40);
  const { lastEventId } = reader.inbox;
  await server.failOver();
  await give(40, 60);
  faucet.end();
  await reader.end();
  const late = (await readToEnd(here, "a")).map((each) => each.split(": ")[1]);
  assertEquals(late, [...all, "done"]);
  checkStream(reader.inbox, late);
  await using back = await readRun(there, "a", lastEventId);
  await back.end();
  checkStream(back.inbox, late);
});

/**
 * Checks that a client has got all of its events in order, but for those that a gap stands
 * for. After that, it may get some of them once more.
 */
function checkStream({ events }: Inbox, all: readonly unknown[]): void {
  const contents = new Map<string, string>();
  let next: number | undefined;
  for (const { event, data, id = "" } of events) {
    if (event === "gap") {
      next = undefined;
      continue;
    }
    const index = all.indexOf(data);
    assert(index !== -1, data);
    assert(next === undefined || index === next, `${data} came at ${next}`);
    next = index + 1;
    assertEquals(contents.get(id) ?? data, data);
    contents.set(id, data);
  }
  assertEquals(events.at(-1)?.data, all.at(-1));
}

test("clients of a channel get one gap, and no event under the ID of another", async ({ server, client }) => {
  await using there = openPostgres(server.url);
  const log = new PostgresEventLog(client, "news");
  const elsewhere = new PostgresEventLog(there, "news");
  await using channel = new EventChannel({ log, onError: () => {} });
  await using second = new EventChannel({
    log: elsewhere,
    onError: () => {},
  });
  const start = await log.rewind(0);
  const open = (lastEventId = start, from = channel): BodyClient =>
    new BodyClient(from.serve(makeRequest(lastEventId)), lastEventId).run();
  await using live = open();
  await using apart = open(start, second);
  const contents = new Map<string, string>();
  const publish = async (...data: string[]): Promise<string[]> => {
    const ids: string[] = [];
    for (const each of data) {
      const id = await channel.publish({ data: each });
      assert(!contents.has(id), id);
      contents.set(id, each);
      ids.push(id);
    }
    return ids;
  };
  await publish("kept 1", "kept 2");
  await server.copyData();
  const lost = await publish("lost 1", "lost 2", "lost 3");
  await live.inbox.untilEvents(5);
  await apart.inbox.untilEvents(5);
  await server.failOver();
  await using before = open(lost[0]);
  await using behind = open(lost[2], second);
  await publish("new 1", "new 2", "new 3");
  await using after = open(lost[1]);
  const news = await publish("new 4", "new 5");
  for (const client of [live, apart, before, behind, after]) {
    const { inbox } = client;
    await inbox.until(() => inbox.lastEventId === news[1]);
    const gaps = inbox.events.filter(({ event }) => event === "gap");
    assertEquals(gaps.length, 1, JSON.stringify(inbox.events));
    const at = inbox.events.findIndex(({ event }) => event === "gap");
    const rest = inbox.data.slice(at + 1);
    // A gap may stand for events that have come since.
    const expected = ["new 1", "new 2", "new 3", "new 4", "new 5"];
    assertEquals(rest, expected.slice(-rest.length));
    for (const { event, id = "", data } of inbox.events) {
      if (event === "message") assertEquals(contents.get(id), data);
    }
  }
  await using late = open();
  await late.inbox.until(() => late.inbox.lastEventId === news[1]);
  const { events } = await readAll(elsewhere, start);
  assertEquals(late.inbox.data.filter((data) => !data.startsWith("lost")), [
    ...events.map(({ data }) => data!),
  ]);
});

test("an append that is under way is in the log once", async ({ server, client }) => {
  const log = new PostgresEventLog(client, "news", { timeout: 60_000 });
  const start = await log.rewind(0);
  await appendAll(log, ["a"]);
  await server.copyData();
  await using following = new Following(log, start);
  await following.untilEvents(1);
  let isOver = false;
  const written: string[] = [];
  const work = async (worker: number): Promise<void> => {
    for (let n = 0; !isOver; n++) {
      written.push(await log.append({ data: `${worker} ${n}` }));
    }
  };
  const working = Promise.all([work(1), work(2)]);
  await following.untilEvents(20);
  await server.failOver();
  await following.untilEvents(following.ids.length + 20);
  isOver = true;
  await working;
  assertEquals(new Set(written).size, written.length);
  const last = await log.append({ data: "last" });
  await following.until(() => following.ids.at(-1) === last);
  assertEquals(new Set(following.ids).size, following.ids.length);
  assertEquals(following.batches.filter(({ gap }) => gap).length, 1);
  const { events } = await readAll(log, start);
  const data = events.map(({ data }) => data);
  assertEquals(new Set(data).size, data.length);
});
