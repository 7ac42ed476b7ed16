// Copyright 2026 the Tidings authors. MIT license.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { EventChannel } from "../../channel.ts";
import { MemoryEventLog } from "../../log.ts";
import { headerValueOfText } from "../support/header_value.ts";
import { BodyClient, makeRequest, until } from "./_clients.ts";

Deno.test("EventChannel resumes after the ID that the client brings", async () => {
  await using channel = new EventChannel();
  const ids = await publishAll(channel, 10);
  for (const index of [0, 4, 9]) {
    const request = makeRequest(ids[index]);
    await using client = new BodyClient(channel.serve(request)).run();
    const live = await channel.publish({ data: "live" });
    await client.inbox.until(() => client.inbox.lastEventId === live);
    assertEquals(
      client.inbox.data.filter((data) => data !== "live"),
      numbers(10).slice(index + 1),
    );
  }
  assertEquals(channel.counters.gaps, 0);
});

Deno.test("EventChannel resumes what was published before it had a client", async () => {
  // The live segment begins with the first client, so all of this comes from the log.
  const log = new MemoryEventLog();
  const id = await log.append({ data: "seen" });
  for (const data of numbers(1000)) await log.append({ data });
  await using channel = new EventChannel({ log });
  await using client = new BodyClient(channel.serve(makeRequest(id))).run();
  channel.publish({ data: "live" });
  await client.inbox.untilEvents(1001);
  assertEquals(client.inbox.data, [...numbers(1000), "live"]);
});

Deno.test("EventChannel resumes from the log where the live segment is too short", async () => {
  await using channel = new EventChannel({ liveSegmentBytes: 1000 });
  await using witness = new BodyClient(channel.serve(makeRequest())).run();
  const ids = await publishAll(channel, 1000);
  await using client = new BodyClient(channel.serve(makeRequest(ids[0]))).run();
  await client.inbox.untilEvents(999);
  assertEquals(client.inbox.data, numbers(1000).slice(1));
  await witness.inbox.untilEvents(1000);
  assertEquals(witness.inbox.data, numbers(1000));
});

Deno.test("EventChannel resumes by the application's own IDs", async () => {
  await using channel = new EventChannel();
  for (const id of ["order-1", "order-2", "über 3"]) {
    await channel.publish({ data: id, id });
  }
  await using client = new BodyClient(
    channel.serve(makeRequest("order-1")),
  ).run();
  await client.inbox.untilEvents(2);
  assertEquals(client.inbox.data, ["order-2", "über 3"]);
});

Deno.test("EventChannel resumes by an ID that is not ASCII, as clients send it", async () => {
  await using channel = new EventChannel();
  await channel.publish({ data: "1", id: "café €" });
  await channel.publish({ data: "2" });
  const request = makeRequest(headerValueOfText("café €"));
  await using client = new BodyClient(channel.serve(request)).run();
  await client.inbox.untilEvents(1);
  assertEquals(client.inbox.data, ["2"]);
});

Deno.test("EventChannel resumes by a query parameter", async () => {
  await using channel = new EventChannel();
  const [id] = await publishAll(channel, 3);
  const request = new Request(`http://localhost/?from=${id}`);
  await using client = new BodyClient(
    channel.serve(request, { lastEventIdParameter: "from" }),
  ).run();
  await client.inbox.untilEvents(2);
  assertEquals(client.inbox.data, ["1", "2"]);
});

Deno.test("EventChannel tells a new client its cursor before any event", async () => {
  await using channel = new EventChannel();
  await publishAll(channel, 3);
  const first = new BodyClient(channel.serve(makeRequest()));
  await first.read();
  const { lastEventId } = first.inbox;
  await first[Symbol.asyncDispose]();
  await channel.publish({ data: "while it was away" });
  await using second = new BodyClient(
    channel.serve(makeRequest(lastEventId)),
  ).run();
  await second.inbox.untilEvents(1);
  assertEquals(second.inbox.data, ["while it was away"]);
});

Deno.test("EventChannel tells a client its cursor beyond what was filtered out", async () => {
  const log = new MemoryEventLog({ maxEvents: 10 });
  await using channel = new EventChannel({ log, keepAlive: 20 });
  const types = ["rare"];
  const rare = await channel.publish({ event: "rare", data: "1" });
  await publishAll(channel, 8);
  const last = await channel.publish({ data: "other" });
  const request = makeRequest(rare);
  await using client = new BodyClient(channel.serve(request, { types }));
  await client.read();
  assertEquals(client.inbox.lastEventId, last);
  client.run();
  // And once more with a comment, when it is live.
  const later = (await publishAll(channel, 5)).at(-1);
  await client.inbox.until(() => client.inbox.lastEventId === later);
  assertEquals(client.inbox.events, []);
});

Deno.test("EventChannel tells of a gap where the history is too short", async () => {
  const log = new MemoryEventLog({ maxEvents: 3 });
  await using channel = new EventChannel({ log });
  await using witness = new BodyClient(channel.serve(makeRequest())).run();
  const ids = await publishAll(channel, 10);
  await witness.inbox.untilEvents(10);
  const lastEventId = ids[2]!;
  await using client = new BodyClient(
    channel.serve(makeRequest(lastEventId)),
  ).run();
  await client.inbox.untilEvents(4);
  const [gap, ...rest] = client.inbox.events;
  assertEquals(gap?.event, "gap");
  assertEquals(JSON.parse(gap?.data ?? ""), { lastEventId });
  assertEquals(rest.map((event) => event.data), ["7", "8", "9"]);
  assertEquals(channel.counters.gaps, 1);
});

Deno.test("EventChannel tells of no gap where nothing is missing", async () => {
  const log = new MemoryEventLog({ maxEvents: 3 });
  await using channel = new EventChannel({ log });
  const ids = await publishAll(channel, 10);
  await using client = new BodyClient(channel.serve(makeRequest(ids[6]))).run();
  await client.inbox.untilEvents(3);
  assertEquals(client.inbox.data, ["7", "8", "9"]);
});

Deno.test("EventChannel tells of a gap once, even if nothing is left", async () => {
  const log = new MemoryEventLog();
  await using channel = new EventChannel({ log });
  await using client = new BodyClient(
    channel.serve(makeRequest("from-before-the-restart")),
  );
  await client.read();
  assertEquals(client.inbox.events.map((event) => event.event), ["gap"]);
  await client.read();
  // It knows its cursor now.
  assertEquals(client.inbox.lastEventId, await log.rewind(0));
  await using again = new BodyClient(
    channel.serve(makeRequest(client.inbox.lastEventId)),
  ).run();
  await channel.publish({ data: "a" });
  await again.inbox.untilEvents(1);
  assertEquals(again.inbox.data, ["a"]);
});

Deno.test("EventChannel quotes an ID that looks like JSON or fields", async () => {
  await using channel = new EventChannel();
  const lastEventId = '"}\u2028 data: x';
  const request = new Request(
    `http://localhost/?from=${encodeURIComponent(lastEventId)}%0A%0Adata:%20y`,
  );
  await using client = new BodyClient(
    channel.serve(request, { lastEventIdParameter: "from" }),
  ).run();
  await client.inbox.untilEvents(1);
  assertEquals(client.inbox.data, [
    JSON.stringify({ lastEventId: `${lastEventId}\n\ndata: y` }),
  ]);
});

Deno.test("EventChannel tells of a gap whatever the filter says", async () => {
  await using channel = new EventChannel();
  await using client = new BodyClient(
    channel.serve(makeRequest("unknown"), { types: [], filter: () => false }),
  ).run();
  await client.inbox.untilEvents(1);
  assertEquals(client.inbox.events[0]?.event, "gap");
});

Deno.test("EventChannel with onGap sends what it gives in place of what is missing", async () => {
  const seen: string[] = [];
  await using channel = new EventChannel({
    onGap: async ({ lastEventId, request }) => {
      await Promise.resolve();
      seen.push(lastEventId, request.url);
      return [{ event: "state", data: "1" }, { event: "state", data: "2" }];
    },
  });
  await channel.publish({ data: "left" });
  await using client = new BodyClient(
    channel.serve(makeRequest("unknown")),
  ).run();
  // It is published during the replay.
  await channel.publish({ data: "live" });
  await client.inbox.untilEvents(4);
  assertEquals(client.inbox.data, ["1", "2", "left", "live"]);
  assertEquals(seen, ["unknown", "http://localhost/"]);
});

Deno.test("EventChannel counts no gap for a client that is gone before it is told", async () => {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<[]>();
  await using channel = new EventChannel({
    onGap: () => {
      asked.resolve();
      return answer.promise;
    },
  });
  await channel.publish({ data: "a" });
  const controller = new AbortController();
  let isFiltered = false;
  const response = channel.serve(makeRequest("unknown"), {
    signal: controller.signal,
    filter: () => isFiltered = true,
  });
  const text = response.text();
  await asked.promise;
  controller.abort();
  assertEquals(await text, "");
  answer.resolve([]);
  // A turn of the event loop, in which the channel gets the answer.
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(channel.counters.gaps, 0);
  assertEquals(isFiltered, false);
});

Deno.test("EventChannel with onGap sends it all, however much that is", async () => {
  await using channel = new EventChannel({
    onGap: () => Array.from({ length: 200_000 }, () => ({ data: "" })),
  });
  const client = new BodyClient(channel.serve(makeRequest("unknown")));
  await client.read();
  assertEquals(client.inbox.events.length, 200_000);
});

Deno.test("EventChannel with an onGap that throws ends that stream", async () => {
  const errors: unknown[] = [];
  const error = new Error("No state");
  await using channel = new EventChannel({
    onGap: () => Promise.reject(error),
    onError: (error) => errors.push(error),
  });
  const reasons: string[] = [];
  await using client = new BodyClient(
    channel.serve(makeRequest("unknown"), {
      onClose: (reason) => reasons.push(reason),
    }),
  );
  await client.end();
  assertEquals(client.inbox.events, []);
  assertEquals(errors, [error]);
  assertEquals(reasons, ["error"]);
});

Deno.test("EventChannel with an onGap that throws fails that stream where nobody is told", async () => {
  await using channel = new EventChannel({
    onGap: () => {
      throw new Error("No state");
    },
  });
  await using client = new BodyClient(channel.serve(makeRequest("unknown")));
  await assertRejects(() => client.end(), Error, "No state");
});

Deno.test("EventChannel.serve() with replay gives a new client past events", async () => {
  await using channel = new EventChannel();
  await publishAll(channel, 10);
  const rows = [[0, 0], [3, 3], [10, 10], [11, 10], ["all", 10]] as const;
  for (const [replay, count] of rows) {
    await using client = new BodyClient(
      channel.serve(makeRequest(), { replay }),
    ).run();
    await client.inbox.until(() => client.inbox.lastEventId !== "");
    await client.inbox.untilEvents(count);
    assertEquals(client.inbox.data, numbers(10).slice(10 - count));
  }
  assertEquals(channel.counters.gaps, 0);
});

Deno.test("EventChannel.serve() with replay does not count for a client that brings an ID", async () => {
  await using channel = new EventChannel();
  const ids = await publishAll(channel, 5);
  await using client = new BodyClient(
    channel.serve(makeRequest(ids[3]), { replay: "all" }),
  ).run();
  await client.inbox.untilEvents(1);
  assertEquals(client.inbox.data, ["4"]);
});

Deno.test("EventChannel.serve() with replay goes past the live segment", async () => {
  await using channel = new EventChannel({ liveSegmentBytes: 600 });
  await using witness = new BodyClient(channel.serve(makeRequest())).run();
  await publishAll(channel, 500);
  for (const replay of [1, 2, 3, 400, "all"] as const) {
    const count = replay === "all" ? 500 : replay;
    await using client = new BodyClient(
      channel.serve(makeRequest(), { replay }),
    ).run();
    await client.inbox.untilEvents(count);
    assertEquals(client.inbox.data, numbers(500).slice(-count));
  }
  await witness.inbox.untilEvents(500);
});

Deno.test("EventChannel.serve() with replay goes back no further than the log", async () => {
  const log = new MemoryEventLog({ maxEvents: 3 });
  await using channel = new EventChannel({ log });
  await using witness = new BodyClient(channel.serve(makeRequest())).run();
  await publishAll(channel, 10);
  await witness.inbox.untilEvents(10);
  await using client = new BodyClient(
    channel.serve(makeRequest(), { replay: 5 }),
  ).run();
  await client.inbox.untilEvents(3);
  assertEquals(client.inbox.data, ["7", "8", "9"]);
  assertEquals(channel.counters.gaps, 0);
});

Deno.test("EventChannel sends past events in chunks of a bounded size", async () => {
  const data = "x".repeat(1000);
  const log = new MemoryEventLog();
  const start = await log.rewind(0);
  for (let i = 0; i < 300; i++) await log.append({ data });
  await using channel = new EventChannel({ log });
  await using slow = new BodyClient(channel.serve(makeRequest()));
  await slow.read();
  await channel.publish({ data });
  await until(() => channel.counters.delivered === 1);
  for (let i = 1; i < 300; i++) await channel.publish({ data });
  await using behind = new BodyClient(channel.serve(makeRequest(start)));
  await behind.run().inbox.untilEvents(600);
  // Its stream had no room since the first event, and it reads only now.
  await slow.run().inbox.untilEvents(300);
  for (const { largest } of [behind.inbox, slow.inbox]) {
    assert(largest < 70_000, `${largest} bytes`);
  }
});

Deno.test("EventChannel lets a slow client pull what it has missed", async () => {
  await using channel = new EventChannel();
  await using slow = new BodyClient(channel.serve(makeRequest()));
  await using quick = new BodyClient(channel.serve(makeRequest())).run();
  await slow.read();
  for (const data of numbers(500)) {
    await channel.publish({ data });
    if (Number(data) % 50 === 0) await quick.inbox.untilEvents(Number(data));
  }
  await quick.inbox.untilEvents(500);
  slow.run();
  await slow.inbox.untilEvents(500);
  assertEquals(slow.inbox.data, numbers(500));
  assert(slow.inbox.chunks < 10, `${slow.inbox.chunks} chunks`);
});

Deno.test("EventChannel closes a client that has fallen behind the whole log", async () => {
  const log = new MemoryEventLog({ maxEvents: 5 });
  await using channel = new EventChannel({ log, liveSegmentBytes: 0 });
  const reasons: string[] = [];
  await using slow = new BodyClient(channel.serve(makeRequest(), {
    onClose: (reason) => reasons.push(reason),
  }));
  await using quick = new BodyClient(channel.serve(makeRequest())).run();
  await slow.read();
  for (const data of numbers(20)) {
    await channel.publish({ data });
    await quick.inbox.untilEvents(Number(data) + 1);
  }
  await slow.end();
  assertEquals(reasons, ["overflow"]);
  assertEquals(channel.counters.overflows, 1);
  // What it got is a beginning without a hole, and it is told of the rest.
  const { data, lastEventId } = slow.inbox;
  assertEquals(data, numbers(20).slice(0, data.length));
  await using again = new BodyClient(
    channel.serve(makeRequest(lastEventId)),
  ).run();
  await again.inbox.untilEvents(6);
  assertEquals(again.inbox.events[0]?.event, "gap");
  assertEquals(again.inbox.data.slice(1), numbers(20).slice(-5));
});

Deno.test("EventChannel hands out live what its log does not keep", async () => {
  const log = new MemoryEventLog({ maxEvents: 0 });
  await using channel = new EventChannel({ log });
  await using client = new BodyClient(channel.serve(makeRequest())).run();
  await client.inbox.until(() => client.inbox.chunks > 0);
  const ids = await publishAll(channel, 100);
  await client.inbox.untilEvents(100);
  assertEquals(client.inbox.data, numbers(100));
  // Past the live segment, which could: the log sets the bounds.
  await using late = new BodyClient(channel.serve(makeRequest(ids[50]))).run();
  await late.inbox.untilEvents(1);
  assertEquals(late.inbox.events[0]?.event, "gap");
});

Deno.test("EventChannel resumes over two channels on one log", async () => {
  const log = new MemoryEventLog();
  await using one = new EventChannel({ log });
  await using other = new EventChannel({ log });
  await using first = new BodyClient(one.serve(makeRequest())).run();
  await other.publish({ data: "a" });
  await first.inbox.untilEvents(1);
  await one.publish({ data: "b" });
  await using second = new BodyClient(
    other.serve(makeRequest(first.inbox.lastEventId)),
  ).run();
  await second.inbox.untilEvents(1);
  await first.inbox.untilEvents(2);
  assertEquals(first.inbox.data, ["a", "b"]);
  assertEquals(second.inbox.data, ["b"]);
});

function numbers(count: number): string[] {
  return Array.from({ length: count }, (_, index) => String(index));
}

function publishAll(channel: EventChannel, count: number): Promise<string[]> {
  return Promise.all(numbers(count).map((data) => channel.publish({ data })));
}
