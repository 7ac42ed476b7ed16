// Copyright 2026 the Tidings authors. MIT license.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { EventChannel, type EventChannelServeOptions } from "../../channel.ts";
import { MemoryEventLog } from "../../log.ts";
import { BodyClient, makeRequest } from "./_clients.ts";
import { RemoteLog } from "../support/remote_log.ts";

/** What is published in the tests of topics: its data, and its topics. */
const PUBLISHED: readonly [data: string, topics?: readonly string[]][] = [
  ["for everybody"],
  ["for Ada", ["user:ada"]],
  ["for Bob", ["user:bob"]],
  ["for both", ["user:ada", "user:bob"]],
  ["for Ada twice", ["user:ada", "user:ada"]],
  ["for nobody", []],
  ["for everybody too"],
];

const ROWS: readonly {
  name: string;
  options: EventChannelServeOptions;
  expected: readonly string[];
}[] = [
  {
    name: "without topics gets the events without topics only",
    options: {},
    expected: ["for everybody", "for everybody too"],
  },
  {
    name: "with an empty list gets the events without topics only",
    options: { topics: [] },
    expected: ["for everybody", "for everybody too"],
  },
  {
    name: "with topics that are undefined gets the events without topics only",
    options: { topics: undefined },
    expected: ["for everybody", "for everybody too"],
  },
  {
    name: "with a topic gets its events, and events without topics",
    options: { topics: ["user:ada"] },
    expected: [
      "for everybody",
      "for Ada",
      "for both",
      "for Ada twice",
      "for everybody too",
    ],
  },
  {
    name: "with several topics gets each event once, in one order",
    options: { topics: ["user:bob", "user:ada", "user:bob", "user:eve"] },
    expected: [
      "for everybody",
      "for Ada",
      "for Bob",
      "for both",
      "for Ada twice",
      "for everybody too",
    ],
  },
  {
    name: "with a topic that nothing has gets the events without topics only",
    options: { topics: ["user"] },
    expected: ["for everybody", "for everybody too"],
  },
  {
    name: 'with the topic "all" in a list gets what has that topic',
    options: { topics: ["all"] },
    expected: ["for everybody", "for everybody too"],
  },
  {
    name: 'with "all" gets everything',
    options: { topics: "all" },
    expected: PUBLISHED.map(([data]) => data),
  },
  {
    name: "with topics and a filter gets what both let through",
    options: {
      topics: ["user:ada"],
      filter: ({ data }) => data?.startsWith("for Ada") === true,
    },
    expected: ["for Ada", "for Ada twice"],
  },
];

const LOGS = {
  MemoryEventLog: () => new MemoryEventLog(),
  RemoteLog: () => new RemoteLog(),
};

for (const { name, options, expected } of ROWS) {
  Deno.test(`EventChannel: a client ${name}, live`, async () => {
    await using channel = new EventChannel();
    await using client = new BodyClient(
      channel.serve(makeRequest(), options),
    ).run();
    for (const [data, topics] of PUBLISHED) {
      channel.publish({ data }, { topics });
    }
    await client.inbox.untilEvents(expected.length);
    await channel.close();
    await client.end();
    assertEquals(client.inbox.data, expected);
  });

  for (const [log, makeLog] of Object.entries(LOGS)) {
    for (const liveSegmentBytes of [0, 1_048_576]) {
      Deno.test(`EventChannel: a client ${name}, resumed from ${log} with a live segment of ${liveSegmentBytes} bytes`, async () => {
        await using channel = new EventChannel({
          log: makeLog(),
          liveSegmentBytes,
        });
        // The channel follows its log, and then it is behind that by a while.
        await using first = new BodyClient(
          channel.serve(makeRequest(), { topics: "all" }),
        ).run();
        const id = await channel.publish({ data: "seen" });
        for (const [data, topics] of PUBLISHED) {
          await channel.publish({ data }, { topics });
        }
        await first.inbox.untilEvents(PUBLISHED.length + 1);
        await using client = new BodyClient(
          channel.serve(makeRequest(id), options),
          id,
        ).run();
        await client.inbox.untilEvents(expected.length);
        // A client that gets it has got everything before.
        await channel.publish({ data: "end" });
        if (options.filter === undefined) {
          await client.inbox.untilEvents(expected.length + 1);
          assertEquals(client.inbox.data, [...expected, "end"]);
        } else {
          await client.inbox.until(() => client.inbox.lastEventId !== id);
          assertEquals(client.inbox.data, expected);
        }
      });
    }
  }
}

Deno.test("EventChannel sends topics in no field and no header", async () => {
  const secret = "user:7d2f";
  await using channel = new EventChannel({ keepAlive: 5 });
  const response = channel.serve(makeRequest(), {
    topics: [secret, "room"],
    replay: "all",
  });
  await channel.publish({ event: "tick", data: "1", comment: "c" }, {
    topics: [secret],
  });
  await channel.publish({ data: "2" }, { topics: ["room", secret] });
  let text = "";
  // Until it has waited for long enough to be sent a comment.
  for await (
    const chunk of response.body!.pipeThrough(new TextDecoderStream())
  ) {
    text += chunk;
    if (text.includes("data: 2") && text.includes("\n:\n")) break;
  }
  assert(!text.includes(secret) && !text.includes("room"), text);
  for (const [name, value] of response.headers) {
    assert(!`${name}: ${value}`.includes(secret), name);
  }
});

Deno.test("EventChannel resumes with the topics of the new request", async () => {
  await using channel = new EventChannel();
  await using before = new BodyClient(
    channel.serve(makeRequest(), { topics: ["a"] }),
  ).run();
  const id = await channel.publish({ data: "1" }, { topics: ["a"] });
  await channel.publish({ data: "2" }, { topics: ["b"] });
  await channel.publish({ data: "3" }, { topics: ["a"] });
  await before.inbox.untilEvents(2);
  await using after = new BodyClient(
    channel.serve(makeRequest(id), { topics: ["b"] }),
    id,
  ).run();
  await after.inbox.untilEvents(1);
  await channel.publish({ data: "4" }, { topics: ["a"] });
  await channel.publish({ data: "5" }, { topics: ["b"] });
  await after.inbox.untilEvents(2);
  await before.inbox.untilEvents(3);
  assertEquals(before.inbox.data, ["1", "3", "4"]);
  assertEquals(after.inbox.data, ["2", "5"]);
});

Deno.test("EventChannel.serve() is not touched by a later change of the topics", async () => {
  await using channel = new EventChannel();
  const topics = ["a"];
  const types = ["message"];
  await using client = new BodyClient(
    channel.serve(makeRequest(), { topics, types }),
  ).run();
  topics[0] = "b";
  types[0] = "other";
  channel.publish({ data: "1" }, { topics: ["b"] });
  channel.publish({ data: "2" }, { topics: ["a"] });
  await client.inbox.untilEvents(1);
  assertEquals(client.inbox.data, ["2"]);
});

const LONG = "x".repeat(257);
const BAD_TOPICS: readonly {
  name: string;
  topics: unknown;
  error: typeof TypeError | typeof RangeError;
  expected: string;
}[] = [
  {
    name: "a text",
    topics: "user:42",
    error: TypeError,
    expected: 'expected "topics" to be an array, got "user:42"',
  },
  {
    name: "null",
    topics: null,
    error: TypeError,
    expected: 'expected "topics" to be an array, got null',
  },
  {
    name: "a set",
    topics: new Set(["a"]),
    error: TypeError,
    expected: 'expected "topics" to be an array, got an object',
  },
  {
    name: "a number among them",
    topics: ["a", 42],
    error: TypeError,
    expected: 'expected "topics[1]" to be a string, got 42',
  },
  {
    name: "an empty topic",
    topics: ["a", ""],
    error: RangeError,
    expected: 'expected "topics[1].length" to be from 1 to 256, got 0',
  },
  {
    name: "a topic that is too long",
    topics: [LONG],
    error: RangeError,
    expected: 'expected "topics[0].length" to be from 1 to 256, got 257',
  },
];

for (const { name, topics, error, expected } of BAD_TOPICS) {
  Deno.test(`EventChannel refuses topics that are ${name}`, async () => {
    await using channel = new EventChannel();
    // What a program without types may hand over.
    const given = { topics: topics as string[] };
    assertThrows(
      () => channel.serve(makeRequest(), given),
      error,
      `Cannot serve event channel: ${expected}`,
    );
    assertEquals(channel.size, 0);
    await assertRejects(
      () => channel.publish({ data: "1" }, given),
      error,
      `Cannot publish event: ${expected}`,
    );
  });
}

Deno.test("EventChannel takes as many topics as its limits say, and no more", async () => {
  await using channel = new EventChannel({
    maxTopicsPerSubscriber: 2,
    maxTopicsPerEvent: 1,
    maxTopicLength: 3,
  });
  await using client = new BodyClient(
    channel.serve(makeRequest(), { topics: ["abc", "b"] }),
  ).run();
  await channel.publish({ data: "1" }, { topics: ["abc"] });
  await client.inbox.untilEvents(1);
  assertThrows(
    () => channel.serve(makeRequest(), { topics: ["a", "b", "c"] }),
    RangeError,
    'Cannot serve event channel: expected "topics.length" to be at most 2, got 3',
  );
  await assertRejects(
    () => channel.publish({ data: "2" }, { topics: ["a", "b"] }),
    RangeError,
    'Cannot publish event: expected "topics.length" to be at most 1, got 2',
  );
  await assertRejects(
    () => channel.publish({ data: "2" }, { topics: ["abcd"] }),
    RangeError,
    'Cannot publish event: expected "topics[0].length" to be from 1 to 3, got 4',
  );
});

Deno.test("EventChannel takes 1000 topics of a client and 100 of an event by default", async () => {
  await using channel = new EventChannel();
  const topics = (count: number): string[] =>
    Array.from({ length: count }, (_, index) => `${index}`.padEnd(256, "x"));
  await using client = new BodyClient(
    channel.serve(makeRequest(), { topics: topics(1000) }),
  ).run();
  await channel.publish({ data: "1" }, { topics: topics(100) });
  await client.inbox.untilEvents(1);
  assertThrows(
    () => channel.serve(makeRequest(), { topics: topics(1001) }),
    RangeError,
  );
  await assertRejects(
    () => channel.publish({ data: "2" }, { topics: topics(101) }),
    RangeError,
  );
});

for (
  const name of [
    "maxTopicsPerSubscriber",
    "maxTopicsPerEvent",
    "maxTopicLength",
  ]
) {
  Deno.test(`EventChannel refuses a bad ${name}`, () => {
    assertThrows(
      () => new EventChannel({ [name]: -1 }),
      RangeError,
      `Cannot make event channel: expected "${name}" to be an integer of at least `,
    );
    assertThrows(() => new EventChannel({ [name]: 1.5 }), RangeError);
    assertThrows(() => new EventChannel({ [name]: "1" }), TypeError);
  });
}
