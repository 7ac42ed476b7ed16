// Copyright 2026 the Tidings authors. MIT license.

/** Topics that change while a stream is open. */

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  EventChannel,
  type EventChannelServeOptions,
  TopicSet,
} from "../../channel.ts";
import { RemoteLog } from "../support/remote_log.ts";
import { within } from "../support/within.ts";
import { BodyClient, makeRequest } from "./_clients.ts";

/** Serves a client that reads on and on. */
function follow(
  channel: EventChannel,
  options: EventChannelServeOptions,
): BodyClient {
  return new BodyClient(channel.serve(makeRequest(), options)).run();
}

/** Publishes one event for each topic, named after it, and one for everybody. */
async function publishTo(
  channel: EventChannel,
  ...topics: string[]
): Promise<void> {
  for (const topic of topics) {
    channel.publish({ data: topic }, { topics: [topic] });
  }
  await channel.publish({ data: "end" });
}

/** Other options of the client, which put it into another group. */
const KINDS: Record<string, () => EventChannelServeOptions> = {
  "topics alone": () => ({}),
  "types": () => ({ types: ["message"] }),
  "a filter": () => ({ filter: () => true }),
  "an until": () => ({ until: () => false }),
};

for (const [kind, makeOptions] of Object.entries(KINDS)) {
  Deno.test(`TopicSet changes what a live client with ${kind} gets`, async () => {
    await using channel = new EventChannel();
    const topics = new TopicSet(["a"]);
    await using client = follow(channel, { ...makeOptions(), topics });
    await publishTo(channel, "a", "b");
    await client.inbox.untilEvents(2);
    topics.add("b");
    await publishTo(channel, "a", "b");
    await client.inbox.untilEvents(5);
    topics.delete("a");
    await publishTo(channel, "a", "b");
    await client.inbox.untilEvents(7);
    topics.delete("b");
    await publishTo(channel, "a", "b");
    await client.inbox.untilEvents(8);
    const data = ["a", "end", "a", "b", "end", "b", "end", "end"];
    assertEquals(client.inbox.data, data);
  });

  Deno.test(`TopicSet.delete() keeps back what was published before it, for a client with ${kind}`, async () => {
    await using channel = new EventChannel();
    const topics = new TopicSet(["a", "b"]);
    await using client = follow(channel, { ...makeOptions(), topics });
    await client.inbox.until(() => client.inbox.lastEventId !== "");
    const published = publishTo(channel, "a", "b");
    topics.delete("a");
    await published;
    await client.inbox.untilEvents(2);
    assertEquals(client.inbox.data, ["b", "end"]);
  });

  Deno.test(`TopicSet.delete() keeps back what a slow client with ${kind} has not been handed`, async () => {
    for (const liveSegmentBytes of [0, 1_000_000]) {
      await using channel = new EventChannel({ liveSegmentBytes });
      const topics = new TopicSet(["a", "b"]);
      const start = await channel.publish({ data: "start" });
      const serve = (): BodyClient => {
        const options = { ...makeOptions(), topics };
        return new BodyClient(channel.serve(makeRequest(start), options));
      };
      // The first reads what is cached for the group, and the second is handed it later.
      await using first = serve();
      await using second = serve();
      const text = "x".repeat(30_000);
      for (let i = 0; i < 20; i++) {
        for (const topic of ["a", "b"]) {
          await channel.publish({ event: "message", data: topic + text }, {
            topics: [topic],
          });
        }
      }
      await first.read();
      await first.read();
      topics.delete("a");
      const handed = channel.counters.delivered;
      await channel.publish({ data: "end" });
      for (const client of [first, second]) {
        client.run();
        await client.inbox.until(() => client.inbox.data.at(-1) === "end");
      }
      const letters = [first, second].map(({ inbox }) =>
        inbox.data.map((data) => data.charAt(0)).join("")
      );
      // Both got all of the topic that is left, and of the other only what they had been
      // handed before.
      const counts = letters.map((text) => text.split("a").length - 1);
      assertEquals(letters.map((text) => text.split("b").length - 1), [20, 20]);
      assertEquals((counts[0] ?? 0) + (counts[1] ?? 0) < handed, true);
      for (const [index, count] of counts.entries()) {
        assertEquals(letters[index]?.slice(2 * count).includes("a"), false);
        assertEquals(count < 20, true);
      }
    }
  });
}

Deno.test("TopicSet.delete() keeps no event back that has another topic of the set", async () => {
  await using channel = new EventChannel();
  const topics = new TopicSet(["a", "b"]);
  await using client = follow(channel, { topics });
  topics.delete("a");
  await channel.publish({ data: "both" }, { topics: ["a", "b"] });
  await client.inbox.untilEvents(1);
  assertEquals(client.inbox.data, ["both"]);
});

Deno.test("TopicSet counts when a filter removes the topic of the next event", async () => {
  await using channel = new EventChannel();
  const topics = new TopicSet(["a", "b"]);
  const filter = ({ data }: { data?: string | undefined }): boolean => {
    if (data === "a") topics.delete("b");
    return true;
  };
  await using client = follow(channel, { topics, filter });
  await publishTo(channel, "a", "b");
  await client.inbox.untilEvents(2);
  assertEquals(client.inbox.data, ["a", "end"]);
});

Deno.test("TopicSet changes all clients that were served with it, and no other", async () => {
  await using channel = new EventChannel();
  const shared = new TopicSet(["a"]);
  const own = new TopicSet(["a"]);
  await using first = follow(channel, { topics: shared });
  await using second = follow(channel, { topics: shared });
  await using third = follow(channel, { topics: own });
  await using fourth = follow(channel, { topics: ["a"] });
  shared.add("b");
  shared.delete("a");
  await publishTo(channel, "a", "b");
  const clients = [first, second, third, fourth];
  for (const { inbox } of clients) await inbox.untilEvents(2);
  assertEquals(clients.map(({ inbox }) => inbox.data.join()), [
    "b,end",
    "b,end",
    "a,end",
    "a,end",
  ]);
});

Deno.test("TopicSet outlives its clients", async () => {
  await using channel = new EventChannel();
  const topics = new TopicSet(["a"]);
  for (const topic of ["b", "c"]) {
    const client = follow(channel, { topics });
    await client.inbox.until(() => client.inbox.lastEventId !== "");
    await client[Symbol.asyncDispose]();
    topics.add(topic);
  }
  topics.delete("a");
  await using client = follow(channel, { topics });
  await publishTo(channel, "a", "b", "c");
  await client.inbox.untilEvents(3);
  assertEquals(client.inbox.data, ["b", "c", "end"]);
});

Deno.test("TopicSet.add() gives the cursor from which the topic counts", async () => {
  await using channel = new EventChannel();
  const topics = new TopicSet();
  assertEquals(await topics.add("a"), undefined);
  await using live = follow(channel, { topics });
  await live.inbox.until(() => live.inbox.lastEventId !== "");
  await using slow = new BodyClient(channel.serve(makeRequest(), { topics }));
  const id = await channel.publish({ data: "before" }, { topics: ["a"] });
  await live.inbox.untilEvents(1);
  const cursor = await topics.add("b");
  assertEquals(cursor, id);
  assertEquals(await topics.add("b"), id);
  await channel.publish({ data: "after" }, { topics: ["b"] });
  slow.run();
  for (const { inbox } of [live, slow]) {
    await inbox.untilEvents(2);
    assertEquals(inbox.data, ["before", "after"]);
  }
});

Deno.test("TopicSet.add() waits for a log that is not followed yet", async () => {
  const log = new RemoteLog();
  log.down.add("follow");
  const channel = new EventChannel({ log, onError: () => {} });
  const topics = new TopicSet();
  await using client = follow(channel, { topics });
  const added = topics.add("a");
  log.down.clear();
  const cursor = await within("the cursor", added);
  assertEquals(cursor, await channel.cursor());
  await publishTo(channel, "a");
  await client.inbox.untilEvents(2);
  assertEquals(client.inbox.data, ["a", "end"]);
  await channel.close();
});

Deno.test("TopicSet.add() gives no cursor if the channel is closed first", async () => {
  const log = new RemoteLog();
  log.down.add("follow");
  const channel = new EventChannel({ log, onError: () => {} });
  const topics = new TopicSet();
  await using _client = follow(channel, { topics });
  const added = topics.add("a");
  await channel.close();
  assertEquals(await within("the end", added), undefined);
  assertEquals(await within("the end", topics.add("b")), undefined);
});

Deno.test("TopicSet is a set of texts", () => {
  const topics = new TopicSet(new TopicSet(["a", "b", "a"]));
  assertEquals([...topics], ["a", "b"]);
  assertEquals([topics.size, topics.has("a"), topics.has("c")], [
    2,
    true,
    false,
  ]);
  assertEquals([topics.delete("a"), topics.delete("a")], [true, false]);
  assertEquals([...topics], ["b"]);
});

const WRONG: [unknown, typeof TypeError | typeof RangeError, string][] = [
  [
    "room:tea",
    TypeError,
    'expected "topics" to be a list or a set of texts, got "room:tea"',
  ],
  [5, TypeError, 'expected "topics" to be a list or a set of texts, got 5'],
  [
    null,
    TypeError,
    'expected "topics" to be a list or a set of texts, got null',
  ],
  [
    {},
    TypeError,
    'expected "topics" to be a list or a set of texts, got an object',
  ],
  [["a", 5], TypeError, 'expected "topics[1]" to be a string, got 5'],
  [
    ["\ud800"],
    TypeError,
    'expected "topics[0]" to be text without a lone surrogate',
  ],
  [[""], RangeError, 'expected "topics[0].length" to be at least 1, got 0'],
];

for (const [value, kind, text] of WRONG) {
  Deno.test(`new TopicSet() throws: ${text}`, () => {
    const make = (): TopicSet => new TopicSet(value as string[]);
    assertThrows(make, kind, `Cannot make topic set: ${text}`);
  });
}

Deno.test("TopicSet.add() throws for what is no topic, or exceeds a limit of the channel", async () => {
  await using channel = new EventChannel({
    maxTopicsPerSubscriber: 2,
    maxTopicLength: 5,
  });
  const topics = new TopicSet(["a"]);
  await using _client = follow(channel, { topics });
  const rows: [unknown, typeof TypeError | typeof RangeError, string][] = [
    [5, TypeError, 'expected "topic" to be a string, got 5'],
    [undefined, TypeError, 'expected "topic" to be a string, got undefined'],
    ["", RangeError, 'expected "topic.length" to be from 1 to 5, got 0'],
    ["abcdef", RangeError, 'expected "topic.length" to be from 1 to 5, got 6'],
  ];
  for (const [topic, kind, text] of rows) {
    assertThrows(
      () => topics.add(topic as string),
      kind,
      `Cannot add topic: ${text}`,
    );
  }
  await topics.add("b");
  assertThrows(
    () => topics.add("c"),
    RangeError,
    'Cannot add topic: expected "topics.length" to be at most 2, got 3',
  );
  assertEquals([...topics], ["a", "b"]);
});

Deno.test("EventChannel.serve() throws for a TopicSet that exceeds a limit, or is another channel's", async () => {
  await using channel = new EventChannel({
    maxTopicsPerSubscriber: 1,
    maxTopicLength: 5,
  });
  await using other = new EventChannel();
  const rows: [TopicSet, string][] = [
    [new TopicSet(["a", "b"]), '"topics.length" to be at most 1, got 2'],
    [new TopicSet(["abcdef"]), '"topics.length" to be from 1 to 5, got 6'],
  ];
  for (const [topics, text] of rows) {
    assertThrows(
      () => channel.serve(makeRequest(), { topics }),
      RangeError,
      `Cannot serve event channel: expected ${text}`,
    );
    // It is free for another channel.
    await other.serve(makeRequest(), { topics }).body?.cancel();
    assertThrows(
      () => channel.serve(makeRequest(), { topics }),
      TypeError,
      'Cannot serve event channel: expected "topics" to be a TopicSet of this channel, got one of another',
    );
  }
  assertEquals(channel.size, 0);
});

Deno.test("EventChannel.publish() rejects a TopicSet: an event has a list", async () => {
  await using channel = new EventChannel({ onError: () => {} });
  const topics = new TopicSet(["a"]) as unknown as string[];
  await assertRejects(
    () => channel.publish({ data: "a" }, { topics }),
    TypeError,
    'expected "topics" to be an array, got an object',
  );
});
