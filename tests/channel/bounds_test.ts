// Copyright 2026 the Tidings authors. MIT license.

/** What a channel keeps for clients that come back, and how long it works without a pause. */

import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { EventChannel } from "../../channel.ts";
import {
  type EventLog,
  type EventLogAppendOptions,
  type EventLogBatch,
  type EventLogFollowOptions,
  type EventLogReadOptions,
  MemoryEventLog,
} from "../../log.ts";
import type { TextEventInit } from "../../event.ts";
import { BodyClient, Inbox, makeRequest, until } from "./_clients.ts";
import { appendAll } from "../conformance/event_log_readers.ts";
import { FakeTime } from "../support/fake_time.ts";
import { RemoteLog } from "../support/remote_log.ts";

/** Clients read the log itself. */
const NO_RING = { liveSegmentBytes: 0 };

/** A log that answers without a timer, counts its reads, and does not say what it has. */
class CountingLog implements EventLog {
  reads = 0;
  readonly #log = new MemoryEventLog({ maxBytes: Infinity });

  append(
    event: TextEventInit,
    options?: EventLogAppendOptions,
  ): Promise<string> {
    return this.#log.append(event, options);
  }

  read(after: string, options?: EventLogReadOptions): Promise<EventLogBatch> {
    this.reads++;
    return this.#log.read(after, options);
  }

  rewind(count: number): Promise<string> {
    return this.#log.rewind(count);
  }

  follow(
    onBatch: (batch: EventLogBatch) => void,
    options?: EventLogFollowOptions,
  ): Promise<never> {
    return this.#log.follow(onBatch, options);
  }
}

Deno.test("EventChannel keeps what it has read of its log for seconds, not for minutes", async () => {
  using time = new FakeTime();
  const log = new CountingLog();
  const [first] = await appendAll(log, ["a", "b", "c"]);
  await using channel = new EventChannel({ ...NO_RING, log, keepAlive: 0 });

  /** Has a client read what it has missed; gives how often the log was read for it. */
  async function comeBack(): Promise<number> {
    const before = log.reads;
    await using client = new BodyClient(channel.serve(makeRequest(first)));
    await client.run().inbox.untilEvents(2);
    return log.reads - before;
  }

  assert(await comeBack() > 0);
  time.pass(1000);
  assertEquals(await comeBack(), 0);
  // Its age counts, however often it was of use.
  for (let second = 2; second <= 60; second++) time.pass(1000);
  assert(await comeBack() > 0);
  time.pass(60_000);
  // Nothing is left, and no timer either.
  assertEquals(time.timers.size, 0);
});

Deno.test("EventChannel keeps megabytes of joined past events for a group, not all of them", async () => {
  const log = new MemoryEventLog();
  const start = await log.rewind(0);
  const data = "x".repeat(65_000);
  for (let i = 0; i < 100; i++) await log.append({ data });
  await using channel = new EventChannel({ log });
  const open = (): ReadableStreamDefaultReader<Uint8Array> =>
    // The channel's responses have bodies.
    channel.serve(makeRequest(start)).body!.getReader();

  // Chunks are kept for the others of a group, so it has another.
  const reader = open();
  const other = open();
  const inbox = new Inbox();
  const chunks: (Uint8Array | undefined)[] = [];
  while (inbox.events.length < 100) {
    const { value } = await reader.read();
    chunks.push(value);
    inbox.push(value!);
  }
  const late = open();
  const { value: first } = await late.read();
  assertEquals(first, chunks[0]);
  // The very same bytes would mean that all 6.5 MB are kept.
  assert(first !== chunks[0]);
  // Without a bound's worth of newer chunks, it is the same.
  assertStrictEquals((await open().read()).value, first);
  for (const each of [reader, other, late]) await each.cancel();
});

/** A clock that stands still until a test moves it. The timers are the real ones. */
class StandingClock implements Disposable {
  now = 0;
  readonly #performance = globalThis.performance;

  constructor() {
    Object.assign(globalThis, { performance: { now: () => this.now } });
  }

  [Symbol.dispose](): void {
    Object.assign(globalThis, { performance: this.#performance });
  }
}

for (
  const [place, options] of [["the log", NO_RING], ["memory", {}]] as const
) {
  Deno.test(`EventChannel lets timers run while very many clients go on at once from ${place}`, async () => {
    using clock = new StandingClock();
    const log = new RemoteLog();
    const [first] = await appendAll(log, ["a", "b"]);
    await using channel = new EventChannel({ ...options, log, keepAlive: 0 });
    let served = 0;
    let servedBefore: number | undefined;
    const clients = Array.from({ length: 100 }, () => {
      // Each client takes a millisecond.
      const filter = (): boolean => {
        clock.now++;
        if (++served === 1) setTimeout(() => servedBefore = served, 0);
        return true;
      };
      return new BodyClient(channel.serve(makeRequest(first), { filter }));
    });
    for (const client of clients) client.run();
    for (const client of clients) await client.inbox.untilEvents(1);
    assertEquals(served, 100);
    await until(() => servedBefore !== undefined);
    assert(servedBefore! <= 20, `${servedBefore} before a timer`);
    for (const client of clients) await client[Symbol.asyncDispose]();
  });
}

Deno.test("EventChannel sends its keep-alive comments to a few hundred clients at a time", async () => {
  await using channel = new EventChannel({ keepAlive: 200 });
  const clients = Array.from(
    { length: 700 },
    () => new BodyClient(channel.serve(makeRequest())).run(),
  );
  let turn = 0;
  let timer = setTimeout(function next() {
    turn++;
    timer = setTimeout(next, 0);
  }, 0);
  const perTurn = new Map<number, number>();
  await Promise.all(clients.map(async ({ inbox }) => {
    await inbox.until(() => inbox.comments.length > 0);
    perTurn.set(turn, (perTurn.get(turn) ?? 0) + 1);
  }));
  clearTimeout(timer);
  const most = Math.max(...perTurn.values());
  assert(most <= 300, `${most} at a time`);
  for (const client of clients) await client[Symbol.asyncDispose]();
});

Deno.test("EventChannel tries to follow its log again after ten seconds at most", async () => {
  using time = new FakeTime();
  const log = Object.assign(new MemoryEventLog(), {
    follow: () => Promise.reject(new Error("The log is down")),
  });
  await using channel = new EventChannel({ log, keepAlive: 0 });
  await using _client = new BodyClient(channel.serve(makeRequest())).run();
  let wait = 0;
  for (let attempt = 0; attempt < 20; attempt++) {
    // The failure takes a few microtasks, and no timer.
    for (let i = 0; i < 50 && time.timers.size === 0; i++) {
      await Promise.resolve();
    }
    const [next] = time.timers.values();
    wait = (next?.due ?? NaN) - time.now;
    assert(wait <= 10_000, `${wait} ms`);
    time.pass(wait);
  }
  assert(wait >= 1000, `${wait} ms`);
});

Deno.test("EventChannel keeps 16 MiB of what it has read of its log, and forgets the oldest", async () => {
  // No page becomes too old.
  using _ = new StandingClock();
  const log = new CountingLog();
  const all = Array.from({ length: 100 }, () => "x".repeat(250_000));
  const ids = await appendAll(log, all);
  await using channel = new EventChannel({ ...NO_RING, log, keepAlive: 0 });

  /** Has a client read one event after an ID; gives how often the log was read. */
  async function readAfter(index: number, count: number): Promise<number> {
    const before = log.reads;
    const response = channel.serve(makeRequest(ids[index]));
    await using client = new BodyClient(response);
    while (client.inbox.events.length < count) await client.read();
    return log.reads - before;
  }

  assert(await readAfter(0, 99) >= 50);
  // Of the 25 MB, the last were kept.
  assertEquals(await readAfter(60, 1), 0);
  assert(await readAfter(0, 1) > 0);
});

Deno.test("EventChannel gives a client that does not read a few chunks of the past, not all", async () => {
  const log = new MemoryEventLog();
  const start = await log.rewind(0);
  for (let i = 0; i < 100; i++) await log.append({ data: "x".repeat(65_000) });
  await using channel = new EventChannel({ log });
  await using idle = new BodyClient(channel.serve(makeRequest(start)));
  await idle.read();
  await using reader = new BodyClient(channel.serve(makeRequest(start))).run();
  await reader.inbox.untilEvents(100);
  const { delivered } = channel.counters;
  assert(delivered <= 105, `${delivered - 100} events for the idle client`);
  await idle.run().inbox.untilEvents(100);
});
