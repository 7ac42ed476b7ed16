// Copyright 2026 the Tidings authors. MIT license.

import { assertEquals, assertRejects } from "@std/assert";
import { connect, EventSourceError } from "../../client.ts";
import { eventStream, OpenStream, serve } from "../support/event_server.ts";
import { FakeTime } from "../support/fake_time.ts";
import { RawServer } from "../support/raw_server.ts";
import { within } from "../support/within.ts";

Deno.test("connect() drops a connection that is idle, and resumes it", async () => {
  const streams = [
    new OpenStream("id: 1\ndata: a\n\n"),
    new OpenStream("data: b\n\n"),
  ];
  await using server = serve((_, index) => streams[index]!.response);
  const reasons: string[] = [];
  await using events = connect(server.url, {
    idleTimeout: 200,
    reconnectionTime: 1,
    onStateChange: (state) =>
      state.state === "reconnecting" && reasons.push(state.reason),
  });
  await events.next();
  assertEquals((await events.next()).value?.data, "b");
  await streams[0]!.cancelled;
  assertEquals(reasons, ["idle-timeout"]);
  assertEquals(server.requests[1]?.headers.get("last-event-id"), "1");
});

Deno.test("connect() drops a server that accepts and says nothing", async () => {
  await using server = new RawServer(async ({ begin, send, left }, index) => {
    if (index > 0) {
      await begin();
      await send("data: a\n\n");
    }
    await left();
  });
  await using events = connect(server.url, {
    idleTimeout: 200,
    reconnectionTime: 1,
  });
  assertEquals((await events.next()).value?.data, "a");
  assertEquals(server.heads.length, 2);
});

Deno.test("connect() restarts the idle timeout with every byte, comments too", async () => {
  // A clock by hand: a timer counts only if nothing has stopped it.
  const timers = new Map<number, number>();
  let count = 0;
  const stream = new OpenStream();
  const comment = [
    Promise.withResolvers<void>(),
    Promise.withResolvers<void>(),
  ];
  let comments = 0;
  await using events = connect("http://a", {
    idleTimeout: 30_000,
    fetch: () => Promise.resolve(stream.response),
    onComment: () => comment[comments++]!.resolve(),
    clock: {
      now: () => 0,
      setTimeout: (_, delay) => (timers.set(++count, delay), count),
      clearTimeout: (timer) => timers.delete(timer as number),
    },
  });
  const next = events.next();
  for (const { promise } of comment) {
    stream.send(":\n");
    await promise;
  }
  stream.send("data: a\n\n");
  await next;
  // One for the response and one for each wait, each of them stopped. The first
  // chunk was there already.
  assertEquals(count, 3);
  assertEquals(timers.size, 0);
});

Deno.test("connect() does not wait for ever for a fetch that ignores its signal", async () => {
  let calls = 0;
  await using events = connect("http://a", {
    idleTimeout: 1,
    reconnectionTime: 1,
    fetch: () =>
      ++calls === 1
        ? new Promise(() => {})
        : Promise.resolve(eventStream("data: a\n\n")),
  });
  assertEquals((await events.next()).value?.data, "a");
});

for (const status of [401, 503]) {
  Deno.test(`connect() tells of a ${status} whose body stalls, also with a short idleTimeout`, async () => {
    using time = new FakeTime();
    let requests = 0;
    const events = connect("http://a", {
      idleTimeout: 20,
      backoff: { maxAttempts: 0 },
      fetch: () => {
        requests++;
        const { body } = new OpenStream("Not ").response;
        return Promise.resolve(new Response(body, { status }));
      },
    });
    const failure = assertRejects(() => events.next(), EventSourceError);
    for (let i = 0; i < 100; i++) await Promise.resolve();
    time.pass(1000);
    const { reason, status: told, body } = await within("the end", failure);
    assertEquals([reason, told, body], ["unexpected-status", status, "Not "]);
    assertEquals(requests, 1);
  });
}
