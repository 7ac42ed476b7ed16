// Copyright 2026 the Tidings authors. MIT license.

/** Where clients go on whose cursors are those of a log in memory, near and far away. */

import { assertEquals } from "@std/assert";
import { EventChannel } from "../../channel.ts";
import {
  type EventLogBatch,
  type EventLogReadOptions,
  MemoryEventLog,
} from "../../log.ts";
import { BodyClient, makeRequest } from "./_clients.ts";
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

Deno.test("EventChannel tells of no gap after the last event that has left the history, among those that are told of one", async () => {
  const log = new MemoryEventLog({ maxEvents: 3 });
  const ids: string[] = [];
  for (const data of ["1", "2", "3", "4", "5"]) {
    ids.push(await log.append({ data }));
  }
  await using channel = new EventChannel({ log, ringBytes: 0 });
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
