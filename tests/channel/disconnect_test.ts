// Copyright 2026 the Tidings authors. MIT license.

/** `disconnect()`: streams that end everywhere. The engines run the table as well. */

import { assertEquals, assertRejects } from "@std/assert";
import { EventChannel } from "../../channel.ts";
import type { TextEventInit } from "../../event.ts";
import {
  type EventLog,
  type EventLogAppendOptions,
  type EventLogBatch,
  type EventLogFollowOptions,
  type EventLogReadOptions,
  MemoryEventLog,
} from "../../log.ts";
import { RemoteLog } from "../support/remote_log.ts";
import { recordWarnings } from "../support/warnings.ts";
import { within } from "../support/within.ts";
import { BodyClient, makeRequest } from "./_clients.ts";
import { testDisconnect } from "./_disconnect_suite.ts";

testDisconnect("MemoryEventLog", () => {
  const log = new MemoryEventLog();
  return { open: () => log };
});

testDisconnect("a log that is far away", () => {
  const log = new RemoteLog();
  return { open: () => log };
});

/** A log that was written before there were entries that end streams. */
class OldLog implements EventLog {
  readonly #log = new MemoryEventLog();
  /** Whether following gives an event before its `append()` is fulfilled. */
  readonly isQuick: boolean;

  constructor(isQuick: boolean) {
    this.isQuick = isQuick;
  }

  async append(
    event: TextEventInit,
    { topics }: EventLogAppendOptions = {},
  ): Promise<string> {
    const id = await this.#log.append(event, { topics });
    if (this.isQuick) await new Promise((resolve) => setTimeout(resolve, 0));
    return id;
  }

  read(after: string, options?: EventLogReadOptions): Promise<EventLogBatch> {
    return this.#log.read(after, options);
  }

  rewind(count: number): Promise<string> {
    return this.#log.rewind(count);
  }

  follow(
    onBatch: (batch: EventLogBatch) => void,
    options?: EventLogFollowOptions,
  ): Promise<never> {
    if (this.isQuick) return this.#log.follow(onBatch, options);
    const late = (batch: EventLogBatch): void =>
      void setTimeout(() => onBatch(batch), 0);
    return this.#log.follow(late, options);
  }
}

for (const isQuick of [false, true]) {
  Deno.test(`EventChannel.disconnect() tells of a log that does not keep it, whose followers are ${isQuick ? "quick" : "slow"}`, async () => {
    const errors: unknown[] = [];
    await using channel = new EventChannel({
      log: new OldLog(isQuick),
      onError: (error) => errors.push(error),
    });
    const client = new BodyClient(
      channel.serve(makeRequest(), { topics: ["t"] }),
    ).run();
    await client.inbox.until(() => client.inbox.lastEventId !== "");
    const id = await channel.disconnect("t");
    await channel.publish({ data: "a" });
    // The entry looks like an event with nothing to send.
    await client.inbox.untilEvents(1);
    assertEquals(client.inbox.data, ["a"]);
    const text =
      `Cannot disconnect clients: the log does not keep "disconnect"`;
    assertEquals(errors.map(String), [
      `Error: ${text} of its entry ${JSON.stringify(id)}`,
    ]);
  });
}

Deno.test("EventChannel.disconnect() rejects, and tells once, what cannot be done", async () => {
  const errors: unknown[] = [];
  const log = new RemoteLog();
  const channel = new EventChannel({
    log,
    maxTopicLength: 5,
    onError: (error) => errors.push(error),
  });
  const wrong: unknown[] = [undefined, null, 5, ["a"], "\ud800"];
  const text = "Cannot disconnect clients: ";
  for (const topic of wrong) {
    const call = (): Promise<string> => channel.disconnect(topic as string);
    await assertRejects(call, TypeError, `${text}expected "topic"`);
  }
  for (const topic of ["", "room:tea"]) {
    const call = (): Promise<string> => channel.disconnect(topic);
    await assertRejects(call, RangeError, `${text}expected "topic.length"`);
  }
  log.down.add("append");
  await assertRejects(() => channel.disconnect("t"), Error, "The log is down");
  assertEquals(log.calls.append, 1);
  await channel.close();
  const closed = `${text}the channel is closed`;
  await assertRejects(() => channel.disconnect("t"), Error, closed);
  assertEquals(errors.length, wrong.length + 4);
  const { disconnect } = channel;
  const unbound = '"channel.disconnect()"';
  await assertRejects(() => disconnect("t"), TypeError, unbound);
});

Deno.test("EventChannel.disconnect() in a transaction ends what opens before that is committed", async () => {
  const log = new MemoryEventLog();
  const commits: (() => Promise<string>)[] = [];
  const transactional: EventLog = {
    append(event, { transaction, ...options } = {}) {
      if (transaction === undefined) return log.append(event, options);
      commits.push(() => log.append(event, options));
      return Promise.resolve("1-1");
    },
    read: (after, options) => log.read(after, options),
    rewind: (count) => log.rewind(count),
    follow: (onBatch, options) => log.follow(onBatch, options),
  };
  await using channel = new EventChannel({ log: transactional });
  const serve = (): BodyClient =>
    new BodyClient(channel.serve(makeRequest(), { topics: ["t"] })).run();
  const first = serve();
  await channel.disconnect("t", { transaction: {} });
  const second = serve();
  for (const { inbox } of [first, second]) {
    await inbox.until(() => inbox.lastEventId !== "");
  }
  for (const commit of commits) await commit();
  for (const client of [first, second]) await within("the end", client.end());
});

Deno.test("EventChannel.disconnect() ends a client that begins to read in the same turn", async () => {
  for (let delay = 0; delay < 6; delay++) {
    await using channel = new EventChannel();
    await using witness = new BodyClient(channel.serve(makeRequest())).run();
    await witness.inbox.until(() => witness.inbox.lastEventId !== "");
    const start = await channel.publish({ data: "0" });
    const reasons: string[] = [];
    const client = new BodyClient(
      channel.serve(makeRequest(start), {
        topics: ["t"],
        onClose: (reason) => reasons.push(reason),
      }),
      start,
    );
    // What has a key is handed out before a client that has just come is served.
    const options = { topics: ["t"], conflationKey: "k" };
    const texts = Array.from(
      { length: 5 },
      (_, i) => `${i}${"x".repeat(9000)}`,
    );
    for (let i = 0; i < delay; i++) await undefined;
    for (const data of texts) channel.publish({ data }, options);
    channel.disconnect("t");
    channel.publish({ data: "end" }, options);
    await within("the end", client.end());
    assertEquals(reasons, ["disconnected"]);
    assertEquals([channel.size, channel.count("t")], [1, 0]);
    const { lastEventId } = client.inbox;
    await using again = new BodyClient(
      channel.serve(makeRequest(lastEventId), { topics: ["t"] }),
      lastEventId,
    ).run();
    await again.inbox.until(() => again.inbox.data.includes("end"));
  }
});

Deno.test("EventChannel.disconnect() that fails and is left alone is a warning, and ends nothing", async () => {
  using recorder = recordWarnings();
  const log = new RemoteLog();
  await using channel = new EventChannel({ log });
  await using client = new BodyClient(
    channel.serve(makeRequest(), { topics: ["t"] }),
  ).run();
  await client.inbox.until(() => client.inbox.lastEventId !== "");
  log.down.add("append");
  channel.disconnect("t");
  while (recorder.codes.length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  log.down.clear();
  await channel.publish({ data: "a" });
  await client.inbox.untilEvents(1);
  assertEquals(recorder.codes, ["TIDINGS_PUBLISH"]);
});

Deno.test("EventChannel ends streams by entries that another program has written", async () => {
  const log = new MemoryEventLog();
  const errors: unknown[] = [];
  await using channel = new EventChannel({
    log,
    onError: (error) => errors.push(error),
  });
  const serve = (...topics: string[]): BodyClient =>
    new BodyClient(channel.serve(makeRequest(), { topics })).run();
  const clients = [serve("a"), serve("a", "b"), serve("b"), serve("c")];
  for (const { inbox } of clients) {
    await inbox.until(() => inbox.lastEventId !== "");
  }
  // For no topic, and so for nobody.
  await log.append({}, { disconnect: true });
  await log.append({}, { disconnect: true, topics: [] });
  await log.append({ data: "never sent" }, {
    disconnect: true,
    topics: ["a", "b", "a"],
  });
  for (const client of clients.slice(0, 3)) {
    await within("the end", client.end());
    assertEquals(client.inbox.data, []);
  }
  await channel.publish({ data: "end" });
  await clients[3]?.inbox.untilEvents(1);
  assertEquals(clients[3]?.inbox.data, ["end"]);
  assertEquals(errors, []);
  await clients[3]?.[Symbol.asyncDispose]();
});

Deno.test("EventChannel.disconnect() ends streams whose onClose closes the channel, serves and disconnects", async () => {
  const channel: EventChannel = new EventChannel();
  const reasons: string[] = [];
  const more: Response[] = [];
  const serve = (): BodyClient =>
    new BodyClient(channel.serve(makeRequest(), {
      topics: ["t"],
      onClose: (reason) => {
        reasons.push(reason);
        if (reasons.length === 1) {
          more.push(channel.serve(makeRequest(), { topics: ["t"] }));
          channel.disconnect("t");
          assertEquals(more[0]?.status, 200);
        }
        if (reasons.length === 2) channel.close();
      },
    })).run();
  const clients = [serve(), serve(), serve()];
  for (const { inbox } of clients) {
    await inbox.until(() => inbox.lastEventId !== "");
  }
  await channel.disconnect("t");
  for (const client of clients) await within("the end", client.end());
  assertEquals(reasons, ["disconnected", "disconnected", "server"]);
  assertEquals(channel.size, 0);
  await more[0]?.body?.cancel();
});

Deno.test("EventChannel.disconnect() takes no event before its entry for one that is not kept", async () => {
  const log = new RemoteLog();
  const errors: string[] = [];
  const onError = (error: unknown): void => void errors.push(String(error));
  await using channel = new EventChannel({ log, onError });
  const serve = () =>
    new BodyClient(channel.serve(makeRequest(), { topics: ["t"] })).run();
  await using first = serve();
  await first.inbox.until(() => first.inbox.lastEventId !== "");
  log.down.add("follow");
  await channel.publish({ data: "before" }, { topics: ["t"] });
  await channel.disconnect("t");
  await using second = serve();
  await second.inbox.until(() => second.inbox.lastEventId !== "");
  log.down.clear();
  await channel.publish({ data: "after" }, { topics: ["t"] });
  await second.inbox.until(() => second.inbox.data.at(-1) === "after");
  await first.end();
  assertEquals(first.inbox.data, ["before"]);
  assertEquals(errors.filter((error) => !error.includes("is down")), []);
});
