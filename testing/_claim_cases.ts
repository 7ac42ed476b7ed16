// Copyright 2026 the Tidings authors. MIT license.

/**
 * The cases of `EventLogs` that are about claims: who gets a name, and what is appended
 * under it.
 *
 * @module
 */

import { assertEquals } from "./_assert.ts";
import { type DeclareLogsCase, hold, LONG, readData } from "./_claims.ts";
import { appendAll, Following, numbers, readAll } from "./_readers.ts";

/** Declares the cases of claims. */
export function testClaims(test: DeclareLogsCase): void {
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
}

/** Declares the cases of what is appended under a claim. */
export function testClaimAppends(test: DeclareLogsCase): void {
  test("append() of a claim and of others keep one order", async ({ logs, other }) => {
    const claim = await hold(logs, "a");
    const following = new Following(other.open("a"), claim.cursor);
    try {
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
    } finally {
      await following[Symbol.asyncDispose]();
    }
  });

  test("an event that was appended with others has a cursor of its own", async ({ logs, other }) => {
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
      const following = new Following(log, id);
      try {
        await following.untilEvents(rest.length);
        assertEquals(following.ids, rest);
      } finally {
        await following[Symbol.asyncDispose]();
      }
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
