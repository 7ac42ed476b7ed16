// Copyright 2026 the Tidings authors. MIT license.

/** How often a channel reads its log for a herd of clients that reconnect. */

import { assert, assertEquals } from "@std/assert";
import { EventChannel } from "../../channel.ts";
import type { EventLogBatch, EventLogReadOptions } from "../../log.ts";
import { BodyClient, makeRequest, until } from "./_clients.ts";
import { appendAll } from "../conformance/event_log_readers.ts";
import { RemoteLog } from "../support/remote_log.ts";

/** A log that says how many reads are under way, and waits until it may answer. */
class CountingLog extends RemoteLog {
  underWay = 0;
  most = 0;
  /** What each read waits for. */
  gate: Promise<void> = Promise.resolve();

  override async read(
    after: string,
    options?: EventLogReadOptions,
  ): Promise<EventLogBatch> {
    this.underWay++;
    this.most = Math.max(this.most, this.underWay);
    try {
      await this.gate;
      return await super.read(after, options);
    } finally {
      this.underWay--;
    }
  }
}

/** Fills a log with numbers, each with one of some topics. */
async function fill(
  log: RemoteLog,
  count: number,
  topics = 1,
): Promise<string[]> {
  const ids: string[] = [];
  while (ids.length < count) {
    // Each takes a timer, of which workerd has 10 000.
    const length = Math.min(count - ids.length, 1000);
    const numbers = Array.from({ length }, (_, index) => ids.length + index);
    ids.push(
      ...await Promise.all(
        numbers.map((number) =>
          log.append({ data: `${number}` }, {
            topics: [`${number % topics}`],
          })
        ),
      ),
    );
  }
  log.calls.read = 0;
  return ids;
}

/** Waits for the end of all that clients are owed, and gives what each has got. */
async function settle(
  channel: EventChannel,
  clients: readonly BodyClient[],
): Promise<string[][]> {
  const id = await channel.publish({ data: "end" });
  for (const { inbox } of clients) {
    await inbox.until(() => inbox.lastEventId === id);
  }
  return clients.map(({ inbox }) => inbox.data.slice(0, -1));
}

async function dispose(clients: readonly BodyClient[]): Promise<void> {
  for (const client of clients) await client[Symbol.asyncDispose]();
}

Deno.test("EventChannel reads a history once for all clients that come back to one cursor", async () => {
  const log = new CountingLog();
  const ids = await fill(log, 3000, 10);
  await using channel = new EventChannel({ log, liveSegmentBytes: 0 });
  const clients = Array.from({ length: 100 }, (_, index) =>
    new BodyClient(
      channel.serve(makeRequest(ids[0]), { topics: [`${index % 10}`] }),
    ).run());
  const received = await settle(channel, clients);
  for (const [index, data] of received.entries()) {
    const expected = Array.from({ length: 300 }, (_, i) => 10 * i + index % 10);
    assertEquals(data, expected.filter((n) => n > 0).map(String));
  }
  // 2999 events in pages of 256, and the end.
  assert(log.calls.read <= 15, `${log.calls.read} reads`);
  await dispose(clients);
});

Deno.test("EventChannel reads a history less than twice for clients that come back to any cursor", async () => {
  const log = new CountingLog();
  const ids = await fill(log, 3000, 500);
  await using channel = new EventChannel({ log, liveSegmentBytes: 0 });
  const clients = ids.filter((_, index) => index % 2 === 0).map((id, index) =>
    new BodyClient(
      channel.serve(makeRequest(id), { topics: [`${2 * index % 500}`] }),
    ).run()
  );
  const received = await settle(channel, clients);
  for (const [index, data] of received.entries()) {
    const first = 2 * index + 500;
    const expected = [];
    for (let n = first; n < 3000; n += 500) expected.push(`${n}`);
    assertEquals(data, expected);
  }
  assert(log.calls.read <= 24, `${log.calls.read} reads`);
  assertEquals(log.most, 1);
  await dispose(clients);
});

Deno.test("EventChannel reads a history less than three times for clients that come one after the other", async () => {
  const log = new CountingLog();
  const ids = await fill(log, 6000, 1000);
  await using channel = new EventChannel({ log, liveSegmentBytes: 0 });
  const clients: BodyClient[] = [];
  for (let index = 0; index < 500; index++) {
    // All over the history, and owed one event at least.
    const position = index * 3571 % 5000;
    const options = { topics: [`${position % 1000}`] };
    const response = channel.serve(makeRequest(ids[position]), options);
    clients.push(new BodyClient(response).run());
    if (index % 50 === 0) {
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }
  const received = await settle(channel, clients);
  for (const [index, data] of received.entries()) {
    const expected = [];
    const first = index * 3571 % 5000 + 1000;
    for (let n = first; n < 6000; n += 1000) expected.push(`${n}`);
    assertEquals(data, expected);
  }
  // 6000 events in pages of 256 are 24.
  assert(log.calls.read <= 72, `${log.calls.read} reads`);
  await dispose(clients);
});

Deno.test("EventChannel keeps what it has read for the next client that comes back", async () => {
  const log = new CountingLog();
  const ids = await fill(log, 3000);
  await using channel = new EventChannel({ log, liveSegmentBytes: 0 });
  for (let index = 0; index < 30; index++) {
    const position = index * 1777 % 2999;
    const response = channel.serve(makeRequest(ids[position]), {
      topics: "all",
    });
    await using client = new BodyClient(response).run();
    await client.inbox.untilEvents(2999 - position);
  }
  // 3000 events in pages of 256 are 12.
  assert(log.calls.read <= 24, `${log.calls.read} reads`);
});

Deno.test("EventChannel serves one near the end while very many are far back", async () => {
  const log = new CountingLog({ maxEvents: Infinity });
  const ids = await fill(log, 15_000);
  await using channel = new EventChannel({ log, liveSegmentBytes: 0 });
  const serve = (position: number): BodyClient =>
    new BodyClient(channel.serve(makeRequest(ids[position]), { topics: ["0"] }))
      .run();
  const first = serve(0);
  const near = serve(14_998);
  const others = Array.from({ length: 150 }, (_, index) => serve(100 * index));
  await near.inbox.untilEvents(1);
  assert(first.inbox.events.length < 14_000);
  await settle(channel, [first, near, ...others]);
  assertEquals(first.inbox.events.length, 15_000);
  await dispose([first, near, ...others]);
});

Deno.test("EventChannel fills its live segment before clients that come back after a restart ask the log", async () => {
  const log = new CountingLog();
  const ids = await fill(log, 1000, 100);
  await using channel = new EventChannel({ log });
  const clients = ids.map((id, index) =>
    new BodyClient(
      channel.serve(makeRequest(id), { topics: [`${index % 100}`] }),
    ).run()
  );
  await using latest = new BodyClient(
    channel.serve(makeRequest(), { topics: "all" }),
  ).run();
  const received = await settle(channel, [...clients, latest]);
  assertEquals(received.pop(), []);
  for (const [index, data] of received.entries()) {
    const expected = [];
    for (let n = index + 100; n < 1000; n += 100) expected.push(`${n}`);
    assertEquals(data, expected);
  }
  // A sample, and four pages; both begin with a rewind.
  assert(log.calls.read <= 8, `${log.calls.read} reads`);
  await dispose(clients);
});

Deno.test("EventChannel keeps as much of the log's end in its live segment as there is room for", async () => {
  const log = new CountingLog();
  const ids = await fill(log, 3000);
  // 256 and 128 on top of each.
  await using channel = new EventChannel({ log, liveSegmentBytes: 500 * 430 });
  const late = new BodyClient(
    channel.serve(makeRequest(ids.at(-400)), { topics: ["0"] }),
  ).run();
  assertEquals((await settle(channel, [late]))[0]?.length, 399);
  const { read } = log.calls;
  const again = new BodyClient(
    channel.serve(makeRequest(ids.at(-400)), { topics: ["0"] }),
  ).run();
  assertEquals((await settle(channel, [again]))[0]?.length, 400);
  assertEquals(log.calls.read, read);
  const early = new BodyClient(
    channel.serve(makeRequest(ids.at(-1000)), { topics: ["0"] }),
  ).run();
  assertEquals((await settle(channel, [early]))[0]?.length, 1001);
  assert(log.calls.read > read);
  await dispose([late, again, early]);
});

Deno.test("EventChannel serves clients near the end while one is far back, or does not read", async () => {
  const log = new CountingLog();
  const ids = await fill(log, 5000);
  await using channel = new EventChannel({ log, liveSegmentBytes: 0 });
  const options = { topics: ["0"] };
  const stuck = new BodyClient(channel.serve(makeRequest(ids[0]), options));
  await stuck.read();
  const far = new BodyClient(channel.serve(makeRequest(ids[0]), options)).run();
  const near = new BodyClient(
    channel.serve(makeRequest(ids.at(-2)), options),
  ).run();
  await near.inbox.untilEvents(1);
  assert(far.inbox.events.length < 4999);
  const received = await settle(channel, [far, near]);
  assertEquals(received.map(({ length }) => length), [4999, 1]);
  stuck.run();
  await stuck.inbox.untilEvents(5000);
  await dispose([stuck, far, near]);
});

Deno.test("EventChannel tells many of a gap, and makes no page for each", async () => {
  const log = new CountingLog({ maxEvents: 600 });
  const ids = await fill(log, 1000, 10);
  await using channel = new EventChannel({ log, liveSegmentBytes: 0 });
  const clients = ids.slice(0, 300).map((id, index) =>
    new BodyClient(
      channel.serve(makeRequest(id), { topics: [`${index % 10}`] }),
    ).run()
  );
  const received = await settle(channel, clients);
  for (const [index, [gap, ...data]] of received.entries()) {
    assertEquals(JSON.parse(gap!), { lastEventId: ids[index] });
    // The oldest may have left by now.
    assert(data.length >= 59, `${data.length} events`);
    assertEquals(data.at(-1), `${990 + index % 10}`);
  }
  assertEquals(channel.counters.gaps, 300);
  await dispose(clients);
});

Deno.test("EventChannel asks the log no more once the clients that waited have left", async () => {
  const log = new CountingLog();
  const ids = await fill(log, 2000);
  const gate = Promise.withResolvers<void>();
  await using channel = new EventChannel({ log, liveSegmentBytes: 0 });
  await using witness = new BodyClient(channel.serve(makeRequest())).run();
  await witness.inbox.until(() => witness.inbox.lastEventId !== "");
  log.gate = gate.promise;
  const clients = ids.slice(0, 50).map((id) =>
    new BodyClient(channel.serve(makeRequest(id), { topics: ["0"] })).run()
  );
  await until(() => log.underWay === 1);
  await dispose(clients);
  gate.resolve();
  await until(() => log.underWay === 0);
  await channel.publish({ data: "end" });
  await witness.inbox.untilEvents(1);
  assert(log.calls.read <= 2, `${log.calls.read} reads`);
});

Deno.test("EventChannel hands one chunk of the past to all of a group", async () => {
  for (const liveSegmentBytes of [0, 1_048_576]) {
    const log = new RemoteLog();
    await appendAll(log, Array.from({ length: 500 }, (_, index) => `${index}`));
    await using channel = new EventChannel({ log, liveSegmentBytes });
    const readers = [1, 2, 3].map(() =>
      // The channel's responses have bodies.
      channel.serve(makeRequest(), { replay: 400 }).body!.getReader()
    );
    const chunks = await Promise.all(readers.map((reader) => reader.read()));
    assert(chunks.every(({ value }) => value === chunks[0]?.value));
  }
});

Deno.test("EventChannel on a log in memory has no timer left once its last client is gone", async () => {
  // It is not closed.
  const channel = new EventChannel();
  await channel.publish({ data: "a" });
  const response = channel.serve(makeRequest(), { replay: "all" });
  const client = new BodyClient(response).run();
  await client.inbox.untilEvents(1);
  await client[Symbol.asyncDispose]();
  assertEquals(channel.size, 0);
});
