// Copyright 2026 the Tidings authors. MIT license.

import {
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  EventChannel,
  type EventChannelCloseOptions,
  type EventChannelDisconnectOptions,
  type EventChannelOptions,
  type EventChannelPublishOptions,
  type EventChannelServeOptions,
  type SharedEventSnapshot,
} from "../../channel.ts";
import { type EventLog, MemoryEventLog } from "../../log.ts";
import type { CorsOptions } from "../../server.ts";
import { COMPRESSION, testOptions } from "../support/options_suite.ts";

const { signal } = new AbortController();

const unused = (): Promise<never> =>
  Promise.reject(new Error("It is not used"));

/** A log that is made where workerd makes no random epoch: outside of a test. */
const LOG: EventLog = {
  append: unused,
  read: unused,
  rewind: unused,
  follow: unused,
};

testOptions<EventChannelOptions>({
  name: "new EventChannel()",
  call: (options) => new EventChannel(options).close(),
  right: {
    keepAlive: 1000,
    retry: 5,
    log: LOG,
    liveSegmentBytes: 5,
    maxSubscribers: 5,
    onLimit: "replaceOldest",
    maxSubscribersPerKey: 5,
    key: () => "ada",
    maxTopicsPerSubscriber: 5,
    maxTopicsPerEvent: 5,
    maxTopicLength: 5,
    compression: COMPRESSION,
    snapshot: () => [],
    onGap: () => [],
    onOpen: () => {},
    onClose: () => {},
    onError: () => {},
  },
  wrong: {
    keepAlive: "1000",
    retry: "5",
    log: "redis",
    liveSegmentBytes: "5",
    maxSubscribers: "5",
    onLimit: "replace",
    maxSubscribersPerKey: "5",
    key: "ada",
    maxTopicsPerSubscriber: "5",
    maxTopicsPerEvent: "5",
    maxTopicLength: "5",
    compression: true,
    snapshot: [],
    onGap: [],
    onOpen: "open",
    onClose: [],
    onError: true,
  },
});

Deno.test("new EventChannel() says what it expects in place of a wrong value", () => {
  const rows: [unknown, string][] = [
    [
      { log: MemoryEventLog },
      'expected "log" to be an EventLog such as MemoryEventLog, got a function',
    ],
    [
      { compression: "gzip" },
      'expected "compression" to be a compression such as gzip(), got "gzip"',
    ],
    [{ key: null }, 'expected "key" to be a function, got null'],
    [{ onError: {} }, 'expected "onError" to be a function, got an object'],
    [
      { maxSubscriber: 5 },
      'there is no option "maxSubscriber", expected "maxSubscribers"',
    ],
  ];
  for (const [options, text] of rows) {
    assertThrows(
      () => new EventChannel(options as EventChannelOptions),
      TypeError,
      `Cannot make event channel: ${text}`,
    );
  }
});

async function serve(options: EventChannelServeOptions): Promise<void> {
  await using channel = new EventChannel();
  const request = new Request("http://localhost/");
  await channel.serve(request, options).body?.cancel();
}

const CORS = { origins: () => true, credentials: true, maxAge: 5 };

testOptions<EventChannelServeOptions>({
  name: "EventChannel.serve()",
  call: serve,
  right: {
    methods: ["GET"],
    headers: new Headers(),
    cors: CORS,
    signal,
    maxDuration: 1000,
    startTimeout: 1000,
    allowTransform: true,
    lastEventIdParameter: "id",
    replay: 0,
    snapshot: () => [],
    topics: ["room:tea"],
    types: ["rain"],
    filter: () => true,
    until: () => false,
    onOpen: () => {},
    onClose: () => {},
  },
  wrong: {
    methods: [5],
    headers: "x-own: 1",
    cors: "*",
    signal: "stop",
    maxDuration: "1000",
    startTimeout: "1000",
    allowTransform: "yes",
    lastEventIdParameter: 5,
    replay: "20",
    snapshot: "state",
    topics: "room:tea",
    types: "rain",
    filter: /rain/,
    until: "end",
    onOpen: "open",
    onClose: {},
  },
});

testOptions<SharedEventSnapshot>({
  name: "EventChannel.serve()",
  path: "snapshot",
  mayBeFunction: true,
  call: (snapshot) => serve({ snapshot }),
  base: { key: "doc:7", load: () => [] },
  right: { key: "doc:7", maxAge: 1000, load: () => [] },
  wrong: { key: 7, maxAge: "1000", load: [] },
});

testOptions<SharedEventSnapshot>({
  name: "new EventChannel()",
  path: "snapshot",
  mayBeFunction: true,
  call: (snapshot) => new EventChannel({ snapshot }).close(),
  base: { key: "doc:7", load: () => [] },
  right: { key: "doc:7", maxAge: Infinity, load: () => [] },
  wrong: { key: 7, maxAge: null, load: {} },
});

testOptions<CorsOptions>({
  name: "EventChannel.serve()",
  path: "cors",
  call: (cors) => serve({ cors }),
  right: CORS,
  wrong: { origins: {}, credentials: 1, maxAge: "5" },
});

testOptions<Omit<EventChannelPublishOptions, "transaction">>({
  name: "EventChannel.publish()",
  async call(options): Promise<void> {
    await using channel = new EventChannel();
    await channel.publish({ data: "for Ada" }, options);
  },
  right: { topics: ["user:ada"], conflationKey: "price:AAPL", signal },
  wrong: { topics: "user:ada", conflationKey: 5, signal: {} },
});

testOptions<Omit<EventChannelDisconnectOptions, "transaction">>({
  name: "EventChannel.disconnect()",
  async call(options): Promise<void> {
    await using channel = new EventChannel();
    await channel.disconnect("user:ada", options);
  },
  right: { signal },
  wrong: { signal: {} },
});

testOptions<EventChannelCloseOptions>({
  name: "EventChannel.close()",
  call: (options) => new EventChannel().close(options),
  right: { retry: 5, status: 204 },
  wrong: { retry: "5", status: "204" },
});

Deno.test("EventChannel.publish() hands a transaction to the log, and rejects where the log takes none", async () => {
  const transaction = {};
  const given: unknown[] = [];
  const log: EventLog = {
    ...LOG,
    append(_, options) {
      given.push(options?.transaction);
      return Promise.resolve("1");
    },
  };
  await using channel = new EventChannel({ log });
  await channel.publish({ data: "a" }, { transaction });
  await channel.publish({ data: "b" });
  assertEquals(given, [transaction, undefined]);
  assertStrictEquals(given[0], transaction);
  await using other = new EventChannel({ onError: () => {} });
  await assertRejects(
    () => other.publish({ data: "a" }, { transaction }),
    TypeError,
    'Cannot append event: expected "transaction" to be left out',
  );
  await assertRejects(
    () => other.disconnect("t", { transaction }),
    TypeError,
    'Cannot append event: expected "transaction" to be left out',
  );
});
