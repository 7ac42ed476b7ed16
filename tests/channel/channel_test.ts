// Copyright 2026 the Tidings authors. MIT license.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { EventChannel } from "../../channel.ts";
import { MemoryEventLog } from "../../log.ts";
import { BodyClient, makeRequest, until } from "./_clients.ts";

Deno.test("EventChannel.publish() reaches every client, in order", async () => {
  await using channel = new EventChannel();
  await using one = new BodyClient(channel.serve(makeRequest())).run();
  await using other = new BodyClient(channel.serve(makeRequest())).run();
  const ids: string[] = [];
  for (const data of ["a", "b", "c"]) ids.push(await channel.publish({ data }));
  for (const { inbox } of [one, other]) {
    await inbox.untilEvents(3);
    assertEquals(inbox.data, ["a", "b", "c"]);
    assertEquals(inbox.events.map((event) => event.id), ids);
  }
});

Deno.test("EventChannel.publish() sends every field", async () => {
  await using channel = new EventChannel();
  await using client = new BodyClient(channel.serve(makeRequest())).run();
  await channel.publish({
    event: "tick",
    data: "1\n2",
    id: "own",
    retry: 1234,
    comment: "why",
  });
  await client.inbox.untilEvents(1);
  assertEquals(client.inbox.events, [
    { event: "tick", data: "1\n2", id: "own", lastEventId: "own" },
  ]);
  assertEquals(client.inbox.reconnectionTime, 1234);
  assertEquals(client.inbox.comments, ["why"]);
});

Deno.test("EventChannel.publish() joins the events of one event loop turn into one chunk for all", async () => {
  await using channel = new EventChannel();
  const clients = [1, 2, 3].map(() =>
    new BodyClient(channel.serve(makeRequest()))
  );
  for (const client of clients) {
    await client.read(); // its cursor
    client.run();
  }
  for (let i = 0; i < 10; i++) channel.publish({ data: `${i}` });
  for (const { inbox } of clients) {
    await inbox.untilEvents(10);
    assertEquals(inbox.chunks, 2);
  }
});

Deno.test("EventChannel.publish() hands the same chunk to every client", async () => {
  await using channel = new EventChannel();
  const readers = [1, 2].map(() =>
    channel.serve(makeRequest()).body!.getReader()
  );
  for (const reader of readers) await reader.read();
  const reads = readers.map((reader) => reader.read());
  channel.publish({ data: "a" });
  const [one, other] = await Promise.all(reads);
  assert(one?.value !== undefined);
  assert(one.value === other?.value);
});

Deno.test("EventChannel.publish() hands out before the turn of the event loop is over", async () => {
  await using channel = new EventChannel();
  await using client = new BodyClient(channel.serve(makeRequest()));
  await client.read();
  // Nothing of earlier event loop turns is left once this one has fired.
  await new Promise((resolve) => setTimeout(resolve, 5));
  let isTurnOver = false;
  const timer = setTimeout(() => isTurnOver = true, 0);
  channel.publish({ data: "a" });
  await client.read();
  assertEquals(client.inbox.data, ["a"]);
  assertEquals(isTurnOver, false);
  clearTimeout(timer);
});

Deno.test("EventChannel.publish() joins what comes after it in the same event loop turn, one await after the other", async () => {
  await using channel = new EventChannel();
  const client = new BodyClient(channel.serve(makeRequest()));
  await client.read();
  client.run();
  for (let i = 0; i < 100; i++) await channel.publish({ data: `${i}` });
  await client.inbox.untilEvents(100);
  assert(client.inbox.chunks < 20, `${client.inbox.chunks} chunks`);
});

Deno.test("EventChannel.publish() rejects an event that cannot be sent, and nobody gets it", async () => {
  const log = new MemoryEventLog();
  await using channel = new EventChannel({ log });
  await using client = new BodyClient(channel.serve(makeRequest())).run();
  const start = await log.rewind(0);
  await assertRejects(() => channel.publish({ event: "a\nb" }), TypeError);
  await assertRejects(() => channel.publish({ id: "\0" }), TypeError);
  await assertRejects(() => channel.publish({ id: "" }), TypeError);
  await assertRejects(() => channel.publish({ retry: -1 }), RangeError);
  assertEquals((await log.read(start)).events, []);
  await channel.publish({ data: "good" });
  await client.inbox.untilEvents(1);
  assertEquals(client.inbox.data, ["good"]);
});

Deno.test("EventChannel.publish() rejects with the signal's reason", async () => {
  await using channel = new EventChannel();
  const signal = AbortSignal.abort(new Error("Enough"));
  await assertRejects(
    () => channel.publish({ data: "a" }, { signal }),
    Error,
    "Enough",
  );
});

Deno.test("EventChannel.serve() does not send what was published before", async () => {
  await using channel = new EventChannel();
  await using early = new BodyClient(channel.serve(makeRequest())).run();
  channel.publish({ data: "before" });
  // Not even in the same event loop turn, when the first client has not been handed it.
  await using late = new BodyClient(channel.serve(makeRequest())).run();
  channel.publish({ data: "after" });
  await early.inbox.untilEvents(2);
  await late.inbox.untilEvents(1);
  assertEquals(early.inbox.data, ["before", "after"]);
  assertEquals(late.inbox.data, ["after"]);
});

Deno.test("EventChannel.serve() sends what is published before the stream is read", async () => {
  await using channel = new EventChannel();
  const client = new BodyClient(channel.serve(makeRequest()));
  for (const data of ["a", "b"]) await channel.publish({ data });
  client.run();
  await client.inbox.untilEvents(2);
  assertEquals(client.inbox.data, ["a", "b"]);
});

Deno.test("EventChannel.serve() answers a request that gets no stream, and counts no client", async () => {
  await using channel = new EventChannel();
  const answers = [
    [{ method: "HEAD" }, 200],
    [{ method: "OPTIONS" }, 204],
    [{ method: "POST" }, 405],
    [{ headers: { accept: "text/html" } }, 406],
  ] as const;
  for (const [init, status] of answers) {
    const response = channel.serve(new Request("http://localhost/", init));
    assertEquals(response.status, status);
    assertEquals(response.body === null, status < 400);
  }
  assertEquals(channel.size, 0);
});

Deno.test("EventChannel.serve() adds the user's headers and those of CORS", async () => {
  await using channel = new EventChannel();
  const request = new Request("http://localhost/", {
    headers: { origin: "https://app.example" },
  });
  const { headers, body } = channel.serve(request, {
    headers: { "x-served-by": "me" },
    cors: { origins: ["https://app.example"], credentials: true },
  });
  await body?.cancel();
  assertEquals(headers.get("content-type"), "text/event-stream");
  assertEquals(headers.get("cache-control"), "no-store, no-transform");
  assertEquals(headers.get("x-served-by"), "me");
  assertEquals(
    headers.get("access-control-allow-origin"),
    "https://app.example",
  );
});

Deno.test("EventChannel.serve() sends only the types that are asked for", async () => {
  await using channel = new EventChannel();
  await using ticks = new BodyClient(
    channel.serve(makeRequest(), { types: ["tick", "end"] }),
  ).run();
  await using plain = new BodyClient(
    channel.serve(makeRequest(), { types: ["message"] }),
  ).run();
  await using none = new BodyClient(
    channel.serve(makeRequest(), { types: [] }),
  ).run();
  channel.publish({ event: "tick", data: "1" });
  channel.publish({ event: "other", data: "2" });
  channel.publish({ data: "3" });
  channel.publish({ event: "", data: "4" });
  channel.publish({ event: "message", data: "5" });
  channel.publish({ event: "end", data: "6" });
  await ticks.inbox.untilEvents(2);
  await plain.inbox.untilEvents(3);
  await channel.close();
  await none.end();
  assertEquals(ticks.inbox.data, ["1", "6"]);
  assertEquals(plain.inbox.data, ["3", "4", "5"]);
  assertEquals(none.inbox.data, []);
});

Deno.test("EventChannel.serve() asks the filter of each client, live and past", async () => {
  await using channel = new EventChannel();
  const filter = (event: { data?: string | undefined }) =>
    Number(event.data) % 2 === 0;
  const start = await channel.publish({ data: "0" });
  await using live = new BodyClient(
    channel.serve(makeRequest(), { filter }),
  ).run();
  for (let i = 1; i < 10; i++) await channel.publish({ data: `${i}` });
  await using past = new BodyClient(
    channel.serve(makeRequest(start), { filter }),
  ).run();
  for (const { inbox } of [live, past]) {
    await inbox.untilEvents(4);
    assertEquals(inbox.data, ["2", "4", "6", "8"]);
  }
});

Deno.test("EventChannel.serve() ends a stream whose filter throws, and no other", async () => {
  const errors: unknown[] = [];
  await using channel = new EventChannel({
    onError: (error) => errors.push(error),
  });
  const reasons: string[] = [];
  const error = new Error("The filter is broken");
  await using broken = new BodyClient(
    channel.serve(makeRequest(), {
      filter: () => {
        throw error;
      },
      onClose: (reason) => reasons.push(reason),
    }),
  ).run();
  await using other = new BodyClient(channel.serve(makeRequest())).run();
  await channel.publish({ data: "a" });
  await broken.end();
  await other.inbox.untilEvents(1);
  assertEquals(broken.inbox.data, []);
  assertEquals(reasons, ["error"]);
  assertEquals(errors, [error]);
  assertEquals(channel.size, 1);
});

Deno.test("EventChannel.serve() fails a stream whose filter throws without an onError", async () => {
  await using channel = new EventChannel();
  await using client = new BodyClient(
    channel.serve(makeRequest(), {
      filter: () => {
        throw new Error("The filter is broken");
      },
    }),
  );
  await channel.publish({ data: "a" });
  await assertRejects(() => client.end(), Error, "The filter is broken");
  assertEquals(channel.size, 0);
});

Deno.test("EventChannel.serve() tells the reconnection time first", async () => {
  await using channel = new EventChannel({ retry: 2500 });
  await using client = new BodyClient(channel.serve(makeRequest()));
  await client.read();
  assertEquals(client.inbox.reconnectionTime, 2500);
});

Deno.test("EventChannel.serve() sends a comment after silence, and none without", async () => {
  await using channel = new EventChannel({ keepAlive: 20 });
  await using busy = new EventChannel({ keepAlive: 60_000 });
  await using client = new BodyClient(channel.serve(makeRequest())).run();
  await using other = new BodyClient(busy.serve(makeRequest())).run();
  await client.inbox.until(() => client.inbox.comments.length >= 3);
  assertEquals(client.inbox.events, []);
  assertEquals(other.inbox.comments, []);
});

Deno.test("EventChannel.serve() sends no comment to a client that gets events", async () => {
  const ticks: (() => void)[] = [];
  const { setInterval } = globalThis;
  const fake = (tick: () => void) => ticks.push(tick);
  globalThis.setInterval = fake as unknown as typeof setInterval;
  try {
    await using channel = new EventChannel({ keepAlive: 1000 });
    await using client = new BodyClient(channel.serve(makeRequest())).run();
    const [tick] = ticks;
    for (let i = 1; i <= 5; i++) {
      tick!();
      await channel.publish({ data: "a" });
      await client.inbox.untilEvents(i);
    }
    tick!();
    assertEquals(client.inbox.comments, []);
    tick!();
    await client.inbox.until(() => client.inbox.comments.length > 0);
    assertEquals(ticks.length, 1);
  } finally {
    globalThis.setInterval = setInterval;
  }
});

Deno.test("EventChannel.serve() keeps comments from a client that does not read", async () => {
  await using channel = new EventChannel({ keepAlive: 2 });
  await using idle = new BodyClient(channel.serve(makeRequest()));
  await using client = new BodyClient(channel.serve(makeRequest())).run();
  await client.inbox.until(() => client.inbox.comments.length >= 5);
  await channel.close();
  await idle.end();
  // Its cursor into the log is all that waits for it.
  assertEquals(idle.inbox.comments, []);
});

Deno.test("EventChannel.serve() stops its timer with the last client", async () => {
  // A timer that is left would fail this test.
  const channel = new EventChannel({ keepAlive: 20 });
  const client = new BodyClient(channel.serve(makeRequest())).run();
  await client.inbox.until(() => client.inbox.comments.length >= 1);
  await client[Symbol.asyncDispose]();
  assertEquals(channel.size, 0);
});

Deno.test("EventChannel.serve() tells once why a client is one no more", async () => {
  const channel = new EventChannel();
  const reasons: string[] = [];
  const options = { onClose: (reason: string) => reasons.push(reason) };
  const leaving = channel.serve(makeRequest(), options);
  const staying = channel.serve(makeRequest(), options);
  await leaving.body?.cancel();
  assertEquals(reasons, ["client"]);
  await channel.close();
  await staying.body?.cancel();
  assertEquals(reasons, ["client", "server"]);
});

Deno.test("EventChannel.counters tell what was delivered", async () => {
  await using channel = new EventChannel();
  await using one = new BodyClient(channel.serve(makeRequest())).run();
  await using other = new BodyClient(
    channel.serve(makeRequest(), { types: ["tick"] }),
  ).run();
  assertEquals(channel.size, 2);
  channel.publish({ event: "tick", data: "a" });
  channel.publish({ data: "b" });
  await one.inbox.untilEvents(2);
  await other.inbox.untilEvents(1);
  const { delivered, bytes, gaps, overflows } = channel.counters;
  assertEquals(delivered, 3);
  assertEquals(gaps, 0);
  assertEquals(overflows, 0);
  await channel.close();
  for (const client of [one, other]) await client.end();
  const before = channel.counters;
  assertEquals(before.bytes, bytes);
  await until(() => channel.size === 0);
});
