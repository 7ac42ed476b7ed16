// Copyright 2026 the Tidings authors. MIT license.

/**
 * The cases of `EventLogs` that are about names which expire, and events which are lost.
 *
 * @module
 */

import { EventLogClaimError } from "../log.ts";
import { assert, assertEquals, assertRejects } from "./_assert.ts";
import {
  type DeclareLogsCase,
  hold,
  LONG,
  SHORT,
  sleep,
  until,
} from "./_claims.ts";
import { appendAll, Following, numbers } from "./_readers.ts";

/** Declares the cases of names that expire. */
export function testExpiry(test: DeclareLogsCase): void {
  test("expire() leaves nothing of a name, its claim included", async ({ logs, other, countEntries, countsNothing }) => {
    const before = await countEntries();
    const claim = await hold(logs, "a");
    await claim.append({ data: "own" });
    await other.open("a").append({ data: "foreign" });
    assert(countsNothing || await countEntries() > before);
    await other.expire("a", SHORT);
    await until(async () => (await logs.inspect("a")).last === undefined);
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

  for (const time of [1e14, 1e15, Number.MAX_SAFE_INTEGER, Infinity]) {
    test(`a name is kept that expires in ${time} ms`, async ({ logs, other }) => {
      const leaseTime = Math.min(time, Number.MAX_SAFE_INTEGER);
      const claim = await logs.claim("a", { leaseTime, expireIn: time });
      await claim!.append({ data: "a" });
      assertEquals(await claim!.renew(), true);
      await logs.open("b", { expireIn: time }).append({ data: "b" });
      await other.expire("b", leaseTime);
      for (const name of ["a", "b"]) {
        assertEquals((await other.inspect(name)).last?.data, name);
      }
    });
  }

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

/** Declares the cases of events that the engine has lost. */
export function testLoss(test: DeclareLogsCase): void {
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
      // It has seen it, and comes back.
      const back = await other.open("a").read(ids[2]!);
      const rest = foreign ? ["foreign", "3"] : ["3"];
      assertEquals(back.events.map(({ data }) => data), rest);
      assertEquals(back.gap, false);
      // It comes late.
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

export function testAfterEnd(test: DeclareLogsCase): void {
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
    const following = new Following(log, lost);
    try {
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
      const late = new Following(log, after);
      try {
        await late.until((batches) => batches.length > 0);
        ids.push(await log.append({ data: "4" }));
        await late.untilEvents(1);
        assertEquals([late.batches[0], late.ids], [end, ids.slice(4)]);
      } finally {
        await late[Symbol.asyncDispose]();
      }
    } finally {
      await following[Symbol.asyncDispose]();
    }
  });
}

function idAfter(first: string, second: string): string {
  const [number, last] = [first, second].map((id) => Number(id.split("-")[1]));
  return `${second.split("-")[0]}-${2 * last! - number!}`;
}
