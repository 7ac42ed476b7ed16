// Copyright 2026 the Tidings authors. MIT license.

/**
 * The cases of `EventLogs` that are about the end of a claim: a lease that runs out, and
 * another process that takes over.
 *
 * @module
 */

import { EventLogClaimError } from "../log.ts";
import { assert, assertEquals, assertRejects } from "./_assert.ts";
import {
  type DeclareLogsCase,
  hold,
  LONG,
  readData,
  SHORT,
  sleep,
  takeOver,
  until,
  untilClaimed,
} from "./_claims.ts";
import { numbers } from "./_readers.ts";

/** Declares the cases of claims that take the place of others. */
export function testTakeOver(test: DeclareLogsCase): void {
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

/** Declares the cases of leases. */
export function testFences(test: DeclareLogsCase): void {
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
    // Where the engine is busy, the lease may run out once more before it is looked at.
    await until(async () => {
      assertEquals(await claim!.renew(), true);
      return (await other.inspect("a")).isClaimed;
    });
  });
}
