// Copyright 2026 the Tidings authors. MIT license.

/** Events with conflation keys: what a client that catches up gets, and what a live one. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { BodyClient, makeRequest, until } from "./_clients.ts";
import { RemoteLog } from "../support/remote_log.ts";
import {
  EventChannel,
  type EventChannelOptions,
  type EventChannelServeOptions,
  TopicSet,
} from "../../channel.ts";
import type { ServerSentEventInit } from "../../event.ts";
import { MemoryEventLog } from "../../log.ts";

/** An event, and with what it is published. */
interface Published extends ServerSentEventInit {
  key?: string;
  topics?: string[];
}

/** Publishes events, and one without a key at the end. */
async function publishAll(
  channel: EventChannel,
  events: readonly Published[],
): Promise<string> {
  for (const { key, topics, ...event } of events) {
    await channel.publish(event, { topics, conflationKey: key });
  }
  return await channel.publish({ event: "end", data: "end" });
}

/** What a client gets after an ID, up to the end. */
async function catchUp(
  channel: EventChannel,
  after: string,
  options?: EventChannelServeOptions,
): Promise<string[]> {
  const response = channel.serve(makeRequest(after), options);
  await using client = new BodyClient(response, after).run();
  await client.inbox.until(() => client.inbox.data.at(-1) === "end");
  return client.inbox.data.slice(0, -1);
}

/** The channels that the behaviour is the same of. */
const CHANNELS: Record<string, () => EventChannelOptions> = {
  "the live segment": () => ({}),
  "a log in memory": () => ({ liveSegmentBytes: 0 }),
  "a log that is far": () => ({ log: new RemoteLog(), liveSegmentBytes: 0 }),
};

const PRICES: Published[] = [
  { data: "a1", key: "a", topics: ["x"], event: "up" },
  { data: "b1", key: "b", topics: ["x"], event: "up" },
  { data: "news" },
  { data: "a2", key: "a", topics: ["x"], event: "up" },
  { data: "c1", key: "c", topics: ["y"], event: "up" },
  { data: "b2", key: "b", topics: ["y"], event: "down" },
  { data: "a3", key: "a", topics: ["x"], event: "down" },
  { data: "all", topics: ["x", "y"] },
  { data: "c2", key: "c", topics: ["y"], event: "up" },
];

const CASES: {
  name: string;
  options: () => EventChannelServeOptions;
  expected: string[];
}[] = [
  {
    name: "the newest of each key, in order",
    options: () => ({ topics: "all" }),
    expected: ["news", "b2", "a3", "all", "c2"],
  },
  {
    name: "the newest that has its topics",
    options: () => ({ topics: ["x"] }),
    expected: ["b1", "news", "a3", "all"],
  },
  {
    name: "the newest that has the topics of its set",
    options: () => ({ topics: new TopicSet(["y"]) }),
    expected: ["news", "b2", "all", "c2"],
  },
  {
    name: "the newest of all topics of its set",
    options: () => ({ topics: new TopicSet(["x", "y"]) }),
    expected: ["news", "b2", "a3", "all", "c2"],
  },
  {
    name: "the newest of its types",
    options: () => ({ topics: "all", types: ["up", "end"] }),
    expected: ["b1", "a2", "c2"],
  },
  {
    name: "the newest that its filter accepts",
    options: () => ({
      topics: "all",
      filter: ({ data }) => data !== "a3" && data !== "c2",
    }),
    expected: ["news", "a2", "c1", "b2", "all"],
  },
];

Deno.test("EventChannel gives a client that was away the newest of what is about to be handed out", async () => {
  await using channel = new EventChannel();
  const start = await channel.publish({ data: "start" });
  await using live = new BodyClient(channel.serve(makeRequest())).run();
  await live.inbox.until(() => live.inbox.lastEventId !== "");
  // In one turn of the event loop.
  await publishAll(channel, PRICES);
  assertEquals(await catchUp(channel, start, { topics: "all" }), [
    "news",
    "b2",
    "a3",
    "all",
    "c2",
  ]);
  await live.inbox.until(() => live.inbox.data.at(-1) === "end");
  assertEquals(live.inbox.data, ["news", "end"]);
});

for (const [where, makeOptions] of Object.entries(CHANNELS)) {
  for (const { name, options, expected } of CASES) {
    Deno.test(`EventChannel gives a client that was away ${name}, from ${where}`, async () => {
      await using channel = new EventChannel(makeOptions());
      const start = await channel.publish({ data: "start" });
      await publishAll(channel, PRICES);
      assertEquals(await catchUp(channel, start, options()), expected);
    });
  }

  Deno.test(`EventChannel gives what until names, and nothing for what follows it, from ${where}`, async () => {
    await using channel = new EventChannel(makeOptions());
    const start = await channel.publish({ data: "start" });
    await publishAll(channel, PRICES);
    for (
      const [last, ...expected] of [
        ["a2", "b1", "news", "a2"],
        ["b2", "news", "a2", "c1", "b2"],
        ["all", "news", "c1", "b2", "a3", "all"],
        ["c2", "news", "b2", "a3", "all", "c2"],
      ]
    ) {
      const response = channel.serve(makeRequest(start), {
        topics: "all",
        until: ({ data }) => data === last,
      });
      await using client = new BodyClient(response, start);
      await client.end();
      assertEquals(client.inbox.data, expected);
    }
  });

  Deno.test(`EventChannel gives a client the same wherever its connection is cut, from ${where}`, async () => {
    await using channel = new EventChannel(makeOptions());
    const start = await channel.publish({ data: "start" });
    await publishAll(channel, PRICES);
    const whole = await catchUp(channel, start, { topics: "all" });
    for (let cut = 0; cut <= whole.length; cut++) {
      const response = channel.serve(makeRequest(start), { topics: "all" });
      const text = await firstBlocks(response, cut);
      const client = new BodyClient(new Response(text), start);
      await client.end();
      const { data, lastEventId } = client.inbox;
      const rest = await catchUp(channel, lastEventId, { topics: "all" });
      assertEquals([...data, ...rest], whole);
    }
  });
}

/** The first blocks of a stream that have data, as text. */
async function firstBlocks(response: Response, count: number): Promise<string> {
  // Cannot fail: it is a stream.
  const reader = response.body!.getReader();
  const decoder = new TextDecoder();
  for (let text = "";;) {
    const { value } = await reader.read();
    text += decoder.decode(value, { stream: true });
    const blocks = text.split("\n\n").slice(0, -1)
      .filter((block) => block.includes("data:"));
    if (blocks.length < count) continue;
    await reader.cancel();
    return blocks.slice(0, count).map((block) => `${block}\n\n`).join("");
  }
}

const UPDATES = 10_000;
const KEYS = 50;

for (
  const [name, log] of [
    ["memory", () => new MemoryEventLog({ maxEvents: Infinity })],
    ["a log that is far", () => new RemoteLog({ maxEvents: Infinity })],
  ] as const
) {
  Deno.test(`EventChannel gives a client that was away for 10 000 updates of 50 keys 50 events, from ${name}`, async () => {
    await using channel = new EventChannel({ log: log() });
    const start = await channel.publish({ data: "start" });
    await using live = new BodyClient(channel.serve(makeRequest(start)), start)
      .run();
    await live.inbox.until(() => channel.size === 1);
    const sent = Array.from({ length: UPDATES }, (_, index) => `${index}`);
    // workerd has 10 000 timers at most, and the log that is far takes one for each call.
    for (let begin = 0; begin < UPDATES; begin += 1000) {
      const published = sent.slice(begin, begin + 1000).map((data, index) =>
        channel.publish({ data }, { conflationKey: `price:${index % KEYS}` })
      );
      await Promise.all(published);
    }
    await publishAll(channel, []);
    // A log that is far is followed later.
    await live.inbox.until(() => live.inbox.data.at(-1) === "end");
    assert(live.inbox.data.slice(0, -1).join() === sent.join());
    assertEquals(await catchUp(channel, start), sent.slice(-KEYS));
  });
}

/** Publishes so many events of one key, each of about 10 000 bytes, and one at the end. */
async function publishMany(
  channel: EventChannel,
  count: number,
): Promise<string> {
  const padding = "x".repeat(10_000);
  await Promise.all(
    Array.from(
      { length: count },
      (_, index) =>
        channel.publish({ data: `${index} ${padding}` }, {
          conflationKey: "a",
        }),
    ),
  );
  return await publishAll(channel, []);
}

/** The numbers of such events. */
function numbersOf(data: readonly string[]): number[] {
  return data.map((text) => Number(text.split(" ")[0]));
}

Deno.test("EventChannel reads the log ahead of a client, as far as it keeps what it has read", async () => {
  await using channel = new EventChannel({
    log: new RemoteLog({ maxEvents: Infinity, maxBytes: Infinity }),
    liveSegmentBytes: 0,
  });
  const start = await channel.publish({ data: "start" });
  await publishMany(channel, 100);
  const all = numbersOf(await catchUp(channel, start));
  assertEquals(all, [99]);
  await publishMany(channel, 820);
  const response = channel.serve(makeRequest(start), { types: ["message"] });
  await using client = new BodyClient(response, start).run();
  await client.inbox.until(() =>
    client.inbox.data.at(-1)?.startsWith("819 ") === true
  );
  const far = numbersOf(client.inbox.data);
  assert(far.length >= 1 && far.length < 5, `${far.length} came`);
});

Deno.test("EventChannel reads the log ahead once for many clients that come back", async () => {
  const log = new RemoteLog();
  await using channel = new EventChannel({ log, liveSegmentBytes: 0 });
  const ids = await Promise.all(
    Array.from(
      { length: 6000 },
      (_, index) =>
        channel.publish({ data: `${index}` }, {
          conflationKey: `${index % 3000}`,
        }),
    ),
  );
  await publishAll(channel, []);
  const clients = Array.from({ length: 100 }, (_, index) => {
    const id = ids[index * 3571 % 5000];
    return new BodyClient(channel.serve(makeRequest(id)), id).run();
  });
  for (const [index, client] of clients.entries()) {
    await client.inbox.until(() => client.inbox.data.at(-1) === "end");
    const first = Math.max(index * 3571 % 5000 + 1, 3000);
    const data = ids.map((_, index) => `${index}`).slice(first);
    assert(client.inbox.data.join() === [...data, "end"].join());
  }
  for (const client of clients) await client[Symbol.asyncDispose]();
  // 6000 events in pages of 256 are 24.
  assert(log.calls.read <= 72, `${log.calls.read} reads`);
});

Deno.test("EventChannel looks for newer events in the live segment, from a log that is not in memory", async () => {
  await using channel = new EventChannel({
    log: new RemoteLog({ maxEvents: Infinity, maxBytes: Infinity }),
    liveSegmentBytes: 50_000,
  });
  const start = await channel.publish({ data: "start" });
  await using live = new BodyClient(channel.serve(makeRequest())).run();
  await until(() => channel.size === 1);
  const end = await publishMany(channel, 50);
  await live.inbox.until(() => live.inbox.lastEventId === end);
  // What is not in memory may end the stream before its newest event.
  const untilEnd = await catchUp(channel, start, {
    until: ({ event }) => event === "end",
  });
  assert(untilEnd.length > 1);
  assertEquals(numbersOf(untilEnd).at(-1), 49);
  assertEquals(numbersOf(await catchUp(channel, start)), [49]);
});

Deno.test("EventChannel gives a client that keeps up all events of a key", async () => {
  await using channel = new EventChannel();
  await using client = new BodyClient(channel.serve(makeRequest())).run();
  await client.inbox.until(() => client.inbox.lastEventId !== "");
  const data = ["1", "2", "3", "4"];
  const events = data.map((data) => ({ data, key: "a" }));
  // In turns of the event loop of their own, and in one.
  await publishAll(channel, events);
  for (const { data, key } of events) {
    channel.publish({ data }, { conflationKey: key });
  }
  await client.inbox.untilEvents(9);
  assertEquals(client.inbox.data, [...data, "end", ...data]);
});

Deno.test("EventChannel gives a slow client the newest of what it has not got", async () => {
  await using channel = new EventChannel();
  await using client = new BodyClient(channel.serve(makeRequest()));
  await client.read();
  for (let count = 0; count < 100; count++) {
    await channel.publish({ data: `${count}` }, { conflationKey: "a" });
    // A turn of the event loop, at the end of which it is handed out.
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  await publishAll(channel, []);
  client.run();
  await client.inbox.until(() => client.inbox.data.at(-1) === "end");
  const { data } = client.inbox;
  // What was in its buffer, and the newest.
  assert(data.length < 10, `${data.length} came`);
  assertEquals(data.slice(-2), ["99", "end"]);
  assertEquals(data, [...new Set(data)]);
});

Deno.test("EventChannel loses nothing of a key if the topic of a newer event is removed", async () => {
  await using channel = new EventChannel();
  const start = await channel.publish({ data: "start" });
  // More than a chunk, so that a client that does not read has got only the first.
  const padding = "x".repeat(70_000);
  await publishAll(channel, [
    { data: "x1", key: "a", topics: ["x"] },
    { data: `between ${padding}` },
    { data: `between ${padding}` },
    { data: `between ${padding}` },
    { data: "y1", key: "a", topics: ["y"] },
  ]);
  const topics = new TopicSet(["x", "y"]);
  const response = channel.serve(makeRequest(start), { topics });
  await using client = new BodyClient(response, start);
  await client.read();
  topics.delete("y");
  client.run();
  await client.inbox.until(() => client.inbox.data.at(-1) === "end");
  const data = client.inbox.data.filter((text) => !text.startsWith("between"));
  assertEquals(data, ["x1", "end"]);
});

Deno.test("EventChannel asks a filter of what is ahead, and what that throws ends no stream before its time", async () => {
  await using channel = new EventChannel({ onError: () => {} });
  const start = await channel.publish({ data: "start" });
  const padding = "x".repeat(70_000);
  await publishAll(channel, [
    { data: "1", key: "a" },
    { data: padding },
    { data: padding },
    { data: "2", key: "a" },
  ]);
  const response = channel.serve(makeRequest(start), {
    filter: ({ data }) => {
      if (data === "2") throw new Error("No filter");
      return true;
    },
  });
  await using client = new BodyClient(response, start);
  await client.end();
  assertEquals(client.inbox.data, ["1", padding, padding]);
});

Deno.test("EventChannel shares what is left out among the clients of a group", async () => {
  await using channel = new EventChannel();
  const start = await channel.publish({ data: "start" });
  await publishAll(
    channel,
    Array.from({ length: 500 }, (_, index) => ({
      data: `${index}`,
      key: `${index % 5}`,
    })),
  );
  let calls = 0;
  const options: EventChannelServeOptions = {
    until: () => {
      calls++;
      return false;
    },
  };
  const clients = Array.from({ length: 20 }, () => {
    const response = channel.serve(makeRequest(start), options);
    return new BodyClient(response, start).run();
  });
  for (const client of clients) {
    await client.inbox.until(() => client.inbox.data.at(-1) === "end");
    assertEquals(client.inbox.events.length, 6);
    await client[Symbol.asyncDispose]();
  }
  assert(calls < 2000, `${calls} calls for 501 events`);
});

Deno.test("EventChannel gives a newcomer with a replay the newest of each key", async () => {
  await using channel = new EventChannel();
  await publishAll(channel, PRICES);
  const response = channel.serve(makeRequest(), { replay: 7, topics: "all" });
  await using client = new BodyClient(response).run();
  await client.inbox.until(() => client.inbox.data.at(-1) === "end");
  assertEquals(client.inbox.data, ["b2", "a3", "all", "c2", "end"]);
});

const WRONG_KEYS: [name: string, key: unknown][] = [
  ["empty", ""],
  ["a number", 5],
  ["null", null],
  ["a list", ["a"]],
  ["with a line feed", "a\nb"],
  ["with a carriage return", "a\rb"],
  ["with a line separator", "a\u2028b"],
  ["with U+0000", "a\0b"],
  ["with a lone surrogate", "a\ud800"],
  ["too long", "x".repeat(257)],
];

for (const [name, conflationKey] of WRONG_KEYS) {
  Deno.test(`EventChannel.publish() refuses a conflation key that is ${name}`, async () => {
    const log = new MemoryEventLog();
    await using channel = new EventChannel({ log, onError: () => {} });
    const options = { conflationKey } as { conflationKey: string };
    const error = await assertRejects(
      () => channel.publish({ data: "a" }, options),
      TypeError,
      'Cannot publish event: expected "conflationKey" to be well-formed text',
    );
    assert(error instanceof TypeError);
    assertEquals((await log.read("")).events, []);
  });
}

Deno.test("EventChannel.publish() takes a stored event with the conflation key that it has", async () => {
  const log = new MemoryEventLog();
  await log.append({ data: "1" }, { conflationKey: "a" });
  const { events: [stored] } = await log.read(await log.rewind(1));
  assert(stored !== undefined);
  await using channel = new EventChannel({ log, onError: () => {} });
  const { conflationKey } = stored;
  const event = { ...stored, id: undefined };
  await assertRejects(
    () => channel.publish(event),
    TypeError,
    '"conflationKey"',
  );
  await channel.publish(event, { conflationKey: conflationKey! });
  const { events } = await log.read(stored.id);
  assertEquals(events[0]?.conflationKey, "a");
});

Deno.test("EventChannel never sends a conflation key", async () => {
  await using channel = new EventChannel();
  const start = await channel.publish({ data: "start" });
  const response = channel.serve(makeRequest());
  await publishAll(channel, [{ data: "1", key: "secret" }]);
  const live = await firstBlocks(response, 2);
  const back = await firstBlocks(channel.serve(makeRequest(start)), 2);
  assert(!(live + back).includes("secret"));
});
