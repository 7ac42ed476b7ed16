// Copyright 2026 the Tidings authors. MIT license.

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  connect,
  type ConnectionState,
  type ConnectOptions,
  type Disconnection,
  EventSourceError,
} from "../../client.ts";
import {
  byTurns,
  eventStream,
  OpenStream,
  serve,
} from "../support/event_server.ts";
import { SkippingClock } from "../support/test_clock.ts";

const NAMED_URLS: [name: string, ConnectOptions, url: string, named: string][] =
  [
    [
      "a refusal",
      { fetch: async () => await new Response("no", { status: 401 }) },
      "http://ada:secret@localhost/events?token=secret#secret",
      "http://localhost/events",
    ],
    [
      "a network error",
      {
        fetch: () => Promise.reject(new TypeError("It is gone")),
        shouldReconnect: () => false,
      },
      "https://localhost:8443/?token=secret",
      "https://localhost:8443/",
    ],
    [
      "a function that throws",
      {
        headers: () => {
          throw new Error("There is no token");
        },
      },
      "http://localhost/a",
      "http://localhost/a",
    ],
    [
      "an event that is too large",
      {
        maxEventSize: 5,
        fetch: async () => await eventStream("data: secret\n\n"),
      },
      "http://localhost/a",
      "http://localhost/a",
    ],
    ["another scheme", {}, "foo:secret", "foo:"],
  ];

for (const [name, options, url, named] of NAMED_URLS) {
  Deno.test(`connect() names the URL without secrets in the error of ${name}`, async () => {
    const error = await assertRejects(
      () => connect(url, options).next(),
      EventSourceError,
    );
    assertEquals(error.url, named);
  });
}

Deno.test("connect() ends for good after a 204", async () => {
  await using server = serve(byTurns(
    () => eventStream("retry: 1\ndata: a\n\n"),
    () => new Response(null, { status: 204 }),
  ));
  let closed: ConnectionState | undefined;
  const events = connect(server.url, {
    shouldReconnect: () => true,
    onStateChange: (state) => closed = state,
  });
  assertEquals((await Array.fromAsync(events)).length, 1);
  assertEquals(server.requests.length, 2);
  assertEquals(
    closed?.state === "closed" && closed.error?.reason,
    "no-content",
  );
});

for (
  const [status, type, reason, message] of [
    [
      401,
      "text/plain",
      "unexpected-status",
      'expected "status" to be 200, got 401',
    ],
    [404, "text/event-stream", "unexpected-status", "200, got 404"],
    [409, "text/plain", "unexpected-status", "200, got 409"],
    [501, "text/event-stream", "unexpected-status", "200, got 501"],
    [505, "text/plain", "unexpected-status", "200, got 505"],
    [
      200,
      "text/html",
      "unexpected-content-type",
      'expected "content-type" to be "text/event-stream", got "text/html"',
    ],
    [
      200,
      "text/event-streaming",
      "unexpected-content-type",
      'got "text/event-streaming"',
    ],
    [200, " ", "unexpected-content-type", '"text/event-stream", got '],
  ] as const
) {
  Deno.test(`connect() fails on ${status} with ${JSON.stringify(type)}`, async () => {
    const cancelled = Promise.withResolvers<void>();
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode("data: é\n\n".repeat(400)));
      },
      cancel: () => cancelled.resolve(),
    });
    await using server = serve(() =>
      new Response(body, {
        status,
        headers: { "content-type": type, "x-a": "1" },
      })
    );
    const events = connect(server.url);
    const error = await assertRejects(() => events.next(), EventSourceError);
    await cancelled.promise;
    assertEquals(error.reason, reason);
    assertEquals(error.status, status);
    assertEquals(error.headers?.get("x-a"), "1");
    assertEquals(new TextEncoder().encode(error.body).length, 1024);
    assertStringIncludes(error.message, message);
    assertEquals(events.readyState, 2);
    assertEquals((await events.next()).done, true);
    assertEquals(server.requests.length, 1);
  });
}

for (
  const type of [
    "text/event-stream;charset=utf-8",
    "Text/Event-Stream ; x",
    "text/event-stream;",
  ]
) {
  Deno.test(`connect() accepts ${JSON.stringify(type)}`, async () => {
    await using server = serve(() =>
      eventStream("data: a\n\n", { headers: { "content-type": type } })
    );
    await using events = connect(server.url);
    assertEquals((await events.next()).value?.data, "a");
  });
}

Deno.test("connect() does not wait for the rest of a refusal's body", async () => {
  const clock = new SkippingClock();
  const stream = new OpenStream("Who are");
  const events = connect("http://a", {
    clock,
    fetch: () =>
      Promise.resolve(new Response(stream.response.body, { status: 401 })),
  });
  const error = await assertRejects(() => events.next(), EventSourceError);
  await stream.cancelled;
  assertEquals(error.body, "Who are");
  assertEquals(clock.delays, [1000]);
});

Deno.test("connect() can be closed while it reads a refusal's body", async () => {
  const stream = new OpenStream("Who are");
  const asked = Promise.withResolvers<void>();
  const events = connect("http://a", {
    fetch: () =>
      Promise.resolve(new Response(stream.response.body, { status: 401 })),
    // Its timeout never comes.
    clock: {
      now: () => 0,
      setTimeout: () => asked.resolve(),
      clearTimeout: () => {},
    },
  });
  const next = events.next();
  await asked.promise;
  events.close();
  assertEquals((await next).done, true);
  await stream.cancelled;
});

Deno.test("connect() cancels the rest of a refusal's body", async () => {
  const stream = new OpenStream("a".repeat(2000));
  const events = connect("http://a", {
    fetch: () =>
      Promise.resolve(new Response(stream.response.body, { status: 501 })),
  });
  await assertRejects(() => events.next(), EventSourceError);
  await stream.cancelled;
});

for (
  const [status, retryAfter, delay] of [
    [429, "7", 7000],
    [503, "7", 7000],
    [503, "Thu, 01 Jan 1970 00:00:09 GMT", 9000],
    [503, "0", 100],
    [503, "2147483", 2_147_483_000],
  ] as const
) {
  Deno.test(`connect() honours ${status} with Retry-After ${retryAfter}`, async () => {
    const clock = new SkippingClock();
    clock.now = () => 0;
    await using server = serve(byTurns(
      () =>
        new Response(null, { status, headers: { "retry-after": retryAfter } }),
      () => eventStream("data: a\n\n"),
    ));
    await using events = connect(server.url, {
      clock,
      reconnectionTime: 100,
      backoff: { maxDelay: 0 },
    });
    assertEquals((await events.next()).value?.data, "a");
    assertEquals(clock.delays.at(-1), delay);
  });
}

for (
  const [backoff, retryAfter, delay] of [
    [{}, "120", 120_000],
    [{}, "100000000000000000000", 30_000],
    [{}, "99999999999", 30_000],
    [{}, "2147484", 30_000],
    [{}, "Fri, 01 Jan 9999 00:00:00 GMT", 30_000],
    [{ maxDelay: 5000 }, "6", 5000],
    [{ maxDelay: 5000 }, "100000000000000000000", 5000],
    [{ maxDelay: 0 }, "6", 6000],
    [{ maxDelay: 0 }, "100000000000000000000", 100],
    [{ maxDelay: Infinity }, "6", 6000],
  ] as const
) {
  Deno.test(`connect() waits ${delay} ms for Retry-After ${retryAfter} with ${JSON.stringify(backoff)}`, async () => {
    const clock = new SkippingClock();
    clock.now = () => 0;
    await using events = connect("http://a", {
      clock,
      reconnectionTime: 100,
      backoff,
      fetch: (_, { headers }) =>
        Promise.resolve(
          clock.delays.length === 0
            ? new Response(null, {
              status: 503,
              headers: { "retry-after": retryAfter },
            })
            : eventStream(`data: ${new Headers(headers).get("accept")}\n\n`),
        ),
    });
    await events.next();
    // The first is the limit of the time for the refusal's body.
    assertEquals(clock.delays.at(-1), delay);
  });
}

for (const answer of ["yes", 1, 0, "", {}, Promise.resolve(true)]) {
  Deno.test(`connect() fails if shouldReconnect returns ${typeof answer} ${answer}`, async () => {
    let requests = 0;
    const events = connect("http://a", {
      shouldReconnect: () => answer as unknown as boolean,
      fetch: () => {
        requests++;
        return Promise.resolve(eventStream("data: a\n\n"));
      },
    });
    await events.next();
    const error = await assertRejects(() => events.next(), EventSourceError);
    assertEquals(error.reason, "local-error");
    assertStringIncludes(
      (error.cause as Error).message,
      'Cannot reconnect: expected "shouldReconnect()" to be a boolean or undefined, got ',
    );
    assertEquals(requests, 1);
  });
}

Deno.test("connect() fails if shouldReconnect returns a promise that rejects, and nothing goes uncaught", async () => {
  const shouldReconnect = () => Promise.reject(new Error("mine"));
  const events = connect("http://a", {
    shouldReconnect: shouldReconnect as unknown as () => boolean,
    fetch: () => Promise.resolve(eventStream(null)),
  });
  const error = await assertRejects(() => events.next(), EventSourceError);
  assertEquals(error.reason, "local-error");
});

Deno.test("connect() lets shouldReconnect decide about a status", async () => {
  const asked: Disconnection[] = [];
  await using server = serve(byTurns(
    () => new Response("first", { status: 502 }),
    () => new Response("second", { status: 403 }),
  ));
  const events = connect(server.url, {
    reconnectionTime: 1,
    backoff: { maxDelay: 0 },
    shouldReconnect(disconnection) {
      asked.push(disconnection);
      return disconnection.status === 502 || undefined;
    },
  });
  const error = await assertRejects(() => events.next(), EventSourceError);
  assertEquals(error.body, "second");
  assertEquals(
    asked.map(({ reason, status, attempt, delay, error }) => [
      reason,
      status,
      attempt,
      delay,
      error.body,
    ]),
    [
      ["unexpected-status", 502, 1, 1, "first"],
      ["unexpected-status", 403, 2, 1, "second"],
    ],
  );
  assertEquals(asked[1]?.headers?.has("content-type"), true);
});
