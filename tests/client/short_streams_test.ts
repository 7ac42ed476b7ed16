// Copyright 2026 the Tidings authors. MIT license.

/** A server that ends each response at once is not asked hundreds of times a second. */

import { assert, assertEquals } from "@std/assert";
import { connect, type ConnectOptions, EventSource } from "../../client.ts";
import { eventStream } from "../support/event_server.ts";
import { SkippingClock } from "../support/test_clock.ts";

/** The waits of a client between so many responses. */
async function waitsOf(
  count: number,
  answer: (clock: SkippingClock) => Response,
  options?: ConnectOptions,
): Promise<number[]> {
  const clock = new SkippingClock();
  const waits: number[] = [];
  await using events = connect("http://a", {
    clock,
    fetch: () => Promise.resolve(answer(clock)),
    onStateChange: (state) =>
      state.state === "reconnecting" && waits.push(state.delay),
    ...options,
  });
  while (waits.length < count) await events.next();
  return waits;
}

const ONE_EVENT = () => eventStream("retry: 0\nid: 1\ndata: a\n\n");

for (
  const [name, answer, options] of [
    ["retry: 0", ONE_EVENT, {}],
    ["retry: 1", () => eventStream("retry: 1\ndata: a\n\n"), {}],
    [
      "reconnectionTime: 0",
      () => eventStream("data: a\n\n"),
      { reconnectionTime: 0 },
    ],
    ["maxDelay: 0", ONE_EVENT, { backoff: { maxDelay: 0 } }],
    ["shouldReconnect", ONE_EVENT, { shouldReconnect: () => true }],
    ["a POST", ONE_EVENT, { body: "a", shouldReconnect: () => true }],
  ] satisfies [string, () => Response, ConnectOptions][]
) {
  Deno.test(`connect() waits longer each time that a stream ends at once, with ${name}`, async () => {
    const waits = await waitsOf(30, answer, options);
    assert(waits[0]! <= 2, `${waits}`);
    const sum = waits.slice(0, 12).reduce((sum, wait) => sum + wait);
    assert(sum >= 1000, `${waits}`);
    assert(waits.slice(12).every((wait) => wait >= 500), `${waits}`);
  });
}

Deno.test("connect() waits no longer than it is told once a stream has lasted", async () => {
  let count = 0;
  const waits = await waitsOf(20, (clock) => {
    // Every tenth lasts.
    const lasts = ++count % 10 === 0;
    let pulls = 0;
    return eventStream(
      new ReadableStream({
        pull(controller) {
          // The second time, the stream is open.
          if (pulls++ > 0) {
            if (lasts) clock.setTimeout(() => {}, 2000);
            return controller.close();
          }
          controller.enqueue(
            new TextEncoder().encode("retry: 0\ndata: a\n\n"),
          );
        },
      }, { highWaterMark: 0 }),
    );
  }, { backoff: { random: () => 0 } });
  assertEquals(waits.slice(0, 10), [1, 2, 4, 8, 16, 32, 64, 128, 256, 0]);
});

Deno.test("connect() does not wait on reconnect(), however short its streams are", async () => {
  const waits: number[] = [];
  await using events = connect("http://a", {
    clock: new SkippingClock(),
    fetch: () => Promise.resolve(ONE_EVENT()),
    onStateChange: (state) =>
      state.state === "reconnecting" && waits.push(state.delay),
  });
  for (let i = 0; i < 5; i++) {
    await events.next();
    events.reconnect();
  }
  assertEquals(new Set(waits), new Set([0]));
});

Deno.test("EventSource waits for the server's retry, by the standard", async () => {
  const clock = new SkippingClock();
  const source = new EventSource("http://a", {
    clock,
    fetch: () => Promise.resolve(ONE_EVENT()),
  });
  await new Promise<void>((resolve) => {
    let count = 0;
    source.onmessage = () => {
      if (++count === 15) resolve();
    };
  });
  source.close();
  assertEquals(new Set(clock.delays), new Set([0]));
});
