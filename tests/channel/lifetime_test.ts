// Copyright 2026 the Tidings authors. MIT license.

/** What ends one client's stream before the client or the channel does. */

import { assertEquals, assertThrows } from "@std/assert";
import { EventChannel } from "../../channel.ts";
import { BodyClient, makeRequest } from "./_clients.ts";
import { FakeTime } from "../support/fake_time.ts";

Deno.test("EventChannel.serve() ends the stream after maxDuration, with what was published", async () => {
  using time = new FakeTime();
  const channel = new EventChannel({ keepAlive: 0 });
  const reasons: string[] = [];
  const client = new BodyClient(channel.serve(makeRequest(), {
    maxDuration: 100,
    onClose: (reason) => reasons.push(reason),
  }));
  await client.read();
  channel.publish({ data: "a" });
  await client.read();
  time.pass(99);
  assertEquals(reasons, []);
  channel.publish({ data: "b" });
  await client.read();
  time.pass(1);
  assertEquals(reasons, ["lifetime"]);
  assertEquals(channel.size, 0);
  client.run();
  await client.end();
  assertEquals(client.inbox.data, ["a", "b"]);
  await channel.close();
});

Deno.test("EventChannel.serve() goes on where maxDuration has ended a stream", async () => {
  using time = new FakeTime();
  const channel = new EventChannel({ keepAlive: 0 });
  const first = new BodyClient(
    channel.serve(makeRequest(), { maxDuration: 100 }),
  );
  await first.read();
  await channel.publish({ data: "a" });
  await first.read();
  time.pass(100);
  await channel.publish({ data: "b" });
  const second = new BodyClient(
    channel.serve(makeRequest(first.inbox.lastEventId)),
  );
  await second.read();
  assertEquals(second.inbox.data, ["b"]);
  await channel.close();
});

Deno.test("EventChannel.serve() ends the stream when its signal is aborted, and no other", async () => {
  const channel = new EventChannel();
  const controller = new AbortController();
  const reasons: string[] = [];
  const options = { onClose: (reason: string) => reasons.push(reason) };
  const client = new BodyClient(
    channel.serve(makeRequest(), { signal: controller.signal, ...options }),
  ).run();
  const other = new BodyClient(channel.serve(makeRequest(), options)).run();
  controller.abort();
  assertEquals(reasons, ["server"]);
  await client.end();
  assertEquals(channel.size, 1);
  await channel.close();
  await other.end();
});

Deno.test("EventChannel.serve() ends the stream at once if its signal is aborted", async () => {
  await using channel = new EventChannel();
  const reasons: string[] = [];
  const response = channel.serve(makeRequest(), {
    signal: AbortSignal.abort(),
    maxDuration: 60_000,
    onClose: (reason) => reasons.push(reason),
  });
  assertEquals(await response.text(), "");
  assertEquals(reasons, ["server"]);
});

Deno.test("EventChannel.serve() leaves no timer and no listener when the client leaves", async () => {
  using time = new FakeTime();
  const channel = new EventChannel({ keepAlive: 0 });
  const { signal } = new AbortController();
  let listeners = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: unknown[]) => {
    listeners++;
    Reflect.apply(addEventListener, signal, args);
  };
  signal.removeEventListener = (...args: unknown[]) => {
    listeners--;
    Reflect.apply(removeEventListener, signal, args);
  };
  const response = channel.serve(makeRequest(), { signal, maxDuration: 100 });
  assertEquals([listeners, time.timers.size], [1, 1]);
  await response.body?.cancel();
  assertEquals([listeners, time.timers.size], [0, 0]);
  await channel.close();
});

Deno.test("EventChannel.serve() refuses a bad maxDuration, and has no client then", () => {
  const channel = new EventChannel();
  for (
    const [maxDuration, error, message] of [
      [
        -1,
        RangeError,
        'Cannot serve event channel: expected "maxDuration" to be a number from 0 to 2147483647, got -1',
      ],
      [
        "1" as unknown as number,
        TypeError,
        'Cannot serve event channel: expected "maxDuration" to be a number from 0 to 2147483647, got "1"',
      ],
    ] as const
  ) {
    assertThrows(
      () => channel.serve(makeRequest(), { maxDuration }),
      error,
      message,
    );
  }
  assertEquals(channel.size, 0);
});
