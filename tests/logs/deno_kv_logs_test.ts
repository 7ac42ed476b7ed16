// Copyright 2026 the Tidings authors. MIT license.

/** Many logs by name in Deno KV: the suite, and what is Deno KV's own. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  DenoKvEventLogs,
  type DenoKvEventLogsOptions,
  type KvAtomic,
  type KvStore,
} from "../../logs/deno_kv.ts";
import { EventRuns } from "../../runs/mod.ts";
import {
  Following,
  numbers,
  readAll,
} from "../conformance/event_log_readers.ts";
import { testEventLogs } from "../conformance/event_logs_suite.ts";
import { makeKvLogs } from "./_kv_logs.ts";
import { Faucet, readRun, until } from "../runs/_fixture.ts";

testEventLogs("DenoKvEventLogs", () => makeKvLogs(), { ownIds: false });

Deno.test("DenoKvEventLogs() throws if an option is wrong", async () => {
  using kv = await Deno.openKv(":memory:");
  const wrong: [DenoKvEventLogsOptions, typeof TypeError][] = [
    [{ pollInterval: 0 }, RangeError],
    [{ timeout: NaN }, RangeError],
    [{ timeout: "1" as unknown as number }, TypeError],
  ];
  for (const [options, error] of wrong) {
    assertThrows(() => new DenoKvEventLogs(kv, ["logs"], options), error);
  }
});

Deno.test("DenoKvEventLogs keeps large events, and refuses larger ones", async () => {
  using kv = await Deno.openKv(":memory:");
  const logs = new DenoKvEventLogs(kv, ["logs"]);
  const claim = await logs.claim("a", { leaseTime: 60_000 });
  const large = "é".repeat(200_000);
  await claim!.append({ data: large });
  await logs.open("a").append({ data: large });
  await logs.expire("a", 60_000);
  const { events } = await readAll(logs.open("a"), claim!.cursor);
  assertEquals(events.map(({ data }) => data), [large, large]);
  assertEquals((await logs.inspect("a")).last?.data, large);
  const larger = { data: "x".repeat(524_288) };
  await assertRejects(() => claim!.append(larger), RangeError);
  await assertRejects(() => logs.open("a").append(larger), RangeError);
});

Deno.test("append() writes once where the answer is lost, also if the claim is renewed meanwhile", async () => {
  using kv = await Deno.openKv(":memory:");
  const fates: true[] = [];
  const logs = new DenoKvEventLogs(losing(kv, fates), ["logs"]);
  const claim = await logs.claim("a", { leaseTime: 60_000 });
  const log = logs.open("a");
  for (const data of numbers(3)) {
    fates.push(true);
    const appended = claim!.append({ data });
    await until(() => fates.length === 0);
    assertEquals(await claim!.renew(), true);
    const id = await appended;
    assertEquals((await logs.inspect("a")).last?.id, id);
    fates.push(true);
    await log.append({ data: "foreign" });
  }
  const { events } = await readAll(log, claim!.cursor);
  assertEquals(
    events.map(({ data }) => data),
    ["0", "foreign", "1", "foreign", "2", "foreign"],
  );
});

Deno.test("tries again where another process has the file", async () => {
  using kv = await Deno.openKv(":memory:");
  const locked = new TypeError("database is locked");
  const fates: (Error | true)[] = [];
  const logs = new DenoKvEventLogs(losing(kv, fates), ["logs"]);
  const claim = await logs.claim("a", { leaseTime: 60_000 });
  fates.push(locked);
  await claim!.append({ data: "a" });
  fates.push(locked);
  assertEquals(await claim!.renew(), true);
  assertEquals((await logs.inspect("a")).last?.data, "a");
});

Deno.test("claim() claims once where the answer is lost", async () => {
  using kv = await Deno.openKv(":memory:");
  const logs = new DenoKvEventLogs(losing(kv, [true]), ["logs"]);
  const claim = await logs.claim("a", { leaseTime: 60_000 });
  await claim!.append({ data: "mine" });
  assertEquals(await logs.claim("a", { leaseTime: 60_000 }), undefined);
});

Deno.test("DenoKvEventLogs runs through two connections to one file", async () => {
  const directory = await Deno.makeTempDir();
  try {
    using kv = await Deno.openKv(`${directory}/kv.db`);
    using otherKv = await Deno.openKv(`${directory}/kv.db`);
    const options = { pollInterval: 20 };
    const logs = new DenoKvEventLogs(kv, ["logs"], options);
    const other = new DenoKvEventLogs(otherKv, ["logs"], options);
    await using here = new EventRuns({ logs });
    await using there = new EventRuns({ logs: other });
    await using following = new Following(other.open("a"));
    await following.until((batches) => batches.length > 0);
    const faucet = new Faucet();
    await here.start("a", faucet.open);
    await using reader = await readRun(there, "a");
    faucet.give(...numbers(300));
    await reader.inbox.untilEvents(300);
    assertEquals(await there.stop("a"), true);
    await reader.end();
    assertEquals(reader.inbox.data, [...numbers(300), "stopped"]);
    assert(following.batches.every(({ gap }) => !gap));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

/** A store that fails in commits, or loses the answers, as long as it is told to. */
function losing(kv: Deno.Kv, fates: (Error | true)[]): KvStore {
  return {
    get: (key) => kv.get(key),
    list: (selector, options) =>
      kv.list(selector as Deno.KvListSelector, options),
    watch: (keys) => kv.watch([...keys]),
    atomic: () => {
      const atomic = kv.atomic();
      const losing: KvAtomic = {
        check: (entry) => (atomic.check(entry), losing),
        set: (...args) => (atomic.set(...args), losing),
        delete: (key) => (atomic.delete(key), losing),
        commit: async () => {
          const fate = fates[0];
          if (fate instanceof Error) {
            fates.shift();
            throw fate;
          }
          const result = await atomic.commit();
          if (result.ok && fates.shift()) throw new Error("The answer is lost");
          return result;
        },
      };
      return losing;
    },
  };
}
