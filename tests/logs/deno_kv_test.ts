// Copyright 2026 the Tidings authors. MIT license.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { EventChannel } from "../../channel.ts";
import {
  DenoKvEventLog,
  type DenoKvEventLogOptions,
  type KvAtomic,
  type KvStore,
} from "../../logs/deno_kv.ts";
import { BodyClient, makeRequest, until } from "../channel/_clients.ts";
import {
  appendAll,
  Following,
  numbers,
  readAll,
} from "../conformance/event_log_readers.ts";
import { afterSequence } from "../conformance/event_log_cursors_suite.ts";
import { testEventLog } from "../conformance/event_log_suite.ts";
import { MAX_EVENTS, testCursors } from "../channel/_cursors_model.ts";
import { testConflation } from "../channel/_conflation_model.ts";
import { testDisconnect } from "../channel/_disconnect_suite.ts";
import { testSnapshot } from "../channel/_snapshot_model.ts";
import { testTopicSets } from "../channel/_topic_sets_model.ts";
import type { MakeStorage } from "../channel/_storage.ts";
import { testTopics } from "../channel/_topics_model.ts";

testEventLog("DenoKvEventLog (in memory)", async ({ maxEvents }) => {
  const kv = await Deno.openKv(":memory:");
  const log = new DenoKvEventLog(kv, ["log"], { maxEvents });
  return { log, close: () => kv.close() };
}, { ownIds: false, makeCursorAfter: afterSequence });

testEventLog("DenoKvEventLog (in a file)", async ({ maxEvents }) => {
  const directory = await Deno.makeTempDir();
  const kv = await Deno.openKv(`${directory}/kv.db`);
  const log = new DenoKvEventLog(kv, ["log"], { maxEvents });
  return {
    log,
    close: async () => {
      kv.close();
      await Deno.remove(directory, { recursive: true });
    },
  };
}, { ownIds: false, makeCursorAfter: afterSequence });

const openModel: MakeStorage = async (_, maxEvents) => {
  const kv = await Deno.openKv(":memory:");
  return {
    open: () => new DenoKvEventLog(kv, ["log"], { maxEvents }),
    close: () => kv.close(),
  };
};

testTopics("DenoKvEventLog", openModel, { runs: 3 });

testTopicSets("DenoKvEventLog", openModel, { runs: 3 });

testConflation("DenoKvEventLog", openModel, { runs: 2 });

testDisconnect("DenoKvEventLog", async () => {
  const kv = await Deno.openKv(":memory:");
  return {
    open: () => new DenoKvEventLog(kv, ["log"], { pollInterval: 20 }),
    close: () => kv.close(),
  };
});

testSnapshot("DenoKvEventLog", openModel, { runs: 3 });

testCursors("DenoKvEventLog", async () => {
  const kv = await Deno.openKv(":memory:");
  let commands = 0;
  const store: KvStore = {
    get: (key) => {
      commands++;
      return kv.get(key);
    },
    list: (selector, options) => {
      commands++;
      return kv.list(selector as Deno.KvListSelector, options);
    },
    watch: (keys) => kv.watch(keys as Deno.KvKey[]),
    atomic: () => kv.atomic() as KvAtomic,
  };
  const log = new DenoKvEventLog(store, ["log"], {
    maxEvents: MAX_EVENTS,
    pollInterval: Infinity,
  });
  return { log, countCommands: () => commands, close: () => kv.close() };
});

Deno.test("DenoKvEventLog() throws if an option is wrong", async () => {
  using kv = await Deno.openKv(":memory:");
  const wrong: [DenoKvEventLogOptions, typeof TypeError][] = [
    [{ maxEvents: 0 }, RangeError],
    [{ maxEvents: 1.5 }, RangeError],
    [{ maxAge: 0 }, RangeError],
    [{ pollInterval: 0 }, RangeError],
    [{ pollInterval: 2 ** 31 }, RangeError],
    [{ timeout: NaN }, RangeError],
    [{ timeout: "1" as unknown as number }, TypeError],
  ];
  for (const [options, error] of wrong) {
    assertThrows(() => new DenoKvEventLog(kv, ["log"], options), error);
  }
});

for (const maxAge of [1e14, 1e15, Number.MAX_SAFE_INTEGER]) {
  Deno.test(`DenoKvEventLog keeps events for ${maxAge} ms`, async () => {
    using kv = await Deno.openKv(":memory:");
    const log = new DenoKvEventLog(kv, ["log"], { maxAge });
    await appendAll(log, ["a", "b"]);
    const { events } = await log.read(await log.rewind(2));
    assertEquals(events.map(({ data }) => data), ["a", "b"]);
  });
}

Deno.test("DenoKvEventLog keeps logs of different prefixes apart", async () => {
  using kv = await Deno.openKv(":memory:");
  const a = new DenoKvEventLog(kv, ["log"]);
  const b = new DenoKvEventLog(kv, ["log", "blocks"]);
  await appendAll(a, numbers(3));
  await appendAll(b, ["b"]);
  assertEquals(dataOf(await readAll(b, await b.rewind(Infinity))), ["b"]);
  assertEquals(dataOf(await readAll(a, await a.rewind(Infinity))), numbers(3));
});

Deno.test("DenoKvEventLog.append() splits events that an entry cannot hold", async () => {
  using kv = await Deno.openKv(":memory:");
  const log = new DenoKvEventLog(kv, ["log"]);
  const start = await log.rewind(0);
  const sizes = [65_400, 65_500, 65_536, 65_600, 131_072, 400_000];
  const data = sizes.flatMap((size) => ["small", "é".repeat(size / 2), "🎈"]);
  await appendAll(log, data);
  for (const text of data) await log.append({ data: text });
  assertEquals(dataOf(await readAll(log, start)), [...data, ...data]);
});

Deno.test("DenoKvEventLog.append() refuses an event of more than 512 KiB", async () => {
  using kv = await Deno.openKv(":memory:");
  const log = new DenoKvEventLog(kv, ["log"]);
  await log.append({ data: "x".repeat(524_000) });
  await assertRejects(
    () => log.append({ data: "x".repeat(524_288) }),
    RangeError,
    "expected at most 524288 bytes of JSON",
  );
  assertEquals((await log.read(await log.rewind(Infinity))).events.length, 1);
});

Deno.test("DenoKvEventLog.append() keeps all events of writers at once", async () => {
  using kv = await Deno.openKv(":memory:");
  const logs = numbers(4).map(() => new DenoKvEventLog(kv, ["log"]));
  await Promise.all(logs.map(async (log, writer) => {
    for (const data of numbers(50)) {
      await log.append({ event: String(writer), data });
    }
  }));
  const { events } = await readAll(logs[0]!, await logs[0]!.rewind(Infinity));
  assertEquals(events.length, 200);
  for (const writer of numbers(4)) {
    const own = events.filter(({ event }) => event === writer);
    assertEquals(own.map(({ data }) => data), numbers(50));
  }
});

Deno.test("DenoKvEventLog.append() rejects if others are always quicker", async () => {
  using kv = await Deno.openKv(":memory:");
  const log = new DenoKvEventLog(faulty(kv, { commit: () => "conflict" }), [
    "log",
  ]);
  await new DenoKvEventLog(kv, ["log"]).append({ data: "other" });
  await assertRejects(
    () => log.append({ data: "a" }),
    Error,
    "commits conflicted with those of other writers",
  );
});

Deno.test("DenoKvEventLog.append() writes once where the answer is lost", async () => {
  using kv = await Deno.openKv(":memory:");
  const fates: Fate[] = ["lost", "failed", "lost", "denied", "done", "failed"];
  const log = new DenoKvEventLog(
    faulty(kv, { commit: () => fates.shift() ?? "done" }),
    ["log"],
  );
  const other = new DenoKvEventLog(kv, ["log"]);
  // The log is begun by another, so that each commit is that of an append.
  const start = await other.rewind(0);
  const ids: string[] = [];
  for (const data of numbers(6)) ids.push(await log.append({ data }));
  assertEquals(fates, []);
  const { events } = await readAll(other, start);
  assertEquals(events.map(({ data }) => data), numbers(6));
  assertEquals(events.map(({ id }) => id), ids);
});

Deno.test("DenoKvEventLog.append() rejects with a TimeoutError if there is no answer", async () => {
  using kv = await Deno.openKv(":memory:");
  let fate: Fate = "silent";
  const store = faulty(kv, { commit: () => fate });
  const log = new DenoKvEventLog(store, ["log"], { timeout: 200 });
  await new DenoKvEventLog(kv, ["log"]).rewind(0);
  const errors = await Promise.all([
    assertRejects(() => log.append({ data: "a" }), Error, "for 200 ms"),
    assertRejects(() => log.append({ data: "b" }), Error, "for 200 ms"),
  ]);
  assertEquals(errors.map(({ name }) => name), [
    "TimeoutError",
    "TimeoutError",
  ]);
  fate = "done";
  await log.append({ data: "c" });
  assertEquals(dataOf(await log.read(await log.rewind(Infinity))), ["c"]);
});

Deno.test("DenoKvEventLog.append() rejects at once if the store is closed", async () => {
  const kv = await Deno.openKv(":memory:");
  const log = new DenoKvEventLog(kv, ["log"]);
  await log.append({ data: "a" });
  kv.close();
  await assertRejects(() => log.append({ data: "b" }), Deno.errors.BadResource);
});

Deno.test("DenoKvEventLog.append() takes an event back that no commit has taken", async () => {
  using kv = await Deno.openKv(":memory:");
  const log = new DenoKvEventLog(kv, ["log"]);
  const controller = new AbortController();
  const { signal } = controller;
  const calls = [
    log.append({ data: "a" }),
    log.append({ data: "b" }, { signal }),
    log.append({ data: "c" }),
  ];
  controller.abort(new Error("Enough"));
  await assertRejects(() => calls[1]!, Error, "Enough");
  await Promise.all([calls[0], calls[2]]);
  assertEquals(dataOf(await log.read(await log.rewind(9))), ["a", "c"]);
});

Deno.test("DenoKvEventLog.append() rejects all events that wait if a commit fails", async () => {
  let calls = 0;
  const refuse = () => {
    calls++;
    return Promise.reject(new TypeError("It cannot be written"));
  };
  const log = new DenoKvEventLog({ get: refuse } as unknown as KvStore, []);
  const results = await Promise.allSettled(
    // More than one commit takes.
    numbers(300).map((data) => log.append({ data })),
  );
  assert(results.every(({ status }) => status === "rejected"));
  assertEquals(calls, 1);
});

Deno.test("DenoKvEventLog.append() takes many events back about as fast as few", async () => {
  const kv = { get: () => new Promise<never>(() => {}) };
  const time = async (count: number): Promise<number> => {
    const log = new DenoKvEventLog(kv as unknown as KvStore, ["log"], {
      timeout: 1,
    });
    const first = log.append({ data: "it keeps the others waiting" });
    const controllers = numbers(count).map(() => new AbortController());
    const appends = controllers.map(({ signal }) =>
      log.append({ data: "" }, { signal })
    );
    const settled = Promise.allSettled([first, ...appends]);
    await Promise.resolve();
    const start = performance.now();
    for (const controller of controllers) controller.abort();
    const elapsed = performance.now() - start;
    await settled;
    return elapsed / count;
  };
  await time(1000);
  const few = await time(1000);
  const many = await time(48_000);
  assert(many < 8 * few, `${few} ms and ${many} ms for each`);
});

Deno.test("DenoKvEventLog.read() tells of a gap wherever an entry is gone", async () => {
  using kv = await Deno.openKv(":memory:");
  const log = new DenoKvEventLog(kv, ["log"]);
  const ids: string[] = [];
  for (const data of numbers(6)) ids.push(await log.append({ data }));
  const entries = await Array.fromAsync(kv.list({ prefix: ["log", "blocks"] }));
  // They expire one by one, and in no certain order.
  for (const index of [0, 3]) await kv.delete(entries[index]!.key);
  const before = await log.read(ids[0]!);
  assertEquals(before, { ...before, cursor: ids[2]!, gap: false });
  assertEquals(dataOf(before), ["1", "2"]);
  const after = await log.read(before.cursor);
  assertEquals(after.gap, true);
  assertEquals(dataOf(after), ["4", "5"]);
  for (const { key } of entries) await kv.delete(key);
  assertEquals(await log.read(ids[2]!), {
    events: [],
    cursor: ids[5]!,
    gap: true,
  });
});

Deno.test("DenoKvEventLog.read() tells of a gap if the store was emptied", async () => {
  using kv = await Deno.openKv(":memory:");
  const log = new DenoKvEventLog(kv, ["log"]);
  const id = await log.append({ data: "a" });
  for await (const { key } of kv.list({ prefix: [] })) await kv.delete(key);
  assertEquals((await log.read(id)).gap, true);
  assert(await log.append({ data: "b" }) !== id);
  assertEquals(dataOf(await log.read(id)), ["b"]);
});

Deno.test("DenoKvEventLog drops what is too old", async () => {
  using kv = await Deno.openKv(":memory:");
  const expiries: (number | undefined)[] = [];
  const store = faulty(kv, { expireIn: (expiry) => expiries.push(expiry) });
  await new DenoKvEventLog(store, ["log"], { maxAge: 5000 })
    .append({ data: "a" });
  // The head and the block of the event.
  assertEquals(expiries.slice(-2), [undefined, 5000]);
});

Deno.test("DenoKvEventLog.follow() polls if the store reports no change", async () => {
  using kv = await Deno.openKv(":memory:");
  const deaf: KvStore = faulty(kv, { watch: () => new ReadableStream() });
  const log = new DenoKvEventLog(deaf, ["log"], { pollInterval: 5 });
  await using following = new Following(log);
  await following.until((batches) => batches.length > 0);
  await log.append({ data: "a" });
  await following.untilEvents(1);
});

Deno.test("DenoKvEventLog.follow() is woken where it does not look by itself", async () => {
  using kv = await Deno.openKv(":memory:");
  const log = new DenoKvEventLog(kv, ["log"], { pollInterval: Infinity });
  await using following = new Following(log);
  for (const data of numbers(20)) {
    await log.append({ data });
    await following.untilEvents(Number(data) + 1);
  }
});

Deno.test("DenoKvEventLog.follow() fails if the store is closed", async () => {
  const kv = await Deno.openKv(":memory:");
  const log = new DenoKvEventLog(kv, ["log"], { pollInterval: Infinity });
  const following = new Following(log);
  await following.until((batches) => batches.length > 0);
  kv.close();
  await assertRejects(() => following.untilEvents(1));
  await following[Symbol.asyncDispose]();
});

Deno.test("DenoKvEventLog carries a channel over a restart", async () => {
  const directory = await Deno.makeTempDir();
  let lastEventId: string;
  {
    using kv = await Deno.openKv(`${directory}/kv.db`);
    const log = new DenoKvEventLog(kv, ["log"]);
    await using channel = new EventChannel({ log });
    await using client = new BodyClient(channel.serve(makeRequest())).run();
    await channel.publish({ data: "seen" });
    await client.inbox.untilEvents(1);
    lastEventId = client.inbox.lastEventId;
    await channel.publish({ data: "missed" });
  }
  {
    using kv = await Deno.openKv(`${directory}/kv.db`);
    const log = new DenoKvEventLog(kv, ["log"]);
    await using channel = new EventChannel({ log });
    await using client = new BodyClient(
      channel.serve(makeRequest(lastEventId)),
    ).run();
    await channel.publish({ data: "new" });
    await client.inbox.untilEvents(2);
    assertEquals(client.inbox.data, ["missed", "new"]);
  }
  await Deno.remove(directory, { recursive: true });
});

Deno.test("DenoKvEventLog keeps the clients of a channel while the store fails", async () => {
  using kv = await Deno.openKv(":memory:");
  let isDown = false;
  const store = faulty(kv, {
    commit: () => isDown ? "failed" : "done",
    watch: () => isDown ? undefined : kv.watch([["log", "head"]]),
    isDown: () => isDown,
  });
  const log = new DenoKvEventLog(store, ["log"], {
    // What is published while the store answers has to be in time, too.
    timeout: 500,
    pollInterval: 5,
  });
  await using channel = new EventChannel({ log });
  await using client = new BodyClient(channel.serve(makeRequest())).run();
  await channel.publish({ data: "before" });
  await client.inbox.untilEvents(1);
  isDown = true;
  await assertRejects(() => channel.publish({ data: "refused" }), Error);
  await until(() => channel.stalled !== undefined);
  assertEquals(channel.size, 1);
  isDown = false;
  await channel.publish({ data: "after" });
  await client.inbox.untilEvents(2);
  assertEquals(client.inbox.data, ["before", "after"]);
  assertEquals(channel.stalled, undefined);
});

/**
 * What becomes of a commit: `"lost"`, it is done and the answer is lost; `"denied"`, it
 * is done, and the answer is that it was not, as where a store tries again by itself;
 * `"failed"` and `"silent"`, it is not done.
 */
type Fate = "done" | "lost" | "denied" | "failed" | "conflict" | "silent";

interface Faults {
  commit?: () => Fate;
  watch?: () => ReadableStream<unknown> | undefined;
  expireIn?: (expiry: number | undefined) => void;
  isDown?: () => boolean;
}

/** A store that fails as it is told. */
function faulty(kv: KvStore, faults: Faults): KvStore {
  const check = (): void => {
    if (faults.isDown?.()) throw new Error("The store is down");
  };
  return {
    get: async (key) => {
      check();
      return await kv.get(key);
    },
    list: (selector, options) => {
      check();
      return kv.list(selector, options);
    },
    watch: (keys) => {
      check();
      return faults.watch?.() ?? kv.watch(keys);
    },
    atomic: () => faultyAtomic(kv.atomic(), faults),
  };
}

function faultyAtomic(atomic: KvAtomic, faults: Faults): KvAtomic {
  const wrapped: KvAtomic = {
    check: (entry) => (atomic.check(entry), wrapped),
    set: (key, value, options) => {
      faults.expireIn?.(options?.expireIn);
      atomic.set(key, value, options);
      return wrapped;
    },
    delete: (key) => (atomic.delete(key), wrapped),
    commit: async () => {
      const fate = faults.commit?.() ?? "done";
      if (fate === "silent") return await new Promise(() => {});
      if (fate === "failed") throw new Error("The store is down");
      if (fate === "conflict") return { ok: false };
      const result = await atomic.commit();
      if (fate === "lost") throw new Error("The answer is lost");
      return fate === "denied" ? { ok: false } : result;
    },
  };
  return wrapped;
}

function dataOf(
  { events }: { events: readonly { data?: string | undefined }[] },
): (string | undefined)[] {
  return events.map(({ data }) => data);
}

Deno.test("DenoKvEventLog writes no more at once than a commit takes", async () => {
  using kv = await Deno.openKv(":memory:");
  const log = new DenoKvEventLog(kv, ["log"]);
  const start = await log.rewind(0);
  // All of them would be 2 MB, and a commit takes 800 KB.
  const data = "x".repeat(100_000);
  const ids = await Promise.all(
    Array.from({ length: 20 }, () => log.append({ data })),
  );
  const { events } = await log.read(start, { maxBytes: Infinity });
  assertEquals(events.map(({ id }) => id), ids);
});
