// Copyright 2026 the Tidings authors. MIT license.

/**
 * What every `EventLogs` promises, as tests that run against any of them; its logs are
 * held against the suite of `EventLog` as well.
 *
 * ```ts ignore (the engine is only a name here)
 * testEventLogs("MyEventLogs", () => ({ logs: new MyEventLogs() }), { ownIds: false });
 * ```
 */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type EventLogClaim,
  EventLogClaimError,
  type EventLogs,
} from "../../log.ts";
import { appendAll, Following, numbers, readAll } from "./event_log_readers.ts";
import { testEventLog, type TestEventLogOptions } from "./event_log_suite.ts";
import { within } from "../support/within.ts";

/** Logs to test, and what to do when the test is over. */
export interface EventLogsFixture {
  logs: EventLogs;
  /** The same logs, as another process has them. */
  other: EventLogs;
  /** How many entries of any kind the engine has. */
  countEntries: () => Promise<number> | number;
  /** Deletes the last event of a name behind the back of the logs, if that can be done. */
  deleteLast?: (name: string) => Promise<void>;
  /**
   * Whether a reader after the end of what is claimed waits there without a gap, for what
   * the engine has lost and the claim writes again with the same IDs. Left out, it goes
   * on at the end as it is, with a gap.
   */
  waitsForHolder?: boolean;
  close?: () => Promise<void> | void;
}

type MakeLogs = () => Promise<EventLogsFixture> | EventLogsFixture;

/** Long enough for any machine. */
const LONG = 60_000;
/** Milliseconds after which a lease runs out, or a name expires. */
const SHORT = 100;

/** Declares the tests of one implementation. Each of them asks for an empty engine. */
export function testEventLogs(
  name: string,
  makeLogs: MakeLogs,
  { ownIds, makeCursorAfter, ignore = false }: TestEventLogOptions,
): void {
  testEventLog(`${name} open()`, async () => {
    const { logs, close } = await makeLogs();
    return close === undefined
      ? { log: logs.open("name") }
      : { log: logs.open("name"), close };
  }, {
    ownIds,
    ignore,
    retention: false,
    ...makeCursorAfter && { makeCursorAfter },
  });

  function test(
    behaviour: string,
    fn: (fixture: EventLogsFixture) => Promise<void>,
  ): void {
    Deno.test(`${name}.${behaviour}`, { ignore }, async () => {
      const fixture = await makeLogs();
      try {
        await fn(fixture);
      } finally {
        await fixture.close?.();
      }
    });
  }

  testNames(test);
  testClaims(test);
  testTakeOver(test);
  testFences(test);
  testLoss(test);
  if (makeCursorAfter !== undefined) testAfterEnd(test);
  testExpiry(test);
}

type DeclareTest = (
  behaviour: string,
  fn: (fixture: EventLogsFixture) => Promise<void>,
) => void;

function testNames(test: DeclareTest): void {
  test("open() keeps logs of different names apart", async ({ logs, other }) => {
    const names = ["a", "b", "a:b", "{a}", "a}", "}", "%7D", "é 日", " "];
    for (const name of names) await logs.open(name).append({ data: name });
    for (const name of names) {
      assertEquals(await readData(other, name), [name]);
    }
  });

  test("open() and claim() refuse an empty name", async ({ logs }) => {
    assertThrows(() => logs.open(""), TypeError);
    await assertRejects(() => logs.claim("", { leaseTime: LONG }), TypeError);
  });

  test("inspect() tells of the last event, and leaves no trace", async ({ logs, other, countEntries }) => {
    const before = await countEntries();
    const nothing = { last: undefined, isClaimed: false };
    assertEquals(await logs.inspect("a"), nothing);
    assertEquals(await countEntries(), before);
    const [, id] = await appendAll(other.open("a"), ["first", "second"]);
    const { last, isClaimed } = await logs.inspect("a");
    assertEquals([last?.id, last?.data], [id, "second"]);
    assertEquals(isClaimed, false);
  });

  test("follow() tells each of what is its own", async ({ logs, other }) => {
    const names = numbers(20);
    const followings = names.map((name) => new Following(logs.open(name)));
    for (const following of followings) {
      await following.until((batches) => batches.length > 0);
    }
    await Promise.all(
      names.map((name) =>
        appendAll(other.open(name), [`${name}a`, `${name}b`])
      ),
    );
    for (const [index, following] of followings.entries()) {
      await following.untilEvents(2);
      assertEquals(following.data, [`${index}a`, `${index}b`]);
      await following[Symbol.asyncDispose]();
    }
  });
}

function testClaims(test: DeclareTest): void {
  test("claim() gives a name to one of many", async ({ logs, other }) => {
    const claims = await Promise.all(
      numbers(10).map((_, index) =>
        (index % 2 === 0 ? logs : other).claim("a", { leaseTime: LONG })
      ),
    );
    assertEquals(claims.filter((claim) => claim !== undefined).length, 1);
    assertEquals((await other.inspect("a")).isClaimed, true);
    assertEquals((await other.inspect("b")).isClaimed, false);
  });

  test("claim() gives a name again once it is released", async ({ logs, other }) => {
    const claim = await hold(logs, "a");
    await claim.release();
    assertEquals((await other.inspect("a")).isClaimed, false);
    await hold(other, "a");
    // The first claim can no longer release the name.
    await claim.release();
    assertEquals((await other.inspect("a")).isClaimed, true);
  });

  test("claim() asks for the end of the log as the caller knows it", async ({ logs, other }) => {
    const [first, last] = await appendAll(logs.open("a"), ["first", "last"]);
    for (const after of [undefined, first, "from-elsewhere", ""]) {
      const claim = await other.claim("a", { leaseTime: LONG, after });
      assertEquals(claim, undefined, `after ${after}`);
    }
    await hold(other, "a", last);
  });

  test("claim() knows the end of the log behind other claims", async ({ logs, other }) => {
    const [last] = await appendAll(logs.open("a"), ["last"]);
    for (const each of [logs, other, logs]) {
      await (await hold(each, "a", last)).release();
    }
    assertEquals(await logs.claim("a", { leaseTime: LONG }), undefined);
    assertEquals((await logs.inspect("a")).last?.id, last);
  });

  test("claim() gives a cursor after which is what was appended since", async ({ logs, other }) => {
    const [last] = await appendAll(logs.open("a"), ["before"]);
    const claim = await hold(logs, "a", last);
    await other.open("a").append({ data: "foreign" });
    await claim.append({ data: "own" });
    const { events, gap } = await other.open("a").read(claim.cursor);
    assertEquals(events.map(({ data }) => data), ["foreign", "own"]);
    assertEquals(gap, false);
  });

  test("claim() appends an event in the same step", async ({ logs, other }) => {
    const event = { event: "begin", data: "1" };
    const options = { leaseTime: LONG, event };
    const claims = await Promise.all(
      [logs, other, logs].map((each) => each.claim("a", options)),
    );
    const claim = claims.find((claim) => claim !== undefined);
    await claim!.append({ data: "2" });
    assertEquals(await readData(other, "a"), ["1", "2"]);
    const { events } = await other.open("a").read(claim!.cursor);
    assertEquals(events.map(({ data }) => data), ["1", "2"]);
    await claim!.release();
    const after = events[1]!.id;
    for (const replace of [false, true]) {
      const last = (await logs.inspect("a")).last?.id;
      assertEquals(last === after, !replace);
      const again = { ...options, after: last, replace };
      await (await other.claim("a", again))!.release();
    }
    assertEquals(await readData(other, "a"), ["1"]);
  });

  test("claim() replaces the log if it is told to", async ({ logs, other }) => {
    const [last] = await appendAll(logs.open("a"), ["old"]);
    const claim = await logs.claim("a", {
      leaseTime: LONG,
      after: last,
      replace: true,
    });
    await claim?.append({ data: "new" });
    assertEquals(await readData(other, "a"), ["new"]);
    assertEquals((await other.open("a").read(last!)).gap, true);
  });

  test("append() of a claim and of others keep one order", async ({ logs, other }) => {
    const claim = await hold(logs, "a");
    await using following = new Following(other.open("a"), claim.cursor);
    const own = Promise.all(
      numbers(200).map((data) => claim.append({ data })),
    );
    const foreign = (async () => {
      const ids: string[] = [];
      for (let i = 0; i < 20; i++) {
        ids.push(await other.open("a").append({ data: "foreign" }));
      }
      return ids;
    })();
    const ids = [...await own, ...await foreign];
    await following.untilEvents(220);
    const { events } = await readAll(logs.open("a"), claim.cursor);
    assertEquals(events.map(({ id }) => id), following.ids);
    assertEquals(events.map(({ id }) => id).sort(), ids.sort());
    const data = events.map(({ data }) => data);
    assertEquals(data.filter((data) => data !== "foreign"), numbers(200));
  });

  test("an event that was appended together with others is a place of its own", async ({ logs, other }) => {
    const claim = await hold(logs, "a");
    const ids: string[] = [];
    for (const data of ["first", "second"]) {
      const own = numbers(5).map((n) => claim.append({ data: data + n }));
      ids.push(...await Promise.all(own));
      ids.push(await other.open("a").append({ data: "foreign" }));
    }
    const log = other.open("a");
    for (const [index, id] of ids.entries()) {
      const rest = ids.slice(index + 1);
      for (const limit of [1, 2, 100]) {
        const { events, gap } = await log.read(id, { limit });
        assertEquals(events.map(({ id }) => id), rest.slice(0, limit));
        assertEquals(gap, false);
      }
      assertEquals(await log.rewind(rest.length), id);
      await using following = new Following(log, id);
      await following.untilEvents(rest.length);
      assertEquals(following.ids, rest);
    }
    assertEquals((await log.read(`1${ids[2]}`)).gap, true);
  });

  test("append() of a claim keeps every field", async ({ logs }) => {
    const claim = await hold(logs, "a");
    const sent = { event: "tick", data: "1\n2", retry: 5, comment: "why" };
    await Promise.all([sent, {}, sent].map((event) => claim.append(event)));
    const { events } = await readAll(logs.open("a"), claim.cursor);
    assertEquals(
      events.map(({ event, data, retry, comment }) =>
        JSON.stringify({ event, data, retry, comment })
      ),
      [sent, {}, sent].map((event) => JSON.stringify(event)),
    );
    assertEquals((await logs.inspect("a")).last, events.at(-1));
  });
}

function testTakeOver(test: DeclareTest): void {
  test("claim() takes over a name that is held, and nothing is appended under the earlier claim", async ({ logs, other }) => {
    for (const replace of [false, true]) {
      const name = `a ${replace}`;
      const holder = await hold(logs, name);
      await holder.append({ data: "old" });
      const { claimId, isClaimed } = await other.inspect(name);
      assertEquals([claimId, isClaimed], [holder.id, true]);
      const late = numbers(3).map((data) => holder.append({ data }));
      const claim = await takeOver(other, name, claimId, replace);
      assertEquals((await logs.inspect(name)).claimId, claim!.id);
      await Promise.allSettled(late);
      await assertRejects(
        () => holder.append({ data: "too late" }),
        EventLogClaimError,
      );
      assertEquals(await holder.renew(), false);
      await holder.release();
      assertEquals((await logs.inspect(name)).isClaimed, true);
      await claim!.append({ data: "new" });
      const data = await readData(logs, name);
      assertEquals(data.at(-1), "new");
      if (replace) assertEquals(data, ["new"]);
      else assertEquals(data[0], "old");
      assert(!data.includes("too late"));
    }
  });

  test("claim() takes over from a holder whose lease has run out, or that has released the name", async ({ logs, other }) => {
    const expired = await logs.claim("a", { leaseTime: SHORT });
    await until(async () => !(await other.inspect("a")).isClaimed);
    assertEquals((await other.inspect("a")).claimId, expired!.id);
    const second = await takeOver(other, "a", expired!.id, true);
    await second!.append({ data: "second" });
    await assertRejects(
      () => expired!.append({ data: "too late" }),
      EventLogClaimError,
    );
    await second!.release();
    assertEquals((await logs.inspect("a")).claimId, second!.id);
    const third = await takeOver(logs, "a", second!.id, true);
    await third!.append({ data: "third" });
    assertEquals(await readData(other, "a"), ["third"]);
  });

  test("claim() lets one of many take over", async ({ logs, other }) => {
    for (const replace of [false, true]) {
      const holder = await hold(logs, `a ${replace}`);
      const claims = await Promise.all(
        numbers(10).map((_, index) =>
          takeOver(
            index % 2 === 0 ? logs : other,
            `a ${replace}`,
            holder.id,
            replace,
          )
        ),
      );
      const taken = claims.filter((claim) => claim !== undefined);
      assertEquals(taken.length, 1);
      await taken[0]!.append({ data: "mine" });
      assertEquals(await readData(other, `a ${replace}`), ["mine"]);
    }
  });

  test("claim() takes over from no claim but the last one", async ({ logs, other }) => {
    for (const id of ["from-elsewhere", "", "1-0"]) {
      assertEquals(await takeOver(logs, "a", id, true), undefined);
    }
    const first = await hold(logs, "a");
    await first.release();
    const second = await hold(other, "a");
    assert(first.id !== second.id);
    for (const id of [first.id, "from-elsewhere", ""]) {
      assertEquals(await takeOver(logs, "a", id, true), undefined);
    }
    await second.append({ data: "mine" });
    assertEquals(await readData(logs, "a"), ["mine"]);
  });

  test("expire() under a claim changes nothing once there is a later one", async ({ logs, other }) => {
    const first = await hold(logs, "a");
    const { id: claimId } = first;
    const second = await takeOver(other, "a", claimId, true);
    await second!.append({ data: "mine" });
    await logs.expire("a", 1, { claimId: claimId! });
    await sleep(SHORT);
    assertEquals(await readData(other, "a"), ["mine"]);
    await logs.expire("a", 1, { claimId: second!.id! });
    await until(async () => (await other.inspect("a")).last === undefined);
  });
}

function takeOver(
  logs: EventLogs,
  name: string,
  id: string | undefined,
  replace: boolean,
): Promise<EventLogClaim | undefined> {
  assert(id !== undefined, "The engine cannot take over claims");
  return logs.claim(name, { leaseTime: LONG, takeOver: id, replace });
}

function testFences(test: DeclareTest): void {
  test("claim() gives a name again once its lease has run out", async ({ logs, other }) => {
    const claim = await logs.claim("a", { leaseTime: SHORT });
    await claim!.append({ data: "a" });
    const { last } = await other.inspect("a");
    await untilClaimed(other, "a", last!.id);
    const error = await assertRejects(
      () => claim!.append({ data: "too late" }),
      EventLogClaimError,
    );
    assertEquals(error.logName, "a");
    assertEquals(await claim!.renew(), false);
    assertEquals(await readData(other, "a"), ["a"]);
  });

  test("append() is refused from the claim on, not from the next event on", async ({ logs, other }) => {
    const claim = await logs.claim("a", { leaseTime: SHORT });
    const next = await untilClaimed(other, "a", undefined);
    const late = numbers(3).map((data) =>
      assertRejects(() => claim!.append({ data }), EventLogClaimError)
    );
    await Promise.all(late);
    await next.append({ data: "mine" });
    assertEquals(await readData(logs, "a"), ["mine"]);
  });

  test("renew() keeps the name beyond its lease", async ({ logs, other }) => {
    const claim = await logs.claim("a", { leaseTime: 300 });
    const end = performance.now() + 700;
    while (performance.now() < end) {
      assertEquals(await claim!.renew(), true);
      assertEquals(await other.claim("a", { leaseTime: LONG }), undefined);
      await sleep(20);
    }
  });

  test("renew() renews a lease that has run out, without a later claim", async ({ logs, other }) => {
    const claim = await logs.claim("a", { leaseTime: SHORT });
    await until(async () => !(await other.inspect("a")).isClaimed);
    await claim!.append({ data: "still mine" });
    assertEquals(await claim!.renew(), true);
    assertEquals((await other.inspect("a")).isClaimed, true);
  });
}

function testLoss(test: DeclareTest): void {
  for (const foreign of [false, true]) {
    const others = foreign ? ", and others have written since" : "";
    test(`append() of a claim writes again what is gone, or it is told as a gap${others}`, async ({ logs, other, deleteLast }) => {
      const claim = await hold(logs, "a");
      const ids: string[] = [];
      const data = numbers(3);
      for (const each of data) ids.push(await claim.append({ data: each }));
      await deleteLast?.("a");
      if (foreign) await other.open("a").append({ data: "foreign" });
      ids.push(await claim.append({ data: "3" }));
      assertEquals(await claim.renew(), true);
      // One who has seen it, and comes back.
      const back = await other.open("a").read(ids[2]!);
      const rest = foreign ? ["foreign", "3"] : ["3"];
      assertEquals(back.events.map(({ data }) => data), rest);
      assertEquals(back.gap, false);
      // One who comes late.
      const told: (string | undefined)[] = [];
      for (let cursor = claim.cursor;;) {
        const batch = await other.open("a").read(cursor);
        if (batch.gap) told.push("gap");
        told.push(...batch.events.map(({ data }) => data));
        if (batch.events.length === 0) break;
        if (batch.gap) {
          const again = await other.open("a").read(batch.gapCursor!);
          assertEquals([again.gap, again.events], [false, batch.events]);
        }
        cursor = batch.cursor;
      }
      const written = foreign ? [...data, ...rest] : [...data, "3"];
      const isWritten = told.length === written.length && !told.includes("gap");
      assertEquals(told, isWritten ? written : ["0", "1", "gap", ...rest]);
    });
  }
}

/** The test of the one row of the table of cursors that a claim changes. */
function testAfterEnd(test: DeclareTest): void {
  test("read() and follow() after the end get nothing twice while the name is claimed", async ({ logs, other, waitsForHolder = false }) => {
    const claim = await hold(logs, "a");
    const ids: string[] = [];
    for (const data of ["0", "1"]) ids.push(await claim.append({ data }));
    const lost = idAfter(ids[0]!, ids[1]!);
    const log = other.open("a");
    const first = waitsForHolder
      ? { events: [], cursor: lost, gap: false }
      : { events: [], cursor: ids[1]!, gap: true };
    assertEquals(await log.read(lost), first);
    await using following = new Following(log, lost);
    await following.until((batches) => batches.length > 0);
    assertEquals(following.batches[0], first);
    for (const data of ["2", "3"]) ids.push(await claim.append({ data }));
    assertEquals(ids[2], lost);
    const rest = ids.slice(waitsForHolder ? 3 : 2);
    await following.untilEvents(rest.length);
    assertEquals(following.ids, rest);
    assert(following.batches.slice(1).every(({ gap }) => !gap));
    const after = idAfter(ids[2]!, ids[3]!);
    await claim.release();
    // Nobody writes it again.
    const end = { events: [], cursor: ids[3]!, gap: true };
    assertEquals(await log.read(after), end);
    await using late = new Following(log, after);
    await late.until((batches) => batches.length > 0);
    ids.push(await log.append({ data: "4" }));
    await late.untilEvents(1);
    assertEquals([late.batches[0], late.ids], [end, ids.slice(4)]);
  });
}

/** The third ID that a claim gives. */
function idAfter(first: string, second: string): string {
  const [number, last] = [first, second].map((id) => Number(id.split("-")[1]));
  return `${second.split("-")[0]}-${2 * last! - number!}`;
}

function testExpiry(test: DeclareTest): void {
  test("expire() leaves nothing of a name, its claim included", async ({ logs, other, countEntries }) => {
    const before = await countEntries();
    const claim = await hold(logs, "a");
    await claim.append({ data: "own" });
    await other.open("a").append({ data: "foreign" });
    assert(await countEntries() > before);
    await other.expire("a", SHORT);
    await until(async () => await countEntries() === before);
    const nothing = { last: undefined, isClaimed: false };
    assertEquals(await logs.inspect("a"), nothing);
    await assertRejects(() => claim.append({ data: "b" }), EventLogClaimError);
    assertEquals(await claim.renew(), false);
    assertEquals(await countEntries(), before);
  });

  test("expire() does not make a name that is not there", async ({ logs, countEntries }) => {
    const before = await countEntries();
    await logs.expire("a", LONG);
    assertEquals(await countEntries(), before);
  });

  test("claim() lets a name expire whose claim is neither renewed nor released", async ({ logs, countEntries }) => {
    const before = await countEntries();
    const claim = await logs.claim("a", { leaseTime: LONG, expireIn: SHORT });
    await claim!.append({ data: "a" });
    await until(async () => await countEntries() === before);
  });

  test("open() lets a name expire after its last append", async ({ logs, other, countEntries }) => {
    const before = await countEntries();
    const log = logs.open("a", { expireIn: 400 });
    const end = performance.now() + 700;
    while (performance.now() < end) {
      await log.append({ data: "a" });
      await sleep(50);
    }
    const { last } = await other.inspect("a");
    assertEquals(last?.data, "a");
    await until(async () => await countEntries() === before);
  });

  test("read() tells of a gap once the events have expired", async ({ logs, other }) => {
    const [id] = await appendAll(logs.open("a"), ["a", "b"]);
    await logs.expire("a", SHORT);
    await until(async () => (await other.inspect("a")).last === undefined);
    assertEquals((await other.open("a").read(id!)).gap, true);
    await other.open("a").append({ data: "new" });
    const { events, gap } = await logs.open("a").read(id!);
    assertEquals(gap, true);
    assertEquals(events.map(({ data }) => data), ["new"]);
  });
}

async function hold(
  logs: EventLogs,
  name: string,
  after?: string,
): Promise<EventLogClaim> {
  const claim = await logs.claim(name, { leaseTime: LONG, after });
  assert(claim !== undefined, `${name} is not to be had`);
  return claim;
}

async function untilClaimed(
  logs: EventLogs,
  name: string,
  after: string | undefined,
): Promise<EventLogClaim> {
  let claim: EventLogClaim | undefined;
  await until(async () => {
    claim = await logs.claim(name, { leaseTime: LONG, after });
    return claim !== undefined;
  });
  return claim!;
}

async function readData(
  logs: EventLogs,
  name: string,
): Promise<(string | undefined)[]> {
  const log = logs.open(name);
  const { events } = await readAll(log, await log.rewind(Infinity));
  return events.map(({ data }) => data);
}

function until(condition: () => Promise<boolean>): Promise<void> {
  return within(
    "the condition holds",
    (async () => {
      while (!await condition()) await sleep(5);
    })(),
  );
}

function sleep(delay: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delay));
}
