// Copyright 2026 the Tidings authors. MIT license.

/** What can never work fails once; what may pass is tried again. */

import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import {
  connect,
  type ConnectOptions,
  EventSource,
  EventSourceError,
} from "../../client.ts";
import { byTurns, eventStream, serve } from "../support/event_server.ts";
import { Random } from "../support/random.ts";
import { RawServer } from "../support/raw_server.ts";
import { SkippingClock } from "../support/test_clock.ts";
import { runToTheEnd } from "./_run_to_the_end.ts";

for (const character of ["\x01", "\x08", "\x1f", "\x7f"]) {
  const id = `a${character}b`;

  Deno.test(`EventSource fails on the server's ID ${encodeURIComponent(id)} with an error event, and nothing goes uncaught`, async () => {
    await using server = serve(() =>
      eventStream(`retry: 1\nid: ${id}\ndata: x\n\n`)
    );
    const { states, uncaught } = await runToTheEnd(server.url);
    assertEquals(states, [EventSource.CONNECTING, EventSource.CLOSED]);
    assertEquals(uncaught, []);
    assertEquals(server.requests.length, 1);
  });
}

Deno.test("EventSource lets nothing go uncaught, whatever a server sends", async () => {
  const seed = Number(
    Deno.env.get("SEED") ?? Math.floor(Math.random() * 2 ** 31),
  );
  const random = new Random(seed);
  const pieces = [
    "id",
    "data",
    "event",
    "retry",
    ":",
    " ",
    "\n",
    "\r",
    "\n\n",
    "\x00",
    "\x01",
    "\x7f",
    "é",
    "\ud83d\ude00",
    "1",
    "99999999999999999999",
    "open",
    "error",
    "__proto__",
    "constructor",
  ];
  const statuses = [200, 200, 200, 200, 204, 301, 400, 429, 500, 503];
  const types = ["text/event-stream", "text/event-stream;x", "", "a/b", '"'];
  const locations = [
    "/",
    "ftp://a",
    "mailto:a",
    "http://[",
    "//",
    "http://a:b",
  ];
  const text = (): string =>
    "retry: 0\n" + random.text(pieces, random.below(40));
  for (let run = 0; run < 200; run++) {
    const { states, uncaught } = await runToTheEnd("http://a/", {
      clock: new SkippingClock(),
      backoff: { maxAttempts: 5 },
      fetch: () =>
        random.onceIn(10)
          ? Promise.reject(new TypeError(text()))
          : Promise.resolve(
            new Response(null, {
              status: random.pick(statuses),
              statusText: "?",
              headers: {
                "content-type": random.pick(types),
                "location": random.pick(locations),
                "retry-after": random.pick(["", "-1", "x", "1e9", "0"]),
              },
            }),
          ).then((response) =>
            response.status === 204 ? response : new Response(text(), response)
          ),
    });
    assertEquals(states.at(-1), EventSource.CLOSED, `seed ${seed}`);
    assertEquals(uncaught, [], `seed ${seed}`);
  }
});

const NEVER = [
  "localhost:8080/events",
  "ws://127.0.0.1/",
  "ftp://127.0.0.1/",
  "about:blank",
  "mailto:ada@example.com",
  "javascript:alert(1)",
];

for (const url of NEVER) {
  Deno.test(`EventSource fails for good on ${url}, with one error event`, async () => {
    const init = { shouldReconnect: () => true };
    const { states, uncaught } = await runToTheEnd(url, init);
    assertEquals(states, [EventSource.CLOSED]);
    assertEquals(uncaught, []);
  });

  Deno.test(`connect() fails for good on ${url}, and names it`, async () => {
    const error = await assertRejects(
      () => connect(url, { shouldReconnect: () => true }).next(),
      EventSourceError,
    );
    assertEquals(error.reason, "invalid-request");
    assertStringIncludes(
      error.message,
      `Cannot request event stream: fetch refuses ${
        JSON.stringify(url)
      }, expected another URL`,
    );
  });

  Deno.test(`connect() fails for good on a redirect to ${url}`, async () => {
    await using server = new RawServer(async ({ send }) => {
      await send(
        `HTTP/1.1 302 Found\r\nlocation: ${url}\r\ncontent-length: 0\r\n\r\n`,
      );
    });
    const error = await assertRejects(
      () => connect(server.url).next(),
      EventSourceError,
    );
    assertEquals(error.reason, "invalid-request");
    assertEquals(server.heads.length, 1);
  });
}

Deno.test("connect() sends the credentials of a URL, or fails for good where fetch refuses them", async () => {
  await using server = serve((request) =>
    eventStream(`data: ${request.headers.get("authorization")}\n\n`)
  );
  const url = server.url.replace("//", "//ada:secret@");
  await using events = connect(url, { reconnectionTime: 1 });
  const outcome = await events.next().catch((error) => error);
  if (outcome instanceof EventSourceError) {
    assertEquals(outcome.reason, "invalid-request");
    assertEquals(events.readyState, 2);
    assertEquals(server.requests.length, 0);
  } else {
    assertEquals(outcome.value?.data, `Basic ${btoa("ada:secret")}`);
  }
});

Deno.test("connect() tries again what fetch can fetch, and what only looks refused", async () => {
  const clock = new SkippingClock();
  let requests = 0;
  const events = connect("http://a/Invalid%20URL?scheme=URL%20scheme", {
    clock,
    backoff: { maxAttempts: 2 },
    fetch: (url) => {
      requests++;
      return Promise.reject(new TypeError(`error sending request for ${url}`));
    },
  });
  const error = await assertRejects(() => events.next(), EventSourceError);
  assertEquals(error.reason, "network-error");
  assertEquals(requests, 3);
});

/** What comes of a request that is refused once and then answered. */
async function outcomeOf(
  refuse: () => Response,
  options: ConnectOptions,
): Promise<string | number> {
  const clock = new SkippingClock();
  await using server = serve(byTurns(
    refuse,
    () => eventStream("data: a\n\n"),
  ));
  await using events = connect(server.url, { ...options, clock });
  try {
    await events.next();
    return server.requests.length;
  } catch (error) {
    return (error as EventSourceError).reason;
  }
}

for (const status of [408, 425, 429, 500, 502, 503, 504]) {
  const refuse = () => new Response("Later", { status });
  const refuseUntil = () =>
    new Response("Later", { status, headers: { "retry-after": "1" } });

  Deno.test(`connect() reconnects after the transient status ${status}`, async () => {
    assertEquals(await outcomeOf(refuse, {}), 2);
    assertEquals(await outcomeOf(refuse, { method: "options" }), 2);
  });

  Deno.test(`connect() sends a POST again after ${status} only if it is told to`, async () => {
    const post = { method: "POST", body: "a" };
    assertEquals(await outcomeOf(refuse, post), "unexpected-status");
    assertEquals(
      await outcomeOf(refuse, { method: "DELETE" }),
      "unexpected-status",
    );
    assertEquals(await outcomeOf(refuseUntil, post), 2);
    const shouldReconnect = () => true;
    assertEquals(await outcomeOf(refuse, { ...post, shouldReconnect }), 2);
  });

  Deno.test(`connect() gives up on ${status} if shouldReconnect says so`, async () => {
    const shouldReconnect = () => false;
    assertEquals(
      await outcomeOf(refuseUntil, { shouldReconnect }),
      "unexpected-status",
    );
  });
}

Deno.test("connect() backs off while a server answers with 502", async () => {
  const clock = new SkippingClock();
  const refuse = () => new Response(null, { status: 502 });
  await using server = serve(byTurns(
    refuse,
    refuse,
    refuse,
    () => eventStream("data: a\n\n"),
  ));
  await using events = connect(server.url, {
    clock,
    reconnectionTime: 100,
    backoff: { random: () => 0.999999 },
  });
  assertEquals((await events.next()).value?.data, "a");
  // Beside the limits of the time for the bodies of the refusals.
  const waits = clock.delays.filter((delay) => delay !== 1000);
  assertEquals(waits, [200, 400, 800]);
});

const POST: ConnectOptions = { body: "a", reconnectionTime: 1 };

Deno.test("connect() ends when the answer to a POST has ended", async () => {
  await using server = serve(() => eventStream("data: a\n\n"));
  const events = await Array.fromAsync(connect(server.url, POST));
  assertEquals(events.map(({ data }) => data), ["a"]);
  assertEquals(server.requests.length, 1);
});

Deno.test("connect() sends a POST once if the response breaks off, and fails", async () => {
  await using server = new RawServer(async ({ send }) => {
    await send(
      "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 100\r\n\r\ndata: a\n\n",
    );
    // Time for the client to read it: not every runtime keeps it.
    await new Promise((resolve) => setTimeout(resolve, 50));
  });
  const events = connect(server.url, POST);
  assertEquals((await events.next()).value?.data, "a");
  const error = await assertRejects(() => events.next(), EventSourceError);
  assertEquals(error.reason, "network-error");
  assertEquals(server.heads.length, 1);
});

Deno.test("connect() sends a POST again on reconnect(), and where shouldReconnect says so", async () => {
  await using server = serve((request) =>
    eventStream(`data: ${request.method}\n\n`)
  );
  await using events = connect(server.url, {
    ...POST,
    shouldReconnect: ({ reason }) => reason === "end",
  });
  for (let i = 0; i < 2; i++) {
    assertEquals((await events.next()).value?.data, "POST");
  }
  events.reconnect();
  assertEquals((await events.next()).value?.data, "POST");
});

for (const body of ["{}", new Blob(["{}"]), () => "{}", undefined]) {
  const query = { method: "QUERY", body };

  Deno.test(`connect() repeats a QUERY with the body ${body}, as GET`, async () => {
    await using server = serve(async (request) =>
      eventStream(`data: ${request.method} ${await request.text()}\n\n`)
    );
    await using events = connect(server.url, {
      ...query,
      reconnectionTime: 1,
    });
    const expected = `QUERY ${body === undefined ? "" : "{}"}`;
    for (let i = 0; i < 3; i++) {
      assertEquals((await events.next()).value?.data, expected);
    }
    const refuse = () => new Response("Later", { status: 503 });
    assertEquals(await outcomeOf(refuse, query), 2);
  });
}

/** A stream as Node's is for `fetch`: an async iterable that can be read once. */
async function* generate(): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(new TextEncoder().encode("{}"));
}

for (
  const [name, makeBody] of [
    ["a stream", () => new Blob(["{}"]).stream()],
    ["a generator", () => generate() as unknown as BodyInit],
  ] satisfies [string, () => BodyInit][]
) {
  Deno.test(`connect() sends a QUERY whose body is ${name} once`, async () => {
    const sent: (string | undefined)[] = [];
    const events = connect("http://a", {
      method: "QUERY",
      body: makeBody(),
      fetch: (_, init) => {
        const count = sent.push((init as { duplex?: string }).duplex);
        return Promise.resolve(
          count === 1
            ? eventStream("retry: 1\ndata: a\n\n")
            : new Response(null, { status: 204 }),
        );
      },
    });
    await Array.fromAsync(events);
    // Fetch demands it.
    assertEquals(sent, ["half"]);
  });

  Deno.test(`connect() does not send ${name} a second time, if it is told to`, async () => {
    let requests = 0;
    const events = connect("http://a", {
      body: makeBody(),
      reconnectionTime: 1,
      shouldReconnect: ({ reason }) => reason === "end",
      fetch: () => {
        requests++;
        return Promise.resolve(eventStream("data: a\n\n"));
      },
    });
    await events.next();
    const { reason } = await assertRejects(
      () => events.next(),
      EventSourceError,
    );
    assertEquals([reason, requests], ["local-error", 1]);
  });

  Deno.test(`connect() repeats a QUERY with a function that makes its body: ${name}`, async () => {
    let requests = 0;
    await using events = connect("http://a", {
      method: "QUERY",
      body: makeBody,
      reconnectionTime: 1,
      fetch: () => {
        requests++;
        return Promise.resolve(eventStream("data: a\n\n"));
      },
    });
    for (let i = 0; i < 3; i++) await events.next();
    assertEquals(requests, 3);
  });
}

Deno.test("connect() repeats a QUERY that was lost", async () => {
  let requests = 0;
  await using events = connect("http://a", {
    method: "QUERY",
    body: "{}",
    reconnectionTime: 1,
    fetch: () =>
      ++requests < 3
        ? Promise.reject(new TypeError("Failed to fetch"))
        : Promise.resolve(eventStream("data: a\n\n")),
  });
  assertEquals((await events.next()).value?.data, "a");
});

type Fetch = NonNullable<ConnectOptions["fetch"]>;

for (
  const url of [
    "blob:abc",
    "blob:http://127.0.0.1/0b7c5d0e-2f5c-4f6c-9a51-1c0d7a0b0000",
    "file:///no/such/file/tidings",
    "data:nothing",
  ]
) {
  Deno.test(`connect() fails for good on ${url}, which no fetch can read`, async () => {
    const reasons: string[] = [];
    const events = connect(url, {
      backoff: { maxAttempts: 2 },
      reconnectionTime: 1,
      onStateChange: (state) =>
        state.state === "closed" && reasons.push(`${state.error?.reason}`),
    });
    await assertRejects(() => events.next(), EventSourceError);
    assert(
      /invalid-request|local-error|unexpected/.test(reasons.join()),
      reasons.join(),
    );
  });
}

Deno.test("connect() fails for good if fetch takes no AbortSignal of this library", async () => {
  class ForeignSignal extends EventTarget {
    aborted = false;
    reason = undefined;
    throwIfAborted() {}
  }
  const { AbortController } = globalThis;
  globalThis.AbortController = class {
    signal = new ForeignSignal();
    abort() {}
  } as unknown as typeof AbortController;
  try {
    await using server = serve(() => eventStream("data: a\n\n"));
    const signal = new ForeignSignal() as unknown as AbortSignal;
    for (const fetch of [undefined, globalThis.fetch as Fetch]) {
      // Node takes whatever looks like one.
      if (takesSignal(server.url, signal)) break;
      const events = connect(server.url, {
        fetch,
        reconnectionTime: 1,
        backoff: { maxAttempts: 3 },
      });
      const error = await assertRejects(() => events.next(), EventSourceError);
      assertEquals(error.reason, "invalid-request");
      assertEquals(server.requests.length, 0);
    }
  } finally {
    globalThis.AbortController = AbortController;
  }
});

function takesSignal(url: string, signal: AbortSignal): boolean {
  try {
    new Request(url, { signal });
    return true;
  } catch {
    return false;
  }
}

Deno.test("connect() names a URL with credentials without them", async () => {
  const error = await assertRejects(
    () =>
      connect("http://ada:secret@127.0.0.1/a@b", {
        fetch: () => Promise.reject(new TypeError("URL scheme not known")),
      }).next(),
    EventSourceError,
  );
  assertStringIncludes(error.message, '"http://127.0.0.1/a@b"');
});

Deno.test("connect() asks fetch itself with the URL, the init and the body as they are", async () => {
  const calls: unknown[][] = [];
  const body = new ReadableStream();
  const events = connect("http://a/", {
    body,
    backoff: { maxAttempts: 0 },
    fetch: (...args) => {
      calls.push([args[0], args[1].body]);
      return Promise.reject(new TypeError("Failed to fetch"));
    },
  });
  const error = await assertRejects(() => events.next(), EventSourceError);
  assertEquals(error.reason, "network-error");
  assertEquals(calls, [["http://a/", body]]);
  assertEquals(body.locked, false);
});
