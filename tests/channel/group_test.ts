// Copyright 2026 the Tidings authors. MIT license.

import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { EventChannel } from "../../channel.ts";
import { MemoryEventLog } from "../../log.ts";
import { BodyClient, makeRequest, until } from "./_clients.ts";
import { FakeIntervals } from "../support/fake_time.ts";
import { RemoteLog } from "../support/remote_log.ts";

type Reader = ReadableStreamDefaultReader<Uint8Array>;

/** Adds a client that has been told its cursor and waits for more. */
async function park(
  channel: EventChannel,
  options: Parameters<EventChannel["serve"]>[1],
): Promise<Reader> {
  // The channel's responses have bodies.
  const reader = channel.serve(makeRequest(), options).body!.getReader();
  await reader.read();
  return reader;
}

async function readAll(readers: readonly Reader[]): Promise<Uint8Array[]> {
  const results = await Promise.all(readers.map((reader) => reader.read()));
  // None of the streams is over.
  return results.map(({ value }) => value!);
}

function decode(chunk: Uint8Array): string {
  return new TextDecoder().decode(chunk);
}

Deno.test("EventChannel hands one chunk to all clients with the same topics and types", async () => {
  await using channel = new EventChannel();
  const readers = [
    await park(channel, { topics: ["a", "b"] }),
    await park(channel, { topics: ["b", "a", "b"] }),
    await park(channel, { topics: ["a", "b"], types: ["x", "message"] }),
    await park(channel, { topics: ["a", "b"], types: ["message", "x"] }),
  ];
  channel.publish({ data: "1" }, { topics: ["a"] });
  channel.publish({ data: "2" }, { topics: ["b", "a"] });
  const [one, same, typed, sameTyped] = await readAll(readers);
  assertStrictEquals(one, same);
  assertStrictEquals(typed, sameTyped);
  assert(/data: 1\n[^]*data: 2\n/.test(decode(one!)), decode(one!));
});

Deno.test("EventChannel hands one chunk to all clients where an event is for everybody", async () => {
  await using channel = new EventChannel();
  const readers = [
    await park(channel, {}),
    await park(channel, { topics: ["a"] }),
    await park(channel, { topics: ["b"] }),
    await park(channel, { topics: "all" }),
    await park(channel, { filter: () => true }),
  ];
  channel.publish({ data: "1" });
  const [first, ...others] = await readAll(readers);
  // A client that gets everything gets the broadcast as a whole.
  for (const other of others) assertEquals(other, first);
  assertStrictEquals(others[0], first);
  assertStrictEquals(others[1], first);
});

Deno.test("EventChannel gives a broadcast in order to clients that get a part of it", async () => {
  await using channel = new EventChannel();
  const readers = [
    await park(channel, { topics: ["a"] }),
    await park(channel, { topics: ["a", "b"] }),
    await park(channel, {}),
  ];
  channel.publish({ data: "1" }, { topics: ["b"] });
  channel.publish({ data: "2" });
  channel.publish({ data: "3" }, { topics: ["a", "b"] });
  channel.publish({ data: "4" });
  channel.publish({ data: "5" }, { topics: ["c"] });
  const parts = (await readAll(readers)).map((chunk) =>
    [...decode(chunk).matchAll(/data: (\d)/g)].map(([, data]) => data).join("")
  );
  assertEquals(parts, ["234", "1234", "24"]);
});

Deno.test("EventChannel asks nothing of clients that have none of an event's topics", async () => {
  await using channel = new EventChannel();
  let asked = 0;
  const filter = (): boolean => ++asked > 0;
  await using other = new BodyClient(
    channel.serve(makeRequest(), { topics: ["b"], filter }),
  ).run();
  await using client = new BodyClient(
    channel.serve(makeRequest(), { topics: ["a"] }),
  ).run();
  for (let i = 1; i <= 5; i++) {
    const id = await channel.publish({ data: `${i}` }, { topics: ["a"] });
    await client.inbox.untilEvents(i);
    // Nor when it reads the past, in the live segment or in the log.
    await using late = new BodyClient(
      channel.serve(makeRequest(), { topics: ["b"], filter, replay: "all" }),
    ).run();
    await late.inbox.until(() => late.inbox.lastEventId === id);
  }
  assertEquals(asked, 0);
  assertEquals(other.inbox.events, []);
});

Deno.test("EventChannel.counters count a client's own events only", async () => {
  await using channel = new EventChannel();
  await using one = new BodyClient(
    channel.serve(makeRequest(), { topics: ["a"] }),
  ).run();
  await using two = new BodyClient(
    channel.serve(makeRequest(), { topics: ["a", "b"] }),
  ).run();
  channel.publish({ data: "1" }, { topics: ["a", "b"] });
  channel.publish({ data: "2" }, { topics: ["b"] });
  channel.publish({ data: "3" }, { topics: ["c"] });
  channel.publish({ data: "4" });
  await one.inbox.untilEvents(2);
  await two.inbox.untilEvents(3);
  assertEquals(channel.counters.delivered, 5);
});

Deno.test("EventChannel goes on with a client that had no room for its part of a broadcast", async () => {
  await using channel = new EventChannel();
  await using slow = new BodyClient(
    channel.serve(makeRequest(), { topics: ["a"] }),
  );
  await slow.read(); // its cursor
  for (let i = 1; i <= 9; i++) {
    await channel.publish({ data: `${i}` }, { topics: [i % 3 ? "b" : "a"] });
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  slow.run();
  await slow.inbox.untilEvents(3);
  assertEquals(slow.inbox.data, ["3", "6", "9"]);
  await channel.publish({ data: "10" }, { topics: ["a"] });
  await slow.inbox.untilEvents(4);
});

Deno.test("EventChannel tells a client whose topics are quiet a newer cursor with a comment", async () => {
  const log = new MemoryEventLog({ maxEvents: 4 });
  await using channel = new EventChannel({ log, keepAlive: 10 });
  const client = new BodyClient(
    channel.serve(makeRequest(), { topics: ["quiet"] }),
  ).run();
  await client.inbox.until(() => client.inbox.lastEventId !== "");
  const comments: number[] = [];
  for (let i = 0; i < 12; i++) {
    const id = await channel.publish({ data: `${i}` }, { topics: ["busy"] });
    await client.inbox.until(() => client.inbox.lastEventId === id);
    comments.push(client.inbox.comments.length);
  }
  assertEquals(client.inbox.events, []);
  const { lastEventId } = client.inbox;
  await client[Symbol.asyncDispose]();
  await channel.publish({ data: "now" }, { topics: ["quiet"] });
  await using back = new BodyClient(
    channel.serve(makeRequest(lastEventId), { topics: ["quiet"] }),
  ).run();
  await back.inbox.untilEvents(1);
  assertEquals(back.inbox.data, ["now"]);
  assertEquals(channel.counters.gaps, 0);
});

for (
  const [name, log] of [
    ["MemoryEventLog", () => new MemoryEventLog({ maxEvents: 100 })],
    ["RemoteLog", () => new RemoteLog({ maxEvents: 300 })],
  ] as const
) {
  Deno.test(`EventChannel tells quiet clients a newer cursor in time, however fast the history moves, with ${name}`, async () => {
    await using channel = new EventChannel({ log: log(), keepAlive: 60_000 });
    const options = { topics: ["quiet"] };
    const clients = Array.from(
      { length: 300 },
      () => new BodyClient(channel.serve(makeRequest(), options)).run(),
    );
    await until(() => clients.every(({ inbox }) => inbox.lastEventId !== ""));
    for (let burst = 0; burst < 100; burst++) {
      const events = Array.from(
        { length: 10 },
        () => channel.publish({ data: "" }, { topics: ["busy"] }),
      );
      await Promise.all(events);
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    const ids = new Set(clients.map(({ inbox }) => inbox.lastEventId));
    const told = clients[0]!.inbox.comments.length;
    assert(told > 2 && told < 60, `${told} comments`);
    for (const client of clients) await client[Symbol.asyncDispose]();
    for (const id of ids) {
      await using back = new BodyClient(
        channel.serve(makeRequest(id), options),
      ).run();
      await back.inbox.until(() => back.inbox.lastEventId !== "");
    }
    assertEquals(channel.counters.gaps, 0);
  });
}

Deno.test("EventChannel tells a client its cursor once, as long as that does not move", async () => {
  await using channel = new EventChannel({ keepAlive: 4 });
  const reader = await park(channel, { topics: ["quiet"] });
  await channel.publish({ data: "1" }, { topics: ["busy"] });
  const chunks: string[] = [];
  while (chunks.length < 4) {
    const [chunk] = await readAll([reader]);
    chunks.push(decode(chunk!));
  }
  const told = chunks.filter((chunk) => chunk.includes("id:"));
  assertEquals(told.length, 1);
  assertEquals(chunks.filter((chunk) => chunk === ":\n\n").length, 3);
});

Deno.test("EventChannel spreads its comments to many clients over the time", async () => {
  const { setTimeout } = globalThis;
  const nextTurn = () => new Promise((resolve) => setTimeout(resolve, 0));
  using time = new FakeIntervals();
  await using channel = new EventChannel({ keepAlive: 200 });
  const readers: Reader[] = [];
  for (let i = 0; i < 1000; i++) readers.push(await park(channel, {}));
  const perTime = new Map<number, number>();
  const all = Promise.all(readers.map(async (reader) => {
    await reader.read();
    perTime.set(time.now, (perTime.get(time.now) ?? 0) + 1);
  }));
  while (time.now < 200) {
    time.pass(5);
    await nextTurn();
  }
  await all;
  // Four groups of them, a quarter of half the time apart.
  assertEquals([...perTime.values()].sort(), [232, 256, 256, 256]);
  const times = [...perTime.keys()];
  const span = Math.max(...times) - Math.min(...times);
  assert(span >= 60, `all within ${span} ms`);
});
