// Copyright 2026 the Tidings authors. MIT license.

/** Once `maxAttempts` is used up, the connection fails, in every way to get there. */

import { assertEquals, assertRejects } from "@std/assert";
import {
  connect,
  type ConnectOptions,
  EventSource,
  EventSourceError,
} from "../../client.ts";
import { eventStream } from "../support/event_server.ts";
import { SkippingClock } from "../support/test_clock.ts";
import { runToTheEnd } from "./_run_to_the_end.ts";

const EMPTY = () => eventStream(null);
const BREAK = () =>
  eventStream(
    new ReadableStream({
      pull: (controller) => controller.error(new TypeError("broken")),
    }),
  );

/** The answers, the reason of the failure, and the number of requests. */
const ROWS: {
  name: string;
  answers: (() => Response)[];
  options?: ConnectOptions;
  reason: string;
  requests: number;
}[] = [
  {
    name: "bodies that end at once",
    answers: [EMPTY],
    reason: "end",
    requests: 3,
  },
  {
    name: "bodies of comments",
    answers: [() => eventStream(": a\n\n")],
    reason: "end",
    requests: 3,
  },
  {
    name: "bodies of an event that is cut off",
    answers: [() => eventStream("data: a\n")],
    reason: "end",
    requests: 3,
  },
  {
    name: "an event, and then bodies that end",
    answers: [() => eventStream("data: a\n\n"), EMPTY],
    reason: "end",
    requests: 3,
  },
  {
    name: "refusals, and a body that ends last",
    answers: [
      () => new Response(null, { status: 503 }),
      () => new Response(null, { status: 503 }),
      EMPTY,
    ],
    reason: "end",
    requests: 3,
  },
  {
    name: "a body that ends, and refusals last",
    answers: [EMPTY, () => new Response(null, { status: 503 })],
    reason: "unexpected-status",
    requests: 3,
  },
  {
    name: "bodies that break",
    answers: [BREAK],
    reason: "network-error",
    requests: 3,
  },
  {
    name: "bodies that end after a POST that shouldReconnect repeats",
    answers: [EMPTY],
    options: { body: "a", shouldReconnect: () => true },
    reason: "end",
    requests: 3,
  },
];

for (const { name, answers, options, reason, requests } of ROWS) {
  Deno.test(`connect() fails once maxAttempts is used up by ${name}`, async () => {
    let count = 0;
    const closed: unknown[] = [];
    const events = connect("http://a", {
      fetch: () =>
        Promise.resolve(answers[Math.min(count++, answers.length - 1)]!()),
      clock: new SkippingClock(),
      backoff: { maxAttempts: 2 },
      onStateChange: (state) =>
        state.state === "closed" && closed.push(state.error?.reason),
      ...options,
    });
    const error = await assertRejects(
      () => Array.fromAsync(events),
      EventSourceError,
    );
    assertEquals(error.reason, reason);
    assertEquals(closed, [reason]);
    assertEquals(count, requests);
    assertEquals((await events.next()).done, true);
  });
}

Deno.test("connect() ends without an error where it would not reconnect anyway", async () => {
  const backoff = { maxAttempts: 0 };
  const fetch = () => Promise.resolve(eventStream("data: a\n\n"));
  const once = connect("http://a", { backoff, fetch });
  assertEquals((await Array.fromAsync(once)).length, 1);
  const post = connect("http://a", { body: "a", backoff, fetch });
  assertEquals((await Array.fromAsync(post)).length, 1);
  const fetchNothing = () =>
    Promise.resolve(new Response(null, { status: 204 }));
  const over = connect("http://a", { backoff, fetch: fetchNothing });
  assertEquals(await Array.fromAsync(over), []);
});

Deno.test("EventSource fails with an error event once maxAttempts is used up by ended bodies", async () => {
  const { states, uncaught } = await runToTheEnd("http://a", {
    clock: new SkippingClock(),
    backoff: { maxAttempts: 1 },
    fetch: () => Promise.resolve(EMPTY()),
  });
  assertEquals(states, [EventSource.CONNECTING, EventSource.CLOSED]);
  assertEquals(uncaught, []);
});
