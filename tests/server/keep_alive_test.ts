// Copyright 2026 the Tidings authors. MIT license.

import { assertEquals } from "@std/assert";
import { KeepAlive } from "../../_server/keep_alive.ts";
import { type EventSession, serveEvents } from "../../server.ts";
import { BodyReader } from "../support/body_reader.ts";
import { FakeTime } from "../support/fake_time.ts";

/** The times at which silence was noticed, and what makes them. */
function watch(time: FakeTime, delay: number) {
  const silences: number[] = [];
  const keepAlive = new KeepAlive(delay, () => silences.push(time.now));
  return { silences, keepAlive };
}

Deno.test("KeepAlive notices each silence of the given length", () => {
  using time = new FakeTime();
  const { silences, keepAlive } = watch(time, 100);
  keepAlive.start();
  time.pass(350);
  assertEquals(silences, [100, 200, 300]);
});

Deno.test("KeepAlive counts from the last write, with one timer", () => {
  using time = new FakeTime();
  const { silences, keepAlive } = watch(time, 100);
  keepAlive.start();
  for (let writes = 0; writes < 5; writes++) {
    time.pass(90);
    keepAlive.touch();
    assertEquals(time.timers.size, 1);
  }
  assertEquals(silences, []);
  time.pass(99);
  assertEquals(silences, []);
  time.pass(1);
  assertEquals(silences, [550]);
});

Deno.test("KeepAlive begins to count when it is started", () => {
  using time = new FakeTime();
  const { silences, keepAlive } = watch(time, 100);
  time.pass(1000);
  keepAlive.start();
  time.pass(100);
  assertEquals(silences, [1100]);
});

Deno.test("KeepAlive may be touched and stopped while it reports a silence", () => {
  using time = new FakeTime();
  const silences: number[] = [];
  const keepAlive = new KeepAlive(100, () => {
    silences.push(time.now);
    keepAlive.touch();
    if (silences.length === 2) keepAlive.stop();
  });
  keepAlive.start();
  time.pass(1000);
  assertEquals(silences, [100, 200]);
  assertEquals(time.timers.size, 0);
});

Deno.test("KeepAlive reports a stream without a byte in the first turn of the timers, and counts from then on", () => {
  using time = new FakeTime();
  const { silences, keepAlive } = watch(time, 100);
  keepAlive.startAtFirstByte();
  assertEquals(silences, []);
  time.pass(0);
  assertEquals(silences, [0]);
  keepAlive.touch();
  time.pass(100);
  assertEquals(silences, [0, 100]);
  keepAlive.stop();
  assertEquals(time.timers.size, 0);
});

Deno.test("KeepAlive does not report a stream whose first byte was written in time", () => {
  using time = new FakeTime();
  for (const delay of [100, 0]) {
    const { silences, keepAlive } = watch(time, delay);
    keepAlive.startAtFirstByte();
    keepAlive.touch();
    time.pass(99);
    assertEquals(silences, []);
    keepAlive.stop();
  }
});

Deno.test("KeepAlive reports a stream without a byte once if it has no delay", () => {
  using time = new FakeTime();
  const { silences, keepAlive } = watch(time, 0);
  keepAlive.startAtFirstByte();
  assertEquals(time.timers.size, 1);
  time.pass(1000);
  assertEquals(silences, [0]);
  assertEquals(time.timers.size, 0);
});

Deno.test("KeepAlive leaves no timer when it is stopped, or has no delay", () => {
  using time = new FakeTime();
  const { keepAlive } = watch(time, 100);
  keepAlive.start();
  keepAlive.stop();
  watch(time, 0).keepAlive.start();
  assertEquals(time.timers.size, 0);
});

Deno.test("serveEvents() counts the silence from the last event or comment", async () => {
  using time = new FakeTime();
  let body!: BodyReader;
  let next!: Promise<string | undefined>;
  const session = await new Promise<EventSession>((resolve) => {
    const request = new Request("http://localhost/");
    body = new BodyReader(serveEvents(request, resolve, { keepAlive: 100 }));
    next = body.read();
  });
  time.pass(0);
  assertEquals(await next, ":\n\n");
  next = body.read();
  for (
    const [send, expected] of [
      [() => session.send({ data: "1" }), "data: 1\n\n"],
      [() => session.comment("2"), ": 2\n\n"],
      [() => time.pass(40), ":\n\n"],
    ] as const
  ) {
    time.pass(60);
    send();
    assertEquals(await next, expected);
    next = body.read();
  }
  await body.cancel();
});
