// Copyright 2026 the Tidings authors. MIT license.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { EventChannel } from "../../channel.ts";
import {
  type EventLog,
  type EventLogBatch,
  type EventLogOptions,
  MemoryEventLog,
} from "../../log.ts";
import { BodyClient, makeRequest, until } from "./_clients.ts";
import { afterSequence } from "../conformance/event_log_cursors_suite.ts";
import { testEventLog } from "../conformance/event_log_suite.ts";
import { FakeTime } from "../support/fake_time.ts";
import { RemoteLog } from "../support/remote_log.ts";

testEventLog("RemoteLog", (options) => ({ log: new RemoteLog(options) }), {
  ownIds: true,
  makeCursorAfter: afterSequence,
});

Deno.test("EventChannel.publish() rejects an event that the log does not take, and nobody gets it", async () => {
  const log = new RemoteLog();
  await using channel = new EventChannel({ log });
  await using client = new BodyClient(channel.serve(makeRequest())).run();
  await client.inbox.until(() => client.inbox.lastEventId !== "");
  log.down.add("append");
  await assertRejects(
    () => channel.publish({ data: "lost" }),
    Error,
    "The log is down: append",
  );
  log.down.clear();
  await channel.publish({ data: "kept" });
  await client.inbox.untilEvents(1);
  assertEquals(client.inbox.data, ["kept"]);
});

Deno.test("EventChannel.publish() keeps the order of the calls on a log that is far away", async () => {
  await using channel = new EventChannel({ log: new RemoteLog() });
  await using client = new BodyClient(channel.serve(makeRequest())).run();
  await client.inbox.until(() => client.inbox.lastEventId !== "");
  await Promise.all(numbers(100).map((data) => channel.publish({ data })));
  await client.inbox.untilEvents(100);
  assertEquals(client.inbox.data, numbers(100));
});

Deno.test("EventChannel keeps its clients while it cannot follow the log", async () => {
  const log = new RemoteLog();
  const errors: unknown[] = [];
  await using channel = new EventChannel({
    log,
    onError: (error) => errors.push(error),
  });
  await using client = new BodyClient(channel.serve(makeRequest())).run();
  await channel.publish({ data: "before" });
  await client.inbox.untilEvents(1);
  assertEquals(channel.stalled, undefined);
  const before = Date.now();
  log.down.add("follow");
  await until(() => errors.length >= 1);
  const first = channel.stalled?.since;
  await until(() => errors.length >= 2);
  const { since, error } = channel.stalled!;
  assert(since >= before && since <= Date.now());
  assertEquals(since, first);
  assert(error === errors.at(-1));
  assertEquals(channel.size, 1);
  for (const data of ["a", "b"]) await channel.publish({ data });
  log.down.clear();
  await client.inbox.untilEvents(3);
  assertEquals(client.inbox.data, ["before", "a", "b"]);
  assertEquals(channel.stalled, undefined);
});

Deno.test("EventChannel starts its clients once it can follow the log", async () => {
  const log = new RemoteLog();
  log.down.add("follow");
  await using channel = new EventChannel({ log });
  await using client = new BodyClient(channel.serve(makeRequest())).run();
  await until(() => channel.stalled !== undefined);
  log.down.clear();
  await client.inbox.until(() => client.inbox.lastEventId !== "");
  await channel.publish({ data: "a" });
  await client.inbox.untilEvents(1);
  assertEquals(client.inbox.data, ["a"]);
});

Deno.test("EventChannel keeps a client for which it cannot read the log", async () => {
  const log = new RemoteLog();
  const errors: unknown[] = [];
  await using channel = new EventChannel({
    log,
    onError: (error) => errors.push(error),
  });
  const start = await log.rewind(0);
  for (const data of numbers(5)) await channel.publish({ data });
  log.down.add("read");
  await using resuming = new BodyClient(
    channel.serve(makeRequest(start)),
  ).run();
  await using replaying = new BodyClient(
    channel.serve(makeRequest(), { replay: 2 }),
  ).run();
  await until(() => errors.length >= 4);
  assertEquals(channel.size, 2);
  log.down.clear();
  await resuming.inbox.untilEvents(5);
  await replaying.inbox.untilEvents(2);
  assertEquals(resuming.inbox.data, numbers(5));
  assertEquals(replaying.inbox.data, ["3", "4"]);
});

Deno.test("EventChannel lets a client leave while it cannot read the log", async () => {
  const log = new RemoteLog();
  await using channel = new EventChannel({ log });
  log.down.add("read");
  const client = new BodyClient(channel.serve(makeRequest("any"))).run();
  await until(() => log.calls.read > 0);
  await client[Symbol.asyncDispose]();
  assertEquals(channel.size, 0);
});

Deno.test("EventChannel sends each event once to a client that is ahead of the follower", async () => {
  const log = new RemoteLog();
  await using channel = new EventChannel({ log });
  await using witness = new BodyClient(channel.serve(makeRequest())).run();
  await channel.publish({ data: "0" });
  await witness.inbox.untilEvents(1);
  log.down.add("follow");
  const id = await channel.publish({ data: "1" });
  await channel.publish({ data: "2" });
  const { read, follow } = log.calls;
  // It reads the log up to where the follower has not come.
  await using ahead = new BodyClient(channel.serve(makeRequest(id))).run();
  await ahead.inbox.untilEvents(1);
  assertEquals(witness.inbox.data, ["0"]);
  // It waits for the follower, and does not ask the log again and again: once more only where
  // the follower, too, has asked again meanwhile.
  for (let i = 0; i < 5; i++) await log.rewind(0);
  const reads = log.calls.read - read - 5 - (log.calls.follow - follow);
  assert(reads <= 2, `${reads} reads`);
  log.down.clear();
  await channel.publish({ data: "3" });
  await ahead.inbox.untilEvents(2);
  await witness.inbox.untilEvents(4);
  assertEquals(ahead.inbox.data, ["2", "3"]);
  assertEquals(witness.inbox.data, ["0", "1", "2", "3"]);
});

Deno.test("EventChannel reads no more than the live segment lacks from a log", async () => {
  const log = new RemoteLog();
  await using channel = new EventChannel({ log });
  await using witness = new BodyClient(channel.serve(makeRequest())).run();
  await witness.inbox.until(() => witness.inbox.lastEventId !== "");
  const ids: string[] = [];
  for (const data of numbers(20)) ids.push(await channel.publish({ data }));
  await witness.inbox.untilEvents(20);
  const { read } = log.calls;
  for (const id of ids) {
    await using client = new BodyClient(channel.serve(makeRequest(id)));
    await client.read();
  }
  await using replaying = new BodyClient(
    channel.serve(makeRequest(), { replay: 20 }),
  ).run();
  await replaying.inbox.untilEvents(20);
  assertEquals(log.calls.read, read);
});

Deno.test("EventChannel reads what a live segment of liveSegmentBytes lacks, however small the events", async () => {
  const log = new RemoteLog();
  await using channel = new EventChannel({ log, liveSegmentBytes: 10_000 });
  await using witness = new BodyClient(channel.serve(makeRequest())).run();
  await witness.inbox.until(() => witness.inbox.lastEventId !== "");
  const ids: string[] = [];
  for (const data of numbers(100)) ids.push(await channel.publish({ data }));
  await witness.inbox.untilEvents(100);
  const { read } = log.calls;
  await using client = new BodyClient(channel.serve(makeRequest(ids[40])));
  await client.run().inbox.untilEvents(59);
  assert(log.calls.read > read);
  assertEquals(client.inbox.data, numbers(100).slice(41));
});

Deno.test("EventChannel does not describe a gap to a client that has left", async () => {
  const log = new RemoteLog();
  const asked = Promise.withResolvers<void>();
  const left = Promise.withResolvers<void>();
  const read = log.read.bind(log);
  log.read = async (after, options) => {
    if (after === "unknown") {
      asked.resolve();
      await left.promise;
    }
    return await read(after, options);
  };
  let calls = 0;
  await using channel = new EventChannel({
    log,
    onGap: () => {
      calls++;
      return [];
    },
  });
  const client = new BodyClient(channel.serve(makeRequest("unknown"))).run();
  await asked.promise;
  await client[Symbol.asyncDispose]();
  left.resolve();
  for (let i = 0; i < 5; i++) await log.rewind(0);
  assertEquals(calls, 0);
  assertEquals(channel.counters.gaps, 0);
});

Deno.test("EventChannel hands out what came before a gap in the same event loop turn", async () => {
  const log = new ScriptedLog();
  await using channel = new EventChannel({ log });
  await using client = new BodyClient(channel.serve(makeRequest()));
  await client.read();
  client.run();
  await until(() => channel.counters.bytes > 0);
  log.give(["1", "2"]);
  log.give(["8", "9"], true);
  await client.inbox.untilEvents(5);
  assertEquals(client.inbox.data, ["1", "2", '{"lastEventId":"2"}', "8", "9"]);
  assertEquals(channel.counters.overflows, 0);
  // No client is at the cursor before "8".
  await using late = new BodyClient(channel.serve(makeRequest("7"))).run();
  await late.inbox.untilEvents(1);
  assertEquals(late.inbox.events[0]?.event, "gap");
  await using replaying = new BodyClient(
    channel.serve(makeRequest(), { replay: 2 }),
  ).run();
  await replaying.inbox.untilEvents(2);
  assertEquals(replaying.inbox.data, ["8", "9"]);
});

Deno.test("EventChannel tells its clients if the follower meets a gap, and they stay", async () => {
  const log = new RemoteLog({ maxEvents: 2 });
  await using channel = new EventChannel({ log });
  await using client = new BodyClient(channel.serve(makeRequest())).run();
  const lastEventId = await channel.publish({ data: "before" });
  await client.inbox.untilEvents(1);
  log.down.add("follow");
  await until(() => channel.stalled !== undefined);
  for (const data of numbers(5)) await channel.publish({ data });
  log.down.clear();
  await client.inbox.untilEvents(4);
  await channel.publish({ data: "after" });
  await client.inbox.untilEvents(5);
  const gap = JSON.stringify({ lastEventId });
  assertEquals(client.inbox.data, ["before", gap, "3", "4", "after"]);
  assertEquals(client.inbox.events[1]?.event, "gap");
  const { gaps, overflows } = channel.counters;
  assertEquals([gaps, overflows], [1, 0]);
});

Deno.test("EventChannel tells a quiet client its cursor if the log continues there after a gap", async () => {
  const log = new ScriptedLog();
  await using channel = new EventChannel({ log });
  const response = channel.serve(makeRequest(), { topics: ["a"] });
  await using client = new BodyClient(response).run();
  await client.inbox.until(() => client.inbox.lastEventId === "0");
  const event = { id: "1", data: "1", topics: ["b"] };
  log.onBatch({ events: [event], cursor: "1", gap: false });
  log.onBatch({ events: [], cursor: "1", gap: true });
  await client.inbox.until(() => client.inbox.lastEventId === "1");
  assertEquals(client.inbox.events, []);
});

Deno.test("EventChannel.close() ends while the log does not answer", async () => {
  class SilentLog extends ScriptedLog {
    override read(_after: string, options: EventLogOptions): Promise<never> {
      return untilAborted(options.signal);
    }
    override rewind(_count: number, options: EventLogOptions): Promise<never> {
      return untilAborted(options.signal);
    }
  }
  const channel = new EventChannel({ log: new SilentLog() });
  const clients = [
    new BodyClient(channel.serve(makeRequest())),
    new BodyClient(channel.serve(makeRequest("any"))),
    new BodyClient(channel.serve(makeRequest(), { replay: 5 })),
  ];
  const ends = clients.map((client) => client.end());
  await channel.close();
  await Promise.all(ends);
  assertEquals(channel.stalled, undefined);
});

Deno.test("EventChannel.close() ends while it waits to follow the log again", async () => {
  const log = new RemoteLog();
  log.down.add("follow").add("read");
  const channel = new EventChannel({ log });
  await using client = new BodyClient(channel.serve(makeRequest("any")));
  await until(() => channel.stalled !== undefined && log.calls.read > 0);
  await channel.close();
  await client.end();
});

for (const part of ["follow", "read", "rewind"] as const) {
  Deno.test(`EventChannel.close() leaves no timer if onError calls it: ${part} fails`, async () => {
    using time = new FakeTime();
    const log = Object.assign(new MemoryEventLog(), {
      [part]: () => Promise.reject(new Error("The log is down")),
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    const channel: EventChannel = new EventChannel({
      log,
      keepAlive: 0,
      onError: () => resolve(channel.close()),
    });
    const response = part === "rewind"
      ? channel.serve(makeRequest(), { replay: 5 })
      : channel.serve(makeRequest("unknown"));
    assertEquals(await response.text(), "");
    await promise;
    assertEquals(time.timers.size, 0);
  });
}

function numbers(count: number): string[] {
  return Array.from({ length: count }, (_, index) => String(index));
}

/** A log that gives followers what it is told to, and which has nothing to read. */
class ScriptedLog implements EventLog {
  // `follow` sets it.
  onBatch!: (batch: EventLogBatch) => void;
  #last: readonly string[] = [];

  /** Gives events with these IDs. */
  give(ids: readonly string[], gap = false): void {
    this.#last = ids;
    const events = ids.map((id) => ({ id, data: id }));
    this.onBatch({ events, cursor: ids.at(-1)!, gap });
  }

  append(): Promise<string> {
    return Promise.reject(new Error("Nothing is appended here"));
  }

  read(_after: string, _options: EventLogOptions): Promise<EventLogBatch> {
    const events = this.#last.map((id) => ({ id, data: id }));
    return Promise.resolve({ events, cursor: this.#last.at(-1)!, gap: true });
  }

  rewind(_count: number, _options: EventLogOptions): Promise<string> {
    return Promise.resolve("before");
  }

  follow(
    onBatch: (batch: EventLogBatch) => void,
    options: EventLogOptions = {},
  ): Promise<never> {
    this.onBatch = onBatch;
    onBatch({ events: [], cursor: "0", gap: false });
    return untilAborted(options.signal);
  }
}

function untilAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason));
  });
}
