// Copyright 2026 the Tidings authors. MIT license.

import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { drawDelay, parseRetryAfter } from "../../_client/backoff.ts";
import { connect, EventSourceError } from "../../client.ts";
import { eventStream } from "../support/event_server.ts";
import { SkippingClock } from "../support/test_clock.ts";

const LONGEST = 2 ** 31 - 1;
const ALMOST_ONE = 1 - Number.EPSILON;

for (
  const [reconnectionTime, options, ranges] of [
    [1000, {}, [[1000, 2000], [1000, 4000], [1000, 8000], [1000, 16000], [
      1000,
      30000,
    ]]],
    [1000, { factor: 3, maxDelay: 5000 }, [[1000, 3000], [1000, 5000]]],
    [1000, { factor: 1 }, [[1000, 1000], [1000, 1000]]],
    [1000, { maxDelay: 0 }, [[1000, 1000], [1000, 1000]]],
    [60_000, {}, [[60_000, 60_000], [60_000, 60_000]]],
    [0, {}, [[0, 2], [0, 4], [0, 8]]],
    [1e20, { maxDelay: Infinity }, [[LONGEST, LONGEST]]],
    [LONGEST - 1, { maxDelay: Infinity }, [[LONGEST - 1, LONGEST]]],
  ] as const
) {
  Deno.test(`drawDelay() from ${reconnectionTime} ms with ${JSON.stringify(options)}`, () => {
    ranges.forEach((range, index) => {
      const draw = (random: () => number) =>
        drawDelay(index + 1, reconnectionTime, { ...options, random });
      assertEquals([draw(() => 0), draw(() => ALMOST_ONE)], [...range]);
    });
  });
}

Deno.test("drawDelay() stays finite after any number of attempts", () => {
  assertEquals(drawDelay(1e6, 1000, { random: () => ALMOST_ONE }), 30_000);
});

const NOW = Date.UTC(2026, 0, 1);

for (
  const [value, delay] of [
    [null, undefined],
    ["", undefined],
    ["soon", undefined],
    ["-1", undefined],
    ["1.5", undefined],
    ["5, 6", undefined],
    [" 120 ", 120_000],
    ["\t0 ", 0],
    [" Thu, 01 Jan 2026 00:00:30 GMT ", 30_000],
    ["2026-01-01T00:00:30Z", undefined],
    ["0", 0],
    ["120", 120_000],
    ["99999999999999999999", LONGEST],
    ["Thu, 01 Jan 2026 00:00:30 GMT", 30_000],
    ["Thursday, 01-Jan-26 00:00:30 GMT", 30_000],
    ["Thu Jan  1 00:00:30 2026", 30_000],
    ["Wed, 31 Dec 2025 23:59:59 GMT", 0],
  ] as const
) {
  Deno.test(`parseRetryAfter() of ${JSON.stringify(value)}`, () => {
    assertEquals(parseRetryAfter(value, NOW), delay);
  });
}

Deno.test("connect() takes retry to heart if the body ends right after that line", async () => {
  const clock = new SkippingClock();
  const events = connect("http://a", {
    clock,
    backoff: { maxDelay: 0, maxAttempts: 1 },
    fetch: () => Promise.resolve(eventStream("retry: 1234\n")),
  });
  await assertRejects(() => events.next(), EventSourceError);
  assertEquals(clock.delays, [1234]);
});

Deno.test("connect() never waits longer than timers can", async () => {
  const clock = new SkippingClock();
  const events = connect("http://a", {
    clock,
    backoff: { maxDelay: 0, maxAttempts: 1 },
    fetch: () =>
      Promise.resolve(eventStream("retry: 99999999999999999999\n\n")),
  });
  await assertRejects(() => events.next(), EventSourceError);
  assertEquals(clock.delays, [2 ** 31 - 1]);
});

Deno.test("connect() backs off while attempts fail, and gives up after maxAttempts", async () => {
  const clock = new SkippingClock();
  const cause = new TypeError("refused");
  const events = connect("http://a", {
    clock,
    reconnectionTime: 100,
    backoff: { maxAttempts: 6, maxDelay: 1000, random: () => ALMOST_ONE },
    fetch: () => Promise.reject(cause),
  });
  const error = await assertRejects(() => events.next(), EventSourceError);
  assertEquals(error.reason, "network-error");
  assertStrictEquals(error.cause, cause);
  assertEquals(clock.delays, [200, 400, 800, 1000, 1000, 1000]);
  assertEquals((await events.next()).done, true);
});

Deno.test("connect() goes on backing off after a connection that proved nothing", async () => {
  const clock = new SkippingClock();
  const events = connect("http://a", {
    clock,
    reconnectionTime: 100,
    backoff: { maxAttempts: 3, random: () => ALMOST_ONE },
    fetch: () => Promise.resolve(eventStream(": hello\n\n")),
  });
  await assertRejects(() => events.next(), EventSourceError);
  assertEquals(clock.delays, [200, 400, 800]);
});

Deno.test("connect() takes no time without a connection for a healthy one", async () => {
  const clock = new SkippingClock();
  let requests = 0;
  const events = connect("http://a", {
    clock,
    reconnectionTime: 100,
    backoff: { healthyAfter: 50, random: () => ALMOST_ONE },
    fetch: () => {
      if (++requests === 4) events.close();
      return Promise.reject(new TypeError("refused"));
    },
  });
  assertEquals((await events.next()).done, true);
  assertEquals(clock.delays, [200, 400, 800]);
});

Deno.test("connect() starts afresh after an event, and after healthyAfter", async () => {
  const clock = new SkippingClock();
  let now = 0;
  clock.now = () => now;
  const bodies = [
    () => ": hello\n\n",
    () => "data: a\n\n",
    () => ": hello\n\n",
    () => (now += 50, "\n"),
    () => (now += 49, "\n"),
    () => "data: b\n\n",
  ].map((text) => {
    let pulls = 0;
    return new ReadableStream({
      pull(controller) {
        // The first chunk is read before the connection is open.
        const isFirst = ++pulls === 1;
        controller.enqueue(new TextEncoder().encode(isFirst ? ":\n" : text()));
        if (!isFirst) controller.close();
      },
    }, { highWaterMark: 0 });
  });
  await using events = connect("http://a", {
    clock,
    reconnectionTime: 100,
    backoff: { healthyAfter: 50, random: () => ALMOST_ONE },
    fetch: () => Promise.resolve(eventStream(bodies.shift()!)),
  });
  await events.next();
  assertEquals((await events.next()).value?.data, "b");
  assertEquals(clock.delays, [200, 200, 400, 200, 400]);
});
