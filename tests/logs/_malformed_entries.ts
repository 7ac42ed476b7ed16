// Copyright 2026 the Tidings authors. MIT license.

/** What holds for an entry of another program that is no event, in the log of any engine. */

import { assert, assertEquals } from "@std/assert";
import { EventChannel } from "../../channel.ts";
import { type EventLog, EventLogEntryError } from "../../log.ts";
import { BodyClient, makeRequest } from "../channel/_clients.ts";

/** Checks that all readers get the events around an entry, and that it is told once. */
export async function checkChannel(
  log: EventLog,
  addEntry: () => Promise<string>,
  name: string,
): Promise<void> {
  const errors: unknown[] = [];
  await using channel = new EventChannel({
    log,
    liveSegmentBytes: 0,
    onError: (error) => errors.push(error),
  });
  const start = await channel.publish({ data: "start" });
  const topics = "all";
  await using live = new BodyClient(channel.serve(makeRequest(), { topics }))
    .run();
  await live.inbox.until(() => live.inbox.lastEventId !== "");
  await channel.publish({ data: "1" });
  const id = await addEntry();
  await channel.publish({ data: "2" });
  await live.inbox.untilEvents(2);
  for (const lastEventId of [start, id]) {
    await using late = new BodyClient(
      channel.serve(makeRequest(lastEventId), { topics }),
    ).run();
    const data = lastEventId === id ? ["2"] : ["1", "2"];
    await late.inbox.untilEvents(data.length);
    assertEquals(late.inbox.data, data, name);
  }
  await using replayed = new BodyClient(
    channel.serve(makeRequest(), { topics, replay: 3 }),
  ).run();
  await replayed.inbox.untilEvents(2);
  assertEquals(live.inbox.data, ["1", "2"], name);
  assertEquals(channel.stalled, undefined);
  assertEquals(errors.length, 1, name);
  const [error] = errors;
  assert(error instanceof EventLogEntryError);
  assertEquals(error.id, id);
}
