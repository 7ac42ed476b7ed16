// Copyright 2026 the Tidings authors. MIT license.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { EventChannel, type EventChannelOptions } from "../../channel.ts";
import type { TextEventInit } from "../../event.ts";
import {
  type EventLog,
  type EventLogBatch,
  EventLogEntryError,
  MemoryEventLog,
} from "../../log.ts";
import { ChannelErrors } from "../../_channel/channel_errors.ts";
import { StreamTally } from "../../_server/stream_counters.ts";
import { RemoteLog } from "../support/remote_log.ts";
import { recordWarnings } from "../support/warnings.ts";
import { BodyClient, makeRequest, until } from "./_clients.ts";

/** Makes a log whose appends are refused. */
function refusingLog(): RemoteLog {
  const log = new RemoteLog();
  log.down.add("append");
  return log;
}

/** Calls of `publish()` that fail, each for another reason. */
const FAILURES: { name: string; fail(): [EventChannel, Promise<string>] }[] = [
  {
    name: "the log refuses the event",
    fail: () => publish({ log: refusingLog() }, { data: "a" }),
  },
  {
    name: "the event cannot be encoded",
    fail: () => publish({}, { event: "a\nb", data: "a" }),
  },
  {
    name: "the ID cannot come back",
    fail: () => publish({}, { data: "a", id: " " }),
  },
  {
    name: "the event is nothing",
    fail: () => publish({}, undefined as unknown as { data: string }),
  },
  {
    name: "the topics are no texts",
    fail: () =>
      publish({}, { data: "a" }, { topics: [1 as unknown as string] }),
  },
  {
    name: "the signal is aborted",
    fail: () =>
      publish({}, { data: "a" }, {
        signal: AbortSignal.abort(new Error("too late")),
      }),
  },
  {
    name: "the log throws and gives no promise",
    fail: () => {
      const log = new MemoryEventLog();
      log.append = () => {
        throw new Error("no log");
      };
      return publish({ log }, { data: "a" });
    },
  },
];

let told: unknown[] = [];

function publish(
  options: EventChannelOptions,
  ...args: Parameters<EventChannel["publish"]>
): [EventChannel, Promise<string>] {
  const onError = (error: unknown): void => void told.push(error);
  const channel = new EventChannel({ onError, ...options });
  return [channel, channel.publish(...args)];
}

/** Lets unhandled rejections surface, and what is told later than at once. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20));
}

for (const { name, fail } of FAILURES) {
  Deno.test(`EventChannel.publish() left alone tells onError once if ${name}`, async () => {
    using recorder = recordWarnings();
    told = [];
    const [channel] = fail();
    await settle();
    assertEquals(told.length, 1);
    assertEquals(recorder.codes, []);
    await channel.close();
  });

  Deno.test(`EventChannel.publish() rejects with the error that onError is told if ${name}`, async () => {
    using recorder = recordWarnings();
    told = [];
    const [channel, published] = fail();
    const error = await published.catch((error) => error);
    await settle();
    assertEquals(told.length, 1);
    assert(told[0] === error);
    assertEquals(recorder.codes, []);
    await channel.close();
  });
}

Deno.test("EventChannel.publish() left alone warns once for each failure without an onError", async () => {
  using recorder = recordWarnings();
  await using channel = new EventChannel({ log: refusingLog() });
  channel.publish({ data: "a" });
  channel.publish({ data: "b" });
  await until(() => recorder.codes.length >= 2);
  await settle();
  assertEquals(recorder.codes, ["TIDINGS_PUBLISH", "TIDINGS_PUBLISH"]);
  // A stack.
  assert(/\n\s.*:\d+:\d+/.test(recorder.warnings[0]?.detail ?? ""));
});

Deno.test("EventChannel.publish() is told once after close(), and not for each call", async () => {
  using recorder = recordWarnings();
  const errors: unknown[] = [];
  for (const onError of [undefined, (error: unknown) => errors.push(error)]) {
    const channel = new EventChannel({ onError });
    await channel.close();
    for (let i = 0; i < 3; i++) channel.publish({ data: "a" });
    await assertRejects(() => channel.publish({ data: "a" }), Error, "closed");
    await settle();
  }
  assertEquals(recorder.codes, ["TIDINGS_PUBLISH"]);
  assertEquals(errors.length, 1);
});

Deno.test("EventChannel survives an onError that throws, and warns", async () => {
  using recorder = recordWarnings();
  const log = new RemoteLog();
  log.down.add("append").add("follow");
  await using channel = new EventChannel({
    log,
    onError() {
      throw new Error("The handler is broken");
    },
  });
  await using client = new BodyClient(channel.serve(makeRequest())).run();
  channel.publish({ data: "lost" });
  await until(() => recorder.codes.length >= 2);
  log.down.clear();
  await client.inbox.until(() => client.inbox.lastEventId !== "");
  await channel.publish({ data: "a" });
  await client.inbox.untilEvents(1);
  assertEquals(new Set(recorder.codes), new Set(["TIDINGS_CALLBACK"]));
});

Deno.test("EventChannel survives an onClose that throws, and warns", async () => {
  using recorder = recordWarnings();
  const channel = new EventChannel();
  const clients = [1, 2].map(() =>
    new BodyClient(channel.serve(makeRequest(), {
      onClose() {
        throw new Error("The handler is broken");
      },
    }))
  );
  await channel.close();
  for (const client of clients) await client.end();
  assertEquals(recorder.codes, ["TIDINGS_CALLBACK", "TIDINGS_CALLBACK"]);
  assertEquals(channel.size, 0);
});

Deno.test("EventChannel tells onError once of an `until` that ends the streams of many clients", async () => {
  const errors: unknown[] = [];
  await using channel = new EventChannel({
    onError: (error) => errors.push(error),
  });
  const error = new Error("It is broken");
  const until = (): never => {
    throw error;
  };
  const clients = [1, 2, 3].map(() =>
    new BodyClient(channel.serve(makeRequest(), { until })).run()
  );
  for (const { inbox } of clients) {
    await inbox.until(() => inbox.lastEventId !== "");
  }
  await channel.publish({ data: "a" });
  for (const client of clients) await client.end();
  assertEquals(errors, [error]);
  assertEquals(channel.size, 0);
});

for (const part of ["follow", "read"] as const) {
  Deno.test(`EventChannel without an onError warns once while it cannot ${part} the log`, async () => {
    using recorder = recordWarnings();
    const log = new RemoteLog();
    await using channel = new EventChannel({ log });
    const start = await log.rewind(0);
    await log.append({ data: "a" });
    log.down.add(part);
    await using client = new BodyClient(channel.serve(makeRequest(start)))
      .run();
    await until(() => log.calls[part] >= 3);
    assertEquals(recorder.codes, ["TIDINGS_LOG"]);
    log.down.clear();
    await client.inbox.untilEvents(1);
    assertEquals(recorder.codes, ["TIDINGS_LOG"]);
  });
}

/** What a log may throw. */
const HOSTILE: Record<string, () => unknown> = {
  "nothing": () => undefined,
  "text": () => "down",
  "a circle": () => {
    const error = new Error("circle");
    error.cause = error;
    return error;
  },
  "an error with getters that throw": () => {
    const error = new Error("x");
    for (const name of ["message", "cause", "name", "stack"]) {
      Object.defineProperty(error, name, {
        get: () => {
          throw new Error("no");
        },
      });
    }
    return error;
  },
  "a proxy that is revoked": () => {
    const { proxy, revoke } = Proxy.revocable(new Error(), {});
    revoke();
    return proxy;
  },
};

for (const [name, make] of Object.entries(HOSTILE)) {
  Deno.test(`EventChannel goes on after its log has thrown ${name}`, async () => {
    using recorder = recordWarnings();
    const log = new MemoryEventLog();
    const { follow } = log;
    let failures = 0;
    log.follow = (...args) =>
      failures++ < 2 ? Promise.reject(make()) : follow.apply(log, args);
    await using channel = new EventChannel({ log });
    await using client = new BodyClient(channel.serve(makeRequest())).run();
    await client.inbox.until(() => client.inbox.lastEventId !== "");
    await channel.publish({ data: "a" });
    await client.inbox.untilEvents(1);
    assertEquals(recorder.codes, ["TIDINGS_LOG"]);
  });
}

Deno.test("EventChannel without an onError warns again at the next outage of the log", async () => {
  using recorder = recordWarnings();
  const log = new RemoteLog();
  await using channel = new EventChannel({ log });
  await using client = new BodyClient(channel.serve(makeRequest())).run();
  for (const outage of [1, 2]) {
    log.down.add("follow");
    await until(() => recorder.codes.length === outage);
    log.down.clear();
    await until(() => channel.stalled === undefined);
    await channel.publish({ data: "a" });
    await client.inbox.untilEvents(outage);
  }
  assertEquals(recorder.codes, ["TIDINGS_LOG", "TIDINGS_LOG"]);
});

/** A log in which another program has written an entry. */
class ForeignLog extends MemoryEventLog {
  readonly #entry: object;

  constructor(entry: object) {
    super();
    this.#entry = entry;
  }

  /** Appends the entry. */
  appendForeign(): Promise<string> {
    return this.append({ data: "foreign" });
  }

  override async read(...args: Parameters<MemoryEventLog["read"]>) {
    return this.#replace(await super.read(...args));
  }

  override follow(
    ...[onBatch, options]: Parameters<MemoryEventLog["follow"]>
  ): Promise<never> {
    return super.follow((batch) => onBatch(this.#replace(batch)), options);
  }

  #replace({ events, ...rest }: EventLogBatch): EventLogBatch {
    const replaced = events.map((event) =>
      event.data === "foreign" ? { ...this.#entry, id: event.id } : event
    );
    return { ...rest, events: replaced };
  }
}

/** Entries as other programs may write them, past the channel's checks. */
const MALFORMED: { name: string; event: object }[] = [
  { name: "a line feed in `event`", event: { event: "a\nb", data: "x" } },
  { name: "`retry` that is no number", event: { data: "x", retry: NaN } },
  { name: "`retry` that is text", event: { data: "x", retry: "soon" } },
  { name: "negative `retry`", event: { data: "x", retry: -1 } },
  { name: "`data` that is no text", event: { data: 5 } },
  { name: "`comment` that is no text", event: { comment: {} } },
  { name: "topics that are no list", event: { data: "x", topics: "ada" } },
  { name: "topics that are no texts", event: { data: "x", topics: [5] } },
];

for (const { name, event } of MALFORMED) {
  Deno.test(`EventChannel leaves out an entry with ${name}, and tells it once`, async () => {
    const log = new ForeignLog(event);
    const errors: unknown[] = [];
    await using channel = new EventChannel({
      log,
      // So that a client that is behind reads from the log.
      liveSegmentBytes: 0,
      onError: (error) => errors.push(error),
    });
    const start = await channel.publish({ data: "0" });
    const topics = "all";
    await using live = new BodyClient(
      channel.serve(makeRequest(), { topics }),
    ).run();
    await log.append({ data: "1" });
    const id = await log.appendForeign();
    await log.append({ data: "2" });
    await live.inbox.untilEvents(2);
    for (const lastEventId of [start, start, id]) {
      await using late = new BodyClient(
        channel.serve(makeRequest(lastEventId), { topics }),
      ).run();
      const data = lastEventId === id ? ["2"] : ["1", "2"];
      await late.inbox.untilEvents(data.length);
      assertEquals(late.inbox.data, data);
    }
    assertEquals(live.inbox.data, ["1", "2"]);
    assertEquals(channel.stalled, undefined);
    assertEquals(errors.length, 1);
    const [error] = errors;
    assert(error instanceof EventLogEntryError);
    assertEquals(error.id, id);
    assert(error.message.includes(id));
  });
}

Deno.test("EventChannel sends of a left out entry at most its ID, and to no client by topics", async () => {
  const log = new MemoryEventLog();
  await using channel = new EventChannel({ log, onError() {} });
  const texts = (["all", []] as const).map((topics) =>
    channel.serve(makeRequest(), { topics }).text()
  );
  await settle();
  await log.append({ event: "a\nb", data: "for Ada alone" });
  await channel.publish({ data: "end" });
  await settle();
  await channel.close();
  const blocks = (await Promise.all(texts)).map((text) => text.split("\n\n"));
  assert(!blocks.flat().join().includes("Ada"));
  // The cursor, the ID of the entry, and the event.
  assertEquals(blocks.map(({ length }) => length - 1), [3, 2]);
});

Deno.test("EventChannel without an onError warns once of an entry that it leaves out", async () => {
  using recorder = recordWarnings();
  const log = new MemoryEventLog();
  await using channel = new EventChannel({ log });
  const start = await channel.publish({ data: "0" });
  await log.append({ event: "a\nb" });
  await channel.publish({ data: "1" });
  for (let i = 0; i < 3; i++) {
    await using client = new BodyClient(channel.serve(makeRequest(start)))
      .run();
    await client.inbox.untilEvents(1);
  }
  assertEquals(recorder.codes, ["TIDINGS_ENTRY"]);
});

Deno.test("MemoryEventLog.append() left alone warns, and under a channel only the channel does", async () => {
  using recorder = recordWarnings();
  const log = new MemoryEventLog();
  log.append({ data: "a", id: " " });
  await settle();
  assertEquals(recorder.codes, ["TIDINGS_PUBLISH"]);
  const errors: unknown[] = [];
  await using channel = new EventChannel({
    log,
    onError: (error) => errors.push(error),
  });
  await channel.publish({ data: "a", id: "1" });
  channel.publish({ data: "b", id: "1" });
  await settle();
  assertEquals(recorder.codes.length, 1);
  assertEquals(errors.length <= 1, true);
});

/** Logs of an application in front of one of ours. */
const FRONTS: Record<
  string,
  (append: EventLog["append"]) => EventLog["append"]
> = {
  "that forwards": (append) => (event) => append(event),
  "that is async": (append) => async (event) => await append(event),
  "that is async three times": (append) => {
    const first = async (event: TextEventInit) => await append(event);
    const second = async (event: TextEventInit) => await first(event);
    return async (event) => await second(event);
  },
  "that waits before": (append) => async (event) => {
    await new Promise((resolve) => setTimeout(resolve, 0));
    return append(event);
  },
  "that catches": (append) => async (event) => {
    try {
      return await append(event);
    } catch (error) {
      throw error;
    }
  },
};

for (const [name, front] of Object.entries(FRONTS)) {
  Deno.test(`MemoryEventLog.append() behind a log ${name} is told once, by the channel`, async () => {
    using recorder = recordWarnings();
    const inner = new MemoryEventLog();
    const log: EventLog = {
      // It is refused by the log, and not by the channel.
      append: front((event) => inner.append({ ...event, id: " " })),
      read: (after, options) => inner.read(after, options),
      rewind: (count, options) => inner.rewind(count, options),
      follow: (onBatch, options) => inner.follow(onBatch, options),
    };
    const errors: unknown[] = [];
    await using channel = new EventChannel({
      log,
      onError: (error) => errors.push(error),
    });
    const event = { data: "a" };
    for (let i = 0; i < 3; i++) {
      const error = await channel.publish(event).catch((error) => error);
      await new Promise((resolve) => setTimeout(resolve, 0));
      assertEquals(errors.splice(0), [error]);
    }
    assertEquals(recorder.codes, []);
    // Without a channel, the log itself tells it.
    await log.append(event).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 0));
    assertEquals(recorder.codes, ["TIDINGS_PUBLISH"]);
  });
}

Deno.test("ChannelErrors remembers a bounded number of entries", () => {
  const told: string[] = [];
  const errors = new ChannelErrors({
    onError: (error) => void told.push((error as EventLogEntryError).id),
    tally: new StreamTally(),
  });
  const tell = (i: number) =>
    errors.tellEntry(new EventLogEntryError(`${i}`, "it is no event"));
  for (let i = 0; i <= 1000; i++) tell(i);
  assertEquals(told.splice(0).length, 1001);
  // The oldest is forgotten, the newest is not.
  tell(1000);
  tell(0);
  assertEquals(told, ["0"]);
});
