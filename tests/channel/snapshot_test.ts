// Copyright 2026 the Tidings authors. MIT license.

/** The state that a client gets first, and what it costs. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  EventChannel,
  type EventChannelOptions,
  type EventSnapshot,
  type EventSnapshotContext,
} from "../../channel.ts";
import type { ServerSentEventInit } from "../../event.ts";
import { MemoryEventLog } from "../../log.ts";
import { RemoteLog } from "../support/remote_log.ts";
import { BodyClient, makeRequest, until } from "./_clients.ts";

const STATE = [{ event: "state", data: "1" }, { event: "state", data: "2" }];

/** A load that is answered by the test, and how often it was asked. */
class Answers {
  readonly signals: AbortSignal[] = [];
  readonly answer: (events: ServerSentEventInit[]) => void;
  readonly #answered: Promise<ServerSentEventInit[]>;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<ServerSentEventInit[]>();
    this.#answered = promise;
    this.answer = resolve;
  }

  readonly load = (
    { signal }: { signal: AbortSignal },
  ): Promise<ServerSentEventInit[]> => {
    this.signals.push(signal);
    return this.#answered;
  };
}

/** Serves a client that reads on and on. */
function follow(channel: EventChannel, lastEventId?: string): BodyClient {
  const response = channel.serve(makeRequest(lastEventId));
  return new BodyClient(response, lastEventId).run();
}

Deno.test("EventChannel sends a snapshot first, and then every change", async () => {
  await using channel = new EventChannel({ snapshot: () => STATE });
  await channel.publish({ data: "before" });
  await using client = follow(channel);
  await client.inbox.untilEvents(2);
  const cursor = client.inbox.lastEventId;
  await channel.publish({ data: "after" });
  await client.inbox.untilEvents(3);
  assertEquals(client.inbox.data, ["1", "2", "after"]);
  // The first event carries no ID.
  const ids = client.inbox.events.map(({ lastEventId }) => lastEventId);
  assertEquals(ids.slice(0, 2), ["", cursor]);
});

Deno.test("EventChannel sends the cursor of an empty snapshot as a block of its own", async () => {
  await using channel = new EventChannel({ snapshot: () => [] });
  const id = await channel.publish({ data: "before" });
  await using client = follow(channel);
  await client.inbox.until(() => client.inbox.lastEventId !== "");
  assertEquals(client.inbox.lastEventId, id);
  assertEquals(client.inbox.data, []);
});

Deno.test("EventChannel asks for no snapshot where the history has the client's ID", async () => {
  let loads = 0;
  await using channel = new EventChannel({
    snapshot() {
      loads++;
      return STATE;
    },
  });
  const id = await channel.publish({ data: "seen" });
  await channel.publish({ data: "missed" });
  await using client = follow(channel, id);
  await client.inbox.untilEvents(1);
  assertEquals(client.inbox.data, ["missed"]);
  assertEquals(loads, 0);
});

Deno.test("EventChannel sends a snapshot in place of a gap, and does not call onGap", async () => {
  const contexts: EventSnapshotContext[] = [];
  await using channel = new EventChannel({
    snapshot(context) {
      contexts.push(context);
      return STATE;
    },
    onGap: () => [{ data: "gap" }],
  });
  await channel.publish({ data: "in the history, and in the state" });
  const request = makeRequest("gone");
  await using client = new BodyClient(channel.serve(request), "gone").run();
  await client.inbox.untilEvents(2);
  await channel.publish({ data: "after" });
  await client.inbox.untilEvents(3);
  assertEquals(client.inbox.data, ["1", "2", "after"]);
  assertEquals(contexts.map(({ lastEventId }) => lastEventId), ["gone"]);
  assert(contexts[0]?.request === request);
  assertEquals(channel.counters.gaps, 0);
});

Deno.test("EventChannel sends what is published while a snapshot is loaded after it", async () => {
  const answers = new Answers();
  await using channel = new EventChannel({ snapshot: answers.load });
  await using client = follow(channel);
  await until(() => answers.signals.length === 1);
  await channel.publish({ data: "meanwhile" });
  answers.answer(STATE);
  await client.inbox.untilEvents(3);
  assertEquals(client.inbox.data, ["1", "2", "meanwhile"]);
});

Deno.test("EventChannel misses a change that is stored after its event is published, as the guide says", async () => {
  let stored = "old";
  await using channel = new EventChannel({
    snapshot: () => [{ event: "state", data: stored }],
  });
  await channel.publish({ data: "new" });
  await using client = follow(channel);
  await client.inbox.untilEvents(1);
  stored = "new";
  await channel.publish({ data: "end" });
  await client.inbox.untilEvents(2);
  assertEquals(client.inbox.data, ["old", "end"]);
});

Deno.test("EventChannel.serve() has a snapshot of its own in place of the channel's", async () => {
  await using channel = new EventChannel({ snapshot: () => STATE });
  const response = channel.serve(makeRequest(), {
    snapshot: () => [{ data: "own" }],
    topics: ["a"],
    types: ["other"],
    filter: () => false,
    until: () => true,
  });
  await using client = new BodyClient(response).run();
  await client.inbox.untilEvents(1);
  assertEquals(client.inbox.data, ["own"]);
});

Deno.test("EventChannel.serve() throws TypeError for a replay with a snapshot", async () => {
  await using channel = new EventChannel({ snapshot: () => STATE });
  await using other = new EventChannel();
  const message =
    'Cannot serve event channel: expected "replay" to be left out with a snapshot, got ';
  for (const replay of [1, "all"] as const) {
    const attempts = [
      () => channel.serve(makeRequest(), { replay }),
      () => other.serve(makeRequest(), { replay, snapshot: () => [] }),
    ];
    for (const attempt of attempts) {
      assertThrows(attempt, TypeError, message);
    }
  }
  assertEquals([channel.size, other.size], [0, 0]);
});

/** Snapshots that fail, and what the error says. */
const FAILURES: { name: string; load: () => unknown; text: string }[] = [
  {
    name: "throws",
    load: () => {
      throw new Error("no database");
    },
    text: "no database",
  },
  {
    name: "rejects",
    load: () => Promise.reject(new Error("no database")),
    text: "no database",
  },
  {
    name: "gives no list",
    load: () => undefined,
    text:
      'Cannot send snapshot: expected "snapshot" to be a list of events, got undefined',
  },
  {
    name: "gives an event with an ID",
    load: () => [{ data: "a" }, { data: "b", id: "5" }],
    text:
      'Cannot send snapshot: expected "snapshot[1].id" to be left out, since the last event gets the cursor, got "5"',
  },
  {
    name: "gives an event with topics",
    load: () => [{ data: "a", topics: ["a"] }],
    text: "topics",
  },
  {
    name: "gives an event that cannot be encoded",
    load: () => [{ data: "a", event: "a\nb" }],
    text: "event",
  },
  { name: "gives nothing for an event", load: () => [null], text: "" },
];

for (const { name, load, text } of FAILURES) {
  for (const isShared of [false, true]) {
    const kind = isShared ? "shared " : "";
    Deno.test(`EventChannel ends a stream whose ${kind}snapshot ${name}, and tells onError once`, async () => {
      const errors: unknown[] = [];
      const reasons: string[] = [];
      const snapshot = (isShared ? { key: "a", load } : load) as EventSnapshot;
      await using channel = new EventChannel({
        onError: (error) => errors.push(error),
      });
      await using other = new BodyClient(channel.serve(makeRequest())).run();
      const onClose = (reason: string): void => void reasons.push(reason);
      const client = new BodyClient(
        channel.serve(makeRequest(), { snapshot, onClose }),
      );
      await client.end();
      assertEquals(client.inbox.data, []);
      assertEquals(client.inbox.lastEventId, "");
      assertEquals(reasons, ["error"]);
      assertEquals(errors.length, 1);
      assert(String(errors[0]).includes(text), String(errors[0]));
      await channel.publish({ data: "for the other" });
      await other.inbox.untilEvents(1);
    });
  }
}

Deno.test("EventChannel tells onError once of a shared snapshot that fails for many clients", async () => {
  const errors: unknown[] = [];
  await using channel = new EventChannel({
    snapshot: {
      key: "a",
      load: () => Promise.reject(new Error("no database")),
    },
    onError: (error) => errors.push(error),
  });
  const clients = [1, 2, 3].map(() =>
    new BodyClient(channel.serve(makeRequest()))
  );
  for (const client of clients) await client.end();
  assertEquals(errors.length, 1);
});

Deno.test("EventChannel fails the body for a snapshot that throws without an onError", async () => {
  await using channel = new EventChannel({
    snapshot: () => Promise.reject(new Error("no database")),
  });
  const client = new BodyClient(channel.serve(makeRequest()));
  await assertRejects(() => client.end(), Error, "no database");
});

Deno.test("EventChannel keeps a client alive whose snapshot hangs, and tells it no ID", async () => {
  const answers = new Answers();
  await using channel = new EventChannel({
    keepAlive: 20,
    snapshot: answers.load,
  });
  await using client = follow(channel);
  await client.inbox.until(() => client.inbox.comments.length >= 2);
  await channel.publish({ data: "meanwhile" });
  const { length } = client.inbox.comments;
  await client.inbox.until(() => client.inbox.comments.length >= length + 2);
  assertEquals(client.inbox.lastEventId, "");
});

Deno.test("EventChannel aborts the snapshot of a client that leaves", async () => {
  const answers = new Answers();
  await using channel = new EventChannel({ snapshot: answers.load });
  const client = follow(channel);
  await until(() => answers.signals.length === 1);
  assertEquals(answers.signals[0]?.aborted, false);
  await client[Symbol.asyncDispose]();
  assertEquals(answers.signals[0]?.aborted, true);
  answers.answer(STATE);
});

Deno.test("EventChannel.close() aborts snapshots", async () => {
  const answers = new Answers();
  const channel = new EventChannel({ snapshot: answers.load });
  const client = follow(channel);
  await until(() => answers.signals.length === 1);
  await channel.close();
  assertEquals(answers.signals[0]?.aborted, true);
  await client.end();
});

Deno.test("EventChannel aborts a shared snapshot when the last client that waits leaves", async () => {
  const answers = new Answers();
  const snapshot = { key: "a", load: answers.load };
  await using channel = new EventChannel({ snapshot });
  const clients = [follow(channel), follow(channel)];
  await until(() => answers.signals.length === 1);
  await clients[0]?.[Symbol.asyncDispose]();
  assertEquals(answers.signals[0]?.aborted, false);
  await clients[1]?.[Symbol.asyncDispose]();
  assertEquals(answers.signals[0]?.aborted, true);
  // What was aborted is not shared.
  await using late = follow(channel);
  await until(() => answers.signals.length === 2);
  answers.answer(STATE);
  await late.inbox.untilEvents(2);
});

Deno.test("EventChannel loads a shared snapshot once, and each client goes on from its cursor", async () => {
  const answers = new Answers();
  const snapshot = { key: "a", load: answers.load, maxAge: Infinity };
  await using channel = new EventChannel({ snapshot });
  await using first = follow(channel);
  await until(() => answers.signals.length === 1);
  await channel.publish({ data: "after the cursor" });
  await using second = follow(channel);
  answers.answer(STATE);
  await using third = follow(channel);
  for (const { inbox } of [first, second, third]) {
    await inbox.untilEvents(3);
    assertEquals(inbox.data, ["1", "2", "after the cursor"]);
  }
  assertEquals(answers.signals.length, 1);
});

Deno.test("EventChannel asks again for a shared snapshot that has hung for ten seconds", async () => {
  const answers = new Answers();
  const snapshot = { key: "a", load: answers.load, maxAge: Infinity };
  await using channel = new EventChannel({ keepAlive: 0, snapshot });
  const { now } = performance;
  let skipped = 0;
  performance.now = () => now.call(performance) + skipped;
  try {
    await using first = follow(channel);
    await until(() => answers.signals.length === 1);
    skipped = 5000;
    await using second = follow(channel);
    skipped = 10_000;
    await using third = follow(channel);
    await until(() => answers.signals.length === 2);
    answers.answer(STATE);
    for (const client of [first, second, third]) {
      await client.inbox.untilEvents(2);
    }
    assertEquals(answers.signals.length, 2);
  } finally {
    performance.now = now;
  }
});

Deno.test("EventChannel shares a snapshot by its key, and for maxAge", async () => {
  const loaded: string[] = [];
  await using channel = new EventChannel();
  // So that what is shared is not forgotten with the last client.
  await using _other = follow(channel);
  const serve = async (key: string, maxAge: number): Promise<void> => {
    const load = (): ServerSentEventInit[] => {
      loaded.push(key);
      return [{ data: key }];
    };
    const snapshot = { key, maxAge, load };
    await using client = new BodyClient(
      channel.serve(makeRequest(), { snapshot }),
    ).run();
    await client.inbox.untilEvents(1);
    assertEquals(client.inbox.data, [key]);
  };
  for (const key of ["a", "a", "b", "a"]) await serve(key, 60_000);
  assertEquals(loaded, ["a", "b"]);
  for (let i = 0; i < 2; i++) await serve("c", 0);
  assertEquals(loaded, ["a", "b", "c", "c"]);
  await serve("d", 1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  await serve("d", 1);
  assertEquals(loaded.slice(4), ["d", "d"]);
});

/** Logs that forget all but the latest events. */
const SHORT_LOGS: Record<string, () => EventChannelOptions["log"]> = {
  MemoryEventLog: () => new MemoryEventLog({ maxEvents: 2 }),
  RemoteLog: () => new RemoteLog({ maxEvents: 2 }),
};

for (const [name, makeLog] of Object.entries(SHORT_LOGS)) {
  Deno.test(`EventChannel loads a shared snapshot again that the history has left behind, with ${name}`, async () => {
    let loads = 0;
    const load = (): ServerSentEventInit[] => [{ data: `${++loads}` }];
    await using channel = new EventChannel({
      log: makeLog(),
      liveSegmentBytes: 0,
      snapshot: { key: "a", maxAge: Infinity, load },
    });
    await using first = follow(channel);
    await first.inbox.untilEvents(1);
    for (let i = 0; i < 5; i++) await channel.publish({ data: "change" });
    await first.inbox.untilEvents(6);
    await using second = follow(channel);
    await using third = follow(channel);
    for (const { inbox } of [second, third]) {
      await inbox.untilEvents(1);
      assertEquals(inbox.data, ["2"]);
    }
    assertEquals(loads, 2);
  });

  Deno.test(`EventChannel ends a stream whose snapshots take longer than the history reaches, with ${name}`, async () => {
    let loads = 0;
    const reasons: string[] = [];
    await using channel: EventChannel = new EventChannel({
      log: makeLog(),
      liveSegmentBytes: 0,
      retry: 1000,
      async snapshot() {
        loads++;
        for (let i = 0; i < 5; i++) await channel.publish({ data: "change" });
        return STATE;
      },
    });
    const onClose = (reason: string): void => void reasons.push(reason);
    const client = new BodyClient(channel.serve(makeRequest(), { onClose }));
    await client.end();
    assertEquals(loads, 3);
    assertEquals(reasons, ["overflow"]);
    assertEquals(client.inbox.data, []);
    assertEquals(client.inbox.lastEventId, "");
    const { reconnectionTime = 0 } = client.inbox;
    assert(reconnectionTime >= 1000 && reconnectionTime <= 2000);
  });
}

for (const lastEventId of [undefined, "gone"]) {
  Deno.test(`EventChannel waits with a snapshot until the log can be followed, for a client with the ID ${lastEventId}`, async () => {
    let loads = 0;
    const log = new RemoteLog();
    log.down.add("follow");
    await using channel = new EventChannel({
      log,
      snapshot() {
        loads++;
        return STATE;
      },
      onError: () => {},
    });
    await channel.publish({ data: "before" });
    await using client = follow(channel, lastEventId);
    await until(() => log.calls.follow >= 3);
    assertEquals(loads, 0);
    log.down.clear();
    await client.inbox.untilEvents(2);
    assertEquals(client.inbox.data, ["1", "2"]);
    assertEquals(loads, 1);
  });
}

Deno.test("EventChannel survives a snapshot that closes the channel", async () => {
  const channel: EventChannel = new EventChannel({
    snapshot() {
      channel.close();
      return STATE;
    },
  });
  const client = new BodyClient(channel.serve(makeRequest()));
  await client.end();
  assertEquals(client.inbox.data, []);
  assertEquals(channel.size, 0);
});
