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
import { afterSequence } from "../conformance/event_log_cursors_suite.ts";
import { testEventLogs } from "../conformance/event_logs_suite.ts";
import { makeKvLogs } from "./_kv_logs.ts";
import { Faucet, readRun, readToEnd, until } from "../runs/_fixture.ts";

testEventLogs("DenoKvEventLogs", () => makeKvLogs(), {
  ownIds: false,
  makeCursorAfter: afterSequence,
});

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

Deno.test("a claim writes again what is missing at its end, also while it is silent", async () => {
  const rows = [
    { written: 20, deleted: 12 },
    { written: 20, deleted: 1 },
    // What was written with the claim.
    { written: 0, deleted: 1 },
  ];
  for (const { written, deleted } of rows) {
    for (const isSilent of [false, true]) {
      using kv = await Deno.openKv(":memory:");
      const logs = new DenoKvEventLogs(kv, ["logs"]);
      const claim = await logs.claim("a", {
        leaseTime: 60_000,
        event: { data: "begin" },
      });
      const sent = numbers(written);
      const ids: string[] = [];
      for (const data of sent) ids.push(await claim!.append({ data }));
      const prefix = ["logs", "a", "blocks"];
      const entries = await Array.fromAsync(kv.list({ prefix }));
      for (const { key } of entries.slice(-deleted)) await kv.delete(key);
      if (isSilent) {
        assertEquals(await claim!.renew(), true);
      } else {
        sent.push("next");
        ids.push(await claim!.append({ data: "next" }));
      }
      const { events, gap } = await readAll(logs.open("a"), claim!.cursor);
      assertEquals(gap, false);
      assertEquals(events.map(({ data }) => data), ["begin", ...sent]);
      assertEquals(events.slice(1).map(({ id }) => id), ids);
    }
  }
});

Deno.test("a claim writes again what an older state of the store has not", async () => {
  using kv = await Deno.openKv(":memory:");
  const logs = new DenoKvEventLogs(kv, ["logs"]);
  const claim = await logs.claim("a", { leaseTime: 60_000 });
  const ids: string[] = [];
  for (const data of numbers(10)) ids.push(await claim!.append({ data }));
  const restore = await takeState(kv);
  for (const data of ["10", "11", "12"]) {
    ids.push(await claim!.append({ data }));
  }
  await restore();
  const back = await logs.open("a").read(ids.at(-1)!);
  // Where that is cannot be told: others may have written since.
  assertEquals([back.events, back.cursor, back.gap], [[], ids[9], true]);
  ids.push(await claim!.append({ data: "13" }));
  const { events, gap } = await readAll(logs.open("a"), claim!.cursor);
  assertEquals(gap, false);
  assertEquals(events.map(({ data }) => data), numbers(14));
  assertEquals(events.map(({ id }) => id), ids);
});

Deno.test("a gap is told where others have written in place of what is lost", async () => {
  using kv = await Deno.openKv(":memory:");
  const logs = new DenoKvEventLogs(kv, ["logs"]);
  const claim = await logs.claim("a", { leaseTime: 60_000 });
  for (const data of numbers(10)) await claim!.append({ data });
  const restore = await takeState(kv);
  await claim!.append({ data: "lost" });
  await restore();
  const log = logs.open("a");
  await log.append({ data: "foreign" });
  await claim!.append({ data: "11" });
  await claim!.append({ data: "12" });
  const first = await log.read(claim!.cursor);
  assertEquals(first.events.map(({ data }) => data), [
    ...numbers(10),
    "foreign",
  ]);
  assertEquals(first.gap, false);
  const { events, gap } = await log.read(first.cursor);
  assertEquals(events.map(({ data }) => data), ["11", "12"]);
  assertEquals(gap, true);
});

Deno.test("readers of a run are told a gap where an entry was deleted", async () => {
  for (const which of [-1, 3, 0]) {
    using kv = await Deno.openKv(":memory:");
    const logs = new DenoKvEventLogs(kv, ["logs"], { pollInterval: 20 });
    const errors: unknown[] = [];
    await using runs = new EventRuns({
      logs,
      onError: (error) => errors.push(error),
    });
    const faucet = new Faucet();
    await runs.start("a", faucet.open);
    await using reader = await readRun(runs, "a");
    for (const data of numbers(8)) {
      faucet.give(data);
      await reader.inbox.untilEvents(Number(data) + 1);
    }
    const prefix = ["logs", "a", "blocks"];
    const entries = await Array.fromAsync(kv.list({ prefix }));
    await kv.delete(entries.at(which)!.key);
    if (which !== -1) faucet.end();
    else faucet.fail(new Error("no more"));
    await reader.end();
    const end = which === -1 ? "failed" : "done";
    assertEquals(reader.inbox.data, [...numbers(8), end]);
    errors.length = 0;
    for (let attempt = 0; attempt < 2; attempt++) {
      const late = await readToEnd(runs, "a");
      const gap = late.findIndex((event) => event.startsWith("gap: "));
      // What was missing at the end is there again.
      assertEquals(gap, which === -1 ? -1 : which === 0 ? 0 : 2);
      assertEquals(late.length, which === 3 ? 9 : which === 0 ? 10 : 9);
      assertEquals(errors.length, which === -1 ? 0 : attempt + 1);
    }
  }
});

/** Takes the state of a store, and gives what restores it. */
async function takeState(kv: Deno.Kv): Promise<() => Promise<void>> {
  const before = await Array.fromAsync(kv.list({ prefix: [] }));
  return async () => {
    for await (const { key } of kv.list({ prefix: [] })) await kv.delete(key);
    for (const { key, value } of before) await kv.set(key, value);
  };
}

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

for (
  const [bound, data, count] of [
    ["1000 events", "", 1500],
    ["1 MiB", "x".repeat(100_000), 30],
  ] as const
) {
  Deno.test(`a claim of DenoKvEventLogs keeps ${bound} to write again, and tells a gap before them`, async () => {
    using kv = await Deno.openKv(":memory:");
    const logs = new DenoKvEventLogs(kv, ["logs"]);
    const claim = await logs.claim("a", { leaseTime: 60_000 });
    let id = "";
    for (let i = 0; i < count; i++) id = await claim!.append({ data });
    const log = logs.open("a");
    const bounds = { limit: Infinity, maxBytes: Infinity };
    // An older state of the store: nothing but the head is left.
    for await (const { key, value } of kv.list({ prefix: ["logs"] })) {
      if (value instanceof Uint8Array) await kv.delete(key);
    }
    await claim!.append({ data });
    const { events, gap } = await log.read(claim!.cursor, bounds);
    assertEquals(gap, true);
    assert(events.length < count - 1, `${events.length} of ${count} events`);
    assert(events.length > 5, `${events.length} events`);
    assert(events.some((event) => event.id === id));
    await claim!.release();
  });
}
