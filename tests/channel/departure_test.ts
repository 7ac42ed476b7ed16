// Copyright 2026 the Tidings authors. MIT license.

/** How a channel notices that a client has left, or that nobody reads its response. */

import { assertEquals, assertThrows } from "@std/assert";
import { IS_DENO } from "../../_is_deno.ts";
import { EventChannel, type EventChannelServeOptions } from "../../channel.ts";
import { BodyClient, makeRequest } from "./_clients.ts";
import { FakeTime } from "../support/fake_time.ts";

const TURN = () => new Promise((resolve) => setTimeout(resolve, 0));

interface Served extends AsyncDisposable {
  channel: EventChannel;
  response: Response;
  departure: AbortController;
  reasons: string[];
}

/** Serves a client whose request has a signal. */
function serve(options: EventChannelServeOptions = {}): Served {
  const channel = new EventChannel({ keepAlive: 0 });
  const departure = new AbortController();
  const { signal } = departure;
  const reasons: string[] = [];
  const response = channel.serve(
    new Request("http://localhost/", { signal }),
    { onClose: (reason) => reasons.push(reason), ...options },
  );
  return {
    channel,
    response,
    departure,
    reasons,
    [Symbol.asyncDispose]: () => channel.close(),
  };
}

const DEPARTURES: Record<string, (served: Served) => unknown> = {
  "the body is cancelled": ({ response }) => response.body?.cancel(),
  "the request is aborted": ({ departure }) => departure.abort(),
  "the body is cancelled after the request was aborted": async (served) => {
    served.departure.abort();
    await served.response.body?.cancel();
  },
  "the request is aborted after the body was cancelled": async (served) => {
    await served.response.body?.cancel();
    served.departure.abort();
  },
  "a middleware reads a copy, and the request is aborted": async (served) => {
    served.response.clone();
    await TURN();
    served.departure.abort();
  },
  "a middleware reads the body for ever, and the request is aborted": async (
    served,
  ) => {
    const reader = served.response.body?.getReader();
    await reader?.read();
    reader?.read();
    served.departure.abort();
  },
};

for (const [name, depart] of Object.entries(DEPARTURES)) {
  Deno.test(`EventChannel.serve() counts a client once that leaves: ${name}`, async () => {
    await using served = serve();
    const { channel, reasons } = served;
    assertEquals(channel.size, 1);
    await depart(served);
    assertEquals(channel.size, 0);
    await TURN();
    assertEquals(reasons, ["client"]);
  });
}

Deno.test("EventChannel.serve() counts no client that has left before", async () => {
  await using channel = new EventChannel();
  const signal = AbortSignal.abort();
  const response = channel.serve(new Request("http://localhost/", { signal }));
  assertEquals(channel.size, 0);
  assertEquals(await response.text(), "");
});

Deno.test("EventChannel.serve() leaves no listener on the request's signal", async () => {
  const { signal } = new AbortController();
  let listeners = 0;
  const request = new Request("http://localhost/", { signal });
  const own = request.signal;
  const add = own.addEventListener.bind(own);
  const remove = own.removeEventListener.bind(own);
  own.addEventListener = (...args: Parameters<typeof add>) => {
    listeners++;
    add(...args);
  };
  own.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners--;
    remove(...args);
  };
  const channel = new EventChannel();
  const response = channel.serve(request);
  assertEquals(listeners, 1);
  await response.body?.cancel();
  assertEquals(listeners, 0);
  const other = channel.serve(request);
  await channel.close();
  assertEquals(listeners, 0);
  await other.body?.cancel();
});

Deno.test({
  name: "EventChannel.serve() leaves the signal of a request alone in Deno",
  // Elsewhere the signal is what tells of the departure.
  ignore: !IS_DENO,
  async fn() {
    await using channel = new EventChannel({ onGap: () => [] });
    const request = makeRequest("unknown");
    const forbidden = (): never => {
      throw new Error("The signal is made");
    };
    Object.defineProperties(request, {
      signal: { get: forbidden },
      clone: { value: forbidden },
    });
    await using client = new BodyClient(channel.serve(request));
    await client.read();
    assertEquals(channel.size, 1);
  },
});

Deno.test("EventChannel.serve() closes a body that nobody begins to read within startTimeout", async () => {
  using time = new FakeTime();
  await using served = serve({ startTimeout: 100 });
  const { channel, response, reasons } = served;
  time.pass(99);
  assertEquals(channel.size, 1);
  time.pass(1);
  assertEquals(channel.size, 0);
  assertEquals(reasons, ["client"]);
  // A middleware that was late sends a response that ends.
  assertEquals(await response.text(), "");
  assertEquals(time.timers.size, 0);
});

Deno.test("EventChannel.serve() gives a body ten seconds to be read, each from its own beginning", async () => {
  using time = new FakeTime();
  await using channel = new EventChannel({ keepAlive: 0 });
  channel.serve(makeRequest());
  time.pass(6000);
  channel.serve(makeRequest());
  time.pass(3999);
  assertEquals(channel.size, 2);
  time.pass(1);
  assertEquals(channel.size, 1);
  time.pass(5999);
  assertEquals(channel.size, 1);
  time.pass(1);
  assertEquals(channel.size, 0);
});

Deno.test("EventChannel.serve() keeps a client that has begun to read, however late it reads on", async () => {
  using time = new FakeTime();
  await using served = serve({ startTimeout: 100 });
  await using client = new BodyClient(served.response);
  await client.read();
  // The first byte takes a turn of the timers.
  time.pass(0);
  assertEquals(time.timers.size, 0);
  time.pass(1000);
  assertEquals(served.channel.size, 1);
  await served.channel.publish({ data: "a" });
  await client.read();
  assertEquals(client.inbox.data, ["a"]);
});

Deno.test("EventChannel.serve() waits for ever for a reader with startTimeout Infinity", async () => {
  using time = new FakeTime();
  await using served = serve({ startTimeout: Infinity });
  assertEquals(time.timers.size, 0);
  time.pass(1_000_000);
  assertEquals(served.channel.size, 1);
});

Deno.test("EventChannel.close() leaves no timer of a body that nobody reads", async () => {
  using time = new FakeTime();
  const { channel } = serve();
  await channel.close();
  assertEquals(time.timers.size, 0);
});

Deno.test("EventChannel with maxSubscribersPerKey admits a user again whose responses were thrown away", async () => {
  using time = new FakeTime();
  await using channel = new EventChannel({
    keepAlive: 0,
    maxSubscribersPerKey: 2,
    key: () => "ada",
  });
  const statuses = (): number[] =>
    [1, 2, 3].map(() => channel.serve(makeRequest()).status);
  assertEquals(statuses(), [200, 200, 429]);
  time.pass(10_000);
  assertEquals(statuses(), [200, 200, 429]);
});

Deno.test("EventChannel.serve() throws on a startTimeout that is no time", () => {
  const channel = new EventChannel();
  for (const startTimeout of [0, -1, NaN, 2 ** 31]) {
    assertThrows(
      () => channel.serve(makeRequest(), { startTimeout }),
      RangeError,
      'Cannot serve event channel: expected "startTimeout" to be a number from 1 to 2147483647',
    );
  }
  assertThrows(
    // @ts-expect-error: A text is no number.
    () => channel.serve(makeRequest(), { startTimeout: "1" }),
    TypeError,
    'Cannot serve event channel: expected "startTimeout" to be a number from 1 to 2147483647, got "1"',
  );
  assertEquals(channel.size, 0);
});
