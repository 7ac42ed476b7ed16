// Copyright 2026 the Tidings authors. MIT license.

/** Who is there: `count()`, and the callbacks when a client comes and leaves. */

import { assertEquals, assertThrows } from "@std/assert";
import {
  EventChannel,
  type EventChannelClient,
  type EventChannelOptions,
  type EventChannelServeOptions,
  TopicSet,
} from "../../channel.ts";
import { MemoryEventLog } from "../../log.ts";
import { FakeTime } from "../support/fake_time.ts";
import { recordWarnings } from "../support/warnings.ts";
import { BodyClient, makeRequest } from "./_clients.ts";

/** A channel, and what its callbacks were told. */
class Watched implements AsyncDisposable {
  readonly told: string[] = [];
  /** The clients that are open. */
  readonly open = new Set<EventChannelClient>();
  readonly channel: EventChannel;

  constructor(options: EventChannelOptions = {}) {
    this.channel = new EventChannel({
      keepAlive: 0,
      // What an assertion throws in a callback would be a warning.
      onOpen: (client) => {
        const isRight = !this.open.has(client) &&
          this.channel.count("a") === this.open.size + 1;
        this.open.add(client);
        this.told.push(isRight ? "open" : "a wrong open");
      },
      onClose: (reason, client) => {
        const isRight = this.open.delete(client) &&
          this.channel.count("b") === this.open.size;
        this.told.push(isRight ? reason : "a wrong close");
      },
      ...options,
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.channel.close();
  }
}

const TOPICS: readonly string[] = ["a", "b"];

/** A way in which a stream ends, or in which a request gets none. */
interface Row {
  name: string;
  told: string[];
  options?: () => EventChannelOptions;
  /** Serves one client with the topics `a` and `b`, until its stream has ended. */
  run(channel: EventChannel): Promise<void> | void;
}

/** Serves a client that reads on and on. */
function follow(
  channel: EventChannel,
  options: EventChannelServeOptions = {},
  request = makeRequest(),
): BodyClient {
  const response = channel.serve(request, { topics: TOPICS, ...options });
  return new BodyClient(response).run();
}

async function refuse(
  channel: EventChannel,
  init: RequestInit,
  status: number,
): Promise<void> {
  const request = new Request("http://localhost/", init);
  const response = channel.serve(request, { topics: TOPICS });
  assertEquals(response.status, status);
  await response.body?.cancel();
}

const ROWS: Row[] = [{
  name: "the client leaves",
  told: ["open", "client"],
  async run(channel) {
    await channel.serve(makeRequest(), { topics: TOPICS }).body?.cancel();
  },
}, {
  name: "the client reads and leaves",
  told: ["open", "client"],
  async run(channel) {
    const { body } = channel.serve(makeRequest(), { topics: TOPICS });
    const reader = body!.getReader();
    await reader.read();
    await reader.cancel();
  },
}, {
  name: "the client has left before it is served",
  told: ["open", "client"],
  run(channel) {
    const signal = AbortSignal.abort();
    const request = new Request("http://localhost/", { signal });
    channel.serve(request, { topics: TOPICS });
  },
}, {
  name: "nobody reads",
  told: ["open", "client"],
  run(channel) {
    using time = new FakeTime();
    channel.serve(makeRequest(), { topics: TOPICS, startTimeout: 1000 });
    time.pass(1000);
  },
}, {
  name: "the channel is closed",
  told: ["open", "server"],
  async run(channel) {
    const client = follow(channel);
    await channel.close();
    await client.end();
  },
}, {
  name: "the signal aborts",
  told: ["open", "server"],
  async run(channel) {
    const controller = new AbortController();
    const client = follow(channel, { signal: controller.signal });
    controller.abort();
    await client.end();
  },
}, {
  name: "the signal has aborted before",
  told: ["open", "server"],
  async run(channel) {
    await follow(channel, { signal: AbortSignal.abort() }).end();
  },
}, {
  name: "its time is over",
  told: ["open", "lifetime"],
  async run(channel) {
    using time = new FakeTime();
    const client = follow(channel, { maxDuration: 1000 });
    time.pass(1000);
    await client.end();
  },
}, {
  name: "it is replaced",
  told: ["open", "open", "replaced", "client"],
  options: () => ({
    key: () => "ada",
    maxSubscribersPerKey: 1,
    onLimit: "replaceOldest",
  }),
  async run(channel) {
    const client = follow(channel);
    const { body } = channel.serve(makeRequest(), { topics: TOPICS });
    assertEquals(channel.count("a"), 1);
    await client.end();
    await body?.cancel();
  },
}, {
  name: "its last event has come",
  told: ["open", "source"],
  async run(channel) {
    const client = follow(channel, { until: ({ data }) => data === "end" });
    assertEquals([channel.count("a"), channel.count("b")], [1, 1]);
    await client.inbox.until(() => client.inbox.lastEventId !== "");
    await channel.publish({ data: "end" }, { topics: ["c"] });
    await client.end();
  },
}, {
  name: "a filter throws",
  told: ["open", "error"],
  options: () => ({ onError: () => {} }),
  async run(channel) {
    const client = follow(channel, {
      filter: () => {
        throw new Error("It is me");
      },
    });
    await client.inbox.until(() => client.inbox.lastEventId !== "");
    await channel.publish({ data: "a" }, { topics: ["a"] });
    await client.end();
  },
}, {
  name: "its snapshot fails",
  told: ["open", "error"],
  options: () => ({ onError: () => {} }),
  async run(channel) {
    const client = follow(channel, {
      snapshot: () => {
        throw new Error("It is me");
      },
    });
    await client.end();
  },
}, {
  name: "its onGap fails",
  told: ["open", "error"],
  options: () => ({
    onError: () => {},
    onGap: () => {
      throw new Error("It is me");
    },
  }),
  async run(channel) {
    await follow(channel, {}, makeRequest("elsewhere")).end();
  },
}, {
  name: "it falls behind the history",
  told: ["open", "overflow"],
  options: () => ({
    log: new MemoryEventLog({ maxEvents: 2 }),
    liveSegmentBytes: 0,
  }),
  async run(channel) {
    const response = channel.serve(makeRequest(), { topics: TOPICS });
    const client = new BodyClient(response);
    await client.read();
    for (let i = 0; i < 20; i++) {
      await channel.publish({ data: `${i}` }, { topics: ["a"] });
      // Each event is a broadcast of its own.
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    await client.run().end();
  },
}, {
  name: "it is refused with 503",
  told: [],
  options: () => ({ maxSubscribers: 0 }),
  run: (channel) => refuse(channel, {}, 503),
}, {
  name: "it is refused with 429",
  told: [],
  options: () => ({ key: () => "ada", maxSubscribersPerKey: 0 }),
  run: (channel) => refuse(channel, {}, 429),
}, {
  name: "it is refused with 405",
  told: [],
  run: (channel) => refuse(channel, { method: "POST" }, 405),
}, {
  name: "it is refused with 406",
  told: [],
  run: (channel) => refuse(channel, { headers: { accept: "text/html" } }, 406),
}, {
  name: "it asks for the headers only",
  told: [],
  run: (channel) => refuse(channel, { method: "HEAD" }, 200),
}, {
  name: "the channel was closed before, and answers 204",
  told: [],
  async run(channel) {
    await channel.close({ status: 204 });
    await refuse(channel, {}, 204);
  },
}, {
  name: "the channel was closed before, and answers 503",
  told: [],
  async run(channel) {
    await channel.close();
    await refuse(channel, {}, 503);
  },
}, {
  name: "its options are wrong",
  told: [],
  run(channel) {
    const options = { topics: TOPICS, replay: -1 };
    assertThrows(() => channel.serve(makeRequest(), options), RangeError);
  },
}];

for (const { name, told, options, run } of ROWS) {
  for (const kind of ["a list", "a TopicSet"]) {
    Deno.test(`EventChannel tells of each client once and counts it no longer, with ${kind} of topics, if ${name}`, async () => {
      await using watched = new Watched(options?.());
      const { channel } = watched;
      const serve = channel.serve.bind(channel);
      channel.serve = (request, options) =>
        serve(request, {
          ...options,
          topics: kind === "a list" ? TOPICS : new TopicSet(TOPICS),
        });
      await run(channel);
      assertEquals(watched.told, told);
      assertEquals(watched.open.size, 0);
      assertEquals(channel.size, 0);
      assertEquals([channel.count("a"), channel.count("b")], [0, 0]);
    });
  }
}

Deno.test("EventChannel.count() counts the clients of a topic, each once", async () => {
  await using channel = new EventChannel();
  const served: Response[] = [];
  const serve = (options: EventChannelServeOptions): void => {
    served.push(channel.serve(makeRequest(), options));
  };
  serve({ topics: ["a"] });
  serve({ topics: ["a"] });
  serve({ topics: ["a", "a", "b"] });
  serve({ topics: ["b", "a"], types: ["rain"] });
  serve({ topics: ["a"], filter: () => false });
  serve({ topics: ["a"], until: () => false });
  serve({ topics: "all" });
  serve({ topics: "all", until: () => false });
  serve({});
  const count = (): number[] =>
    ["a", "b", "c"].map((each) => channel.count(each));
  assertEquals(count(), [6, 2, 0]);
  const left: number[] = [];
  for (const response of served) {
    await response.body?.cancel();
    left.push(channel.count("a"));
  }
  assertEquals(left, [5, 4, 3, 2, 1, 0, 0, 0, 0]);
  assertEquals(count(), [0, 0, 0]);
});

for (const until of [undefined, () => false]) {
  Deno.test(`EventChannel.count() follows a TopicSet of several clients${until ? " with an until" : ""}`, async () => {
    await using channel = new EventChannel();
    const topics = new TopicSet(["a"]);
    const serve = (): Response =>
      channel.serve(makeRequest(), { topics, until });
    const served = [serve(), serve(), serve()];
    channel.serve(makeRequest(), { topics: ["a", "b"] });
    const count = (): number[] => ["a", "b"].map((each) => channel.count(each));
    assertEquals(count(), [4, 1]);
    topics.add("b");
    topics.add("b");
    assertEquals(count(), [4, 4]);
    topics.delete("a");
    topics.delete("a");
    assertEquals(count(), [1, 4]);
    await served[0]?.body?.cancel();
    assertEquals(count(), [1, 3]);
    topics.add("a");
    assertEquals(count(), [3, 3]);
    for (const response of served.slice(1)) await response.body?.cancel();
    assertEquals(count(), [1, 1]);
    // Nobody is served with the set any more.
    topics.add("b");
    topics.delete("a");
    assertEquals(count(), [1, 1]);
    channel.serve(makeRequest(), { topics, until });
    assertEquals(count(), [1, 2]);
  });
}

Deno.test("EventChannel.count() holds while topics come and go by the thousand", async () => {
  await using channel = new EventChannel();
  const sets = Array.from({ length: 50 }, () => new TopicSet());
  for (const topics of sets) channel.serve(makeRequest(), { topics });
  for (let i = 0; i < 5000; i++) {
    const topics = sets[i % sets.length]!;
    topics.add(`room:${i}`);
    topics.add("room:tea");
    assertEquals(channel.count(`room:${i}`), 1);
    if (i >= 200) topics.delete(`room:${i - 200}`);
  }
  assertEquals(channel.count("room:tea"), 50);
  assertEquals(channel.count("room:0"), 0);
  assertEquals(channel.count("room:4999"), 1);
  await channel.close();
  assertEquals(channel.count("room:tea"), 0);
});

Deno.test("EventChannel.count() throws for what is no topic", async () => {
  await using channel = new EventChannel({ maxTopicLength: 5 });
  const wrong: unknown[] = [undefined, null, 5, ["a"], "\ud800"];
  for (const topic of wrong) {
    const count = (): number => channel.count(topic as string);
    assertThrows(count, TypeError, "Cannot count clients: expected");
  }
  for (const topic of ["", "room:tea"]) {
    const text = "Cannot count clients: expected";
    assertThrows(() => channel.count(topic), RangeError, text);
  }
  const { count } = channel;
  assertThrows(() => count("a"), TypeError, '"channel.count()"');
});

Deno.test("EventChannel tells onOpen and onClose of the topics and the key, of serve() first", async () => {
  const told: unknown[] = [];
  const note = (name: string) => (client: EventChannelClient): void => {
    told.push([name, client.key, client.topics, channel.count("a")]);
  };
  const noteClose =
    (name: string) => (reason: string, client: EventChannelClient): void => {
      told.push([name, reason, client.key, client.topics, channel.count("a")]);
    };
  await using channel: EventChannel = new EventChannel({
    key: (request) => new URL(request.url).pathname,
    onOpen: note("channel"),
    onClose: noteClose("channel"),
  });
  const topics = ["a"];
  const response = channel.serve(new Request("http://localhost/ada"), {
    topics,
    onOpen: note("serve"),
    onClose: noteClose("serve"),
  });
  await response.body?.cancel();
  assertEquals(told, [
    ["serve", "/ada", ["a"], 1],
    ["channel", "/ada", ["a"], 1],
    ["serve", "client", "/ada", ["a"], 0],
    ["channel", "client", "/ada", ["a"], 0],
  ]);
});

Deno.test("EventChannel tells of the topics as they were given", async () => {
  const set = new TopicSet(["a"]);
  const clients: EventChannelClient[] = [];
  await using channel = new EventChannel({
    onOpen: (client) => clients.push(client),
  });
  for (const topics of [undefined, "all", ["a", "b"], set] as const) {
    channel.serve(makeRequest(), { topics });
  }
  set.add("b");
  const topics = clients.map(({ topics }) => topics);
  assertEquals(topics.slice(0, 3), [[], "all", ["a", "b"]]);
  assertEquals(topics[3], set);
  assertEquals([...topics[3] as TopicSet], ["a", "b"]);
  assertEquals(clients.map(({ key }) => key), Array(4).fill(undefined));
});

Deno.test("EventChannel survives callbacks that throw or reject, and warns of each", async () => {
  using recorder = recordWarnings();
  const fail = (): never => {
    throw new Error("The callback is broken");
  };
  const reject = (): Promise<never> => Promise.reject(new Error("It rejects"));
  const channel = new EventChannel({ onOpen: reject, onClose: fail });
  const options = { topics: ["a"], onOpen: fail, onClose: reject };
  const client = follow(channel, options);
  await channel.close();
  await client.end();
  assertEquals(recorder.codes, Array(4).fill("TIDINGS_CALLBACK"));
  const names = recorder.warnings.map(({ message }) => message.split(" ")[0]);
  assertEquals(names.sort(), [
    '"onClose"',
    '"onClose"',
    '"onOpen"',
    '"onOpen"',
  ]);
  assertEquals([channel.size, channel.count("a")], [0, 0]);
});

Deno.test("EventChannel can be closed by the onOpen of a client, and serve others in it", async () => {
  const told: string[] = [];
  const channel: EventChannel = new EventChannel({
    key: () => "ada",
    onOpen: () => void told.push("open"),
    onClose: (reason) => void told.push(reason),
  });
  let other: Response | undefined;
  const response = channel.serve(makeRequest(), {
    topics: TOPICS,
    onOpen: () => {
      other = channel.serve(makeRequest(), { topics: TOPICS });
      told.push(`${channel.count("a")} clients`);
      channel.close();
    },
  });
  assertEquals(await response.text(), "");
  assertEquals(await other?.text(), "");
  // The first is told to be open by the channel once its own callback has returned.
  assertEquals(told, ["open", "2 clients", "server", "open", "server"]);
  assertEquals([channel.size, channel.count("a")], [0, 0]);
});
