// Copyright 2026 the Tidings authors. MIT license.

/** The event after which a client's stream ends. */

import { assertEquals, assertRejects } from "@std/assert";
import { EventChannel, type EventChannelServeOptions } from "../../channel.ts";
import type { LoggedEvent } from "../../log.ts";
import { within } from "../support/within.ts";
import { BodyClient, makeRequest } from "./_clients.ts";

const until = ({ data }: LoggedEvent): boolean => data === "last";

Deno.test("EventChannel.serve() ends the stream after the event that until names", async () => {
  await using channel = new EventChannel();
  const reasons: string[] = [];
  await using client = new BodyClient(channel.serve(makeRequest(), {
    until,
    onClose: (reason) => reasons.push(reason),
  })).run();
  await channel.publish({ data: "a" });
  await client.inbox.untilEvents(1);
  for (const data of ["b", "last", "c"]) channel.publish({ data });
  await client.end();
  assertEquals(client.inbox.data, ["a", "b", "last"]);
  assertEquals(reasons, ["source"]);
  assertEquals(channel.size, 0);
});

Deno.test("EventChannel.serve() ends the stream where until names a past event", async () => {
  // The live segment holds none of the events, or all.
  for (const liveSegmentBytes of [0, 1_000_000]) {
    await using channel = new EventChannel({ liveSegmentBytes });
    await using first = new BodyClient(channel.serve(makeRequest())).run();
    for (const data of ["a", "last", "b"]) await channel.publish({ data });
    await first.inbox.untilEvents(3);
    const options = { until, replay: "all" } as const;
    await using client = new BodyClient(channel.serve(makeRequest(), options));
    await client.end();
    assertEquals(client.inbox.data, ["a", "last"]);
    // A client that comes back after it gets what follows.
    const { lastEventId } = client.inbox;
    await using next = new BodyClient(
      channel.serve(makeRequest(lastEventId), { until }),
      lastEventId,
    ).run();
    await next.inbox.untilEvents(1);
    assertEquals(next.inbox.data, ["b"]);
  }
});

Deno.test("EventChannel.serve() asks until of what the client does not get", async () => {
  for (const liveSegmentBytes of [0, 1_000_000]) {
    await using channel = new EventChannel({ liveSegmentBytes });
    for (const data of ["a", "last", "b"]) await channel.publish({ data });
    const filter = (event: LoggedEvent): boolean => !until(event);
    const options = { until, filter, replay: "all" } as const;
    await using client = new BodyClient(channel.serve(makeRequest(), options));
    await client.end();
    assertEquals(client.inbox.data, ["a"]);
    await using live = new BodyClient(
      channel.serve(makeRequest(), { until, filter }),
    ).run();
    await live.inbox.until(() => live.inbox.lastEventId !== "");
    for (const data of ["c", "last", "d"]) channel.publish({ data });
    await live.end();
    assertEquals(live.inbox.data, ["c"]);
  }
});

/** Ways in which a client does not get the event after which its stream ends. */
const UNSENT: Record<string, EventChannelServeOptions> = {
  "topics": { topics: ["a"] },
  "types": { topics: "all", types: ["rain"] },
  "a filter": { topics: "all", filter: (event) => !until(event) },
};

for (const [kind, options] of Object.entries(UNSENT)) {
  Deno.test(`EventChannel.serve() with until does not end the stream again for an event that ${kind} kept back`, async () => {
    for (const liveSegmentBytes of [0, 1_000_000]) {
      await using channel = new EventChannel({ liveSegmentBytes });
      const publish = (data: string): Promise<string> =>
        channel.publish({ event: data === "last" ? "wind" : "rain", data }, {
          topics: [data === "last" ? "b" : "a"],
        });
      const start = await publish("1");
      const live = new BodyClient(
        channel.serve(makeRequest(start), { ...options, until }),
        start,
      ).run();
      await publish("2");
      await live.inbox.untilEvents(1);
      publish("3");
      const last = publish("last");
      await publish("4");
      await within("the end", live.end());
      const late = new BodyClient(
        channel.serve(makeRequest(start), { ...options, until }),
        start,
      ).run();
      await within("the end", late.end());
      for (const { inbox } of [live, late]) {
        assertEquals(inbox.data, ["2", "3"]);
        // Otherwise it would come to the same event again, and again.
        assertEquals(inbox.lastEventId, await last);
        await using next = new BodyClient(
          channel.serve(makeRequest(inbox.lastEventId), { ...options, until }),
        ).run();
        await next.inbox.untilEvents(1);
        assertEquals(next.inbox.data, ["4"]);
      }
    }
  });
}

Deno.test("EventChannel leaves no timer if its last client takes its time and fails", async () => {
  await using channel = new EventChannel();
  await channel.publish({ data: "a" });
  const client = new BodyClient(channel.serve(makeRequest(), {
    replay: "all",
    until: () => {
      const end = performance.now() + 50;
      while (performance.now() < end);
      throw new Error("It is me");
    },
  }));
  await assertRejects(() => client.end(), Error, "It is me");
  await channel.close();
});

Deno.test("EventChannel.serve() fails the stream if until throws", async () => {
  await using channel = new EventChannel();
  await channel.publish({ data: "a" });
  const client = new BodyClient(channel.serve(makeRequest(), {
    replay: "all",
    until: () => {
      throw new Error("It is me");
    },
  }));
  await assertRejects(() => client.end(), Error, "It is me");
  assertEquals(channel.size, 0);
});
