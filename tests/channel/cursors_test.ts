// Copyright 2026 the Tidings authors. MIT license.

/** Where clients continue by the cursors of a log in memory, near and far away. */

import { assert, assertEquals } from "@std/assert";
import { EventChannel } from "../../channel.ts";
import {
  type EventLogBatch,
  type EventLogReadOptions,
  MemoryEventLog,
} from "../../log.ts";
import { BodyClient, makeRequest, until } from "./_clients.ts";
import { MAX_EVENTS, testCursors } from "./_cursors_model.ts";
import { RemoteLog } from "../support/remote_log.ts";

class CountedMemoryLog extends MemoryEventLog {
  reads = 0;

  override read(
    after: string,
    options?: EventLogReadOptions,
  ): Promise<EventLogBatch> {
    this.reads++;
    return super.read(after, options);
  }
}

testCursors("MemoryEventLog", () => {
  const log = new CountedMemoryLog({ maxEvents: MAX_EVENTS });
  return { log, countCommands: () => log.reads };
});

testCursors("RemoteLog", () => {
  const log = new RemoteLog({ maxEvents: MAX_EVENTS });
  return { log, countCommands: () => log.calls.read };
});

Deno.test("EventChannel begins with the oldest event after an own ID that the log does not have", async () => {
  await using channel = new EventChannel();
  await channel.publish({ id: "order-1", data: "1" });
  await channel.publish({ id: "order-2", data: "2" });
  const response = channel.serve(makeRequest("order-7"));
  await using client = new BodyClient(response).run();
  await client.inbox.untilEvents(3);
  const gap = '{"lastEventId":"order-7"}';
  assertEquals(client.inbox.data, [gap, "1", "2"]);
});

Deno.test("EventChannel tells of a gap after an own ID of an earlier start, if own IDs have a part that changes with each start", async () => {
  const start = (name: string): EventChannel => {
    const channel = new EventChannel();
    for (const data of ["1", "2", "3"]) {
      channel.publish({ id: `${name}-${data}`, data });
    }
    return channel;
  };
  await using before = start("before");
  await using first = new BodyClient(
    before.serve(makeRequest("before-1")),
  ).run();
  await first.inbox.untilEvents(2);
  const { lastEventId } = first.inbox;
  assertEquals(lastEventId, "before-3");
  await using after = start("after");
  await using second = new BodyClient(
    after.serve(makeRequest(lastEventId)),
  ).run();
  await second.inbox.untilEvents(4);
  const gap = '{"lastEventId":"before-3"}';
  assertEquals(second.inbox.data, [gap, "1", "2", "3"]);
});

Deno.test("EventChannel tells of no gap after the last event that has left the history, among clients that are told of one", async () => {
  const log = new MemoryEventLog({ maxEvents: 3 });
  const ids: string[] = [];
  for (const data of ["1", "2", "3", "4", "5"]) {
    ids.push(await log.append({ data }));
  }
  await using channel = new EventChannel({ log, liveSegmentBytes: 0 });
  const clients = ["elsewhere", ids[0], ids[1]].map((id) =>
    new BodyClient(channel.serve(makeRequest(id))).run()
  );
  const received = [];
  for (const { inbox } of clients) {
    await inbox.until(() => inbox.lastEventId === ids[4]);
    received.push(inbox.events.map(({ event }) => event));
  }
  const events = ["message", "message", "message"];
  assertEquals(received, [["gap", ...events], ["gap", ...events], events]);
  for (const client of clients) await client[Symbol.asyncDispose]();
});

for (
  const [kind, makeCursor] of Object.entries({
    "cannot be ordered": (number: number) => `elsewhere ${number}`,
    "lie after the end": (number: number, end: string) =>
      end.replace(/\d+$/, `${1e6 + number}`),
  })
) {
  Deno.test(`EventChannel does not ask the log for each of the clients that come one after the other with cursors that ${kind}`, async () => {
    const log = new RemoteLog();
    const end = await log.append({ data: "a" });
    await using channel = new EventChannel({ log, liveSegmentBytes: 0 });
    const clients: BodyClient[] = [];
    const begin = performance.now();
    log.calls.read = 0;
    for (let number = 0; number < 100; number++) {
      const response = channel.serve(makeRequest(makeCursor(number, end)));
      clients.push(new BodyClient(response).run());
      // The answer for the clients before has come meanwhile.
      for (let step = 0; step < 3; step++) {
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    }
    await until(() => channel.counters.gaps === clients.length);
    // Where the log ends is asked some ten times a second, however many come.
    const most = clients.length / 4 + (performance.now() - begin) / 100;
    assert(log.calls.read <= most, `${log.calls.read} reads`);
    for (const client of clients) await client[Symbol.asyncDispose]();
  });
}
