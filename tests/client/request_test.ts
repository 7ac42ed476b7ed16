// Copyright 2026 the Tidings authors. MIT license.

import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  connect,
  type ConnectOptions,
  EventSourceError,
} from "../../client.ts";
import { eventStream, serve } from "../support/event_server.ts";
import { RawServer } from "../support/raw_server.ts";
import { SENDS_CONTROL_CHARACTERS } from "../support/sends_control_characters.ts";
import { within } from "../support/within.ts";

/** Takes so many events, and closes the connection. */
async function take(
  url: string,
  count: number,
  options?: ConnectOptions,
): Promise<string[]> {
  await using events = connect(url, { reconnectionTime: 1, ...options });
  const data: string[] = [];
  while (data.length < count) data.push((await events.next()).value!.data);
  return data;
}

Deno.test("connect() sends what the standard wants", async () => {
  await using server = serve(() => eventStream("data: a\n\n"));
  await take(server.url, 1);
  const [request] = server.requests;
  assertEquals(request?.method, "GET");
  assertEquals(request?.headers.get("accept"), "text/event-stream");
  assertEquals(request?.headers.get("cache-control"), "no-cache");
  assertEquals(request?.headers.get("pragma"), "no-cache");
  assertEquals(request?.headers.has("last-event-id"), false);
});

Deno.test("connect() keeps the headers that the caller has set", async () => {
  await using server = serve(() => eventStream("data: a\n\n"));
  const headers = { Accept: "text/event-stream, text/plain", "x-a": "1" };
  await take(server.url, 1, {
    headers: { ...headers, "Cache-Control": "no-store" },
  });
  const [request] = server.requests;
  assertEquals(request?.headers.get("accept"), headers.Accept);
  assertEquals(request?.headers.get("x-a"), "1");
  assertEquals(request?.headers.get("cache-control"), "no-store");
});

Deno.test("connect() calls the functions for headers and body at each attempt", async () => {
  await using server = serve(async (request) =>
    eventStream(
      `data: ${request.headers.get("authorization")} ${await request
        .text()}\n\n`,
    )
  );
  let token = 0;
  let body = 0;
  const data = await take(server.url, 3, {
    method: "POST",
    shouldReconnect: () => true,
    headers: () => Promise.resolve({ Authorization: `Bearer ${++token}` }),
    body: () =>
      new Blob([`body ${++body}`]).stream() as ReadableStream<Uint8Array>,
  });
  assertEquals(data, [
    "Bearer 1 body 1",
    "Bearer 2 body 2",
    "Bearer 3 body 3",
  ]);
});

Deno.test("connect() sends a body again at each attempt that it is told to make, by POST", async () => {
  await using server = serve(async (request) =>
    eventStream(`data: ${request.method} ${await request.text()}\n\n`)
  );
  assertEquals(
    await take(server.url, 2, { body: "{}", shouldReconnect: () => true }),
    ["POST {}", "POST {}"],
  );
});

Deno.test("connect() fails at the second attempt if its body is a stream, not a function", async () => {
  const events = connect("http://a", {
    reconnectionTime: 0,
    body: new ReadableStream(),
    shouldReconnect: ({ reason }) => reason === "end",
    fetch: () => Promise.resolve(eventStream("data: a\n\n")),
  });
  assertEquals((await events.next()).value?.data, "a");
  const { reason, cause } = await assertRejects(
    () => events.next(),
    EventSourceError,
  );
  assertEquals(reason, "local-error");
  assert(cause instanceof TypeError);
  assertEquals(
    cause.message,
    "Cannot send body: expected a function, got a stream that was sent",
  );
});

Deno.test("connect() sends a body of an async iterable where fetch does", async () => {
  async function* generate(): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(new TextEncoder().encode("{}"));
  }
  const body = () => generate() as unknown as BodyInit;
  const init = { method: "POST", body: body(), duplex: "half" };
  // A browser's fetch takes it for text.
  const expected = await new Request("http://a", init).text();
  await using server = serve(async (request) =>
    eventStream(`data: ${await request.text()}\n\n`)
  );
  const options = { body, shouldReconnect: () => true };
  assertEquals(await take(server.url, 2, options), [expected, expected]);
});

Deno.test("connect() sends any other method", async () => {
  await using server = serve(async (request) =>
    eventStream(`data: ${request.method} ${await request.text()}\n\n`)
  );
  const options = { method: "REPORT", body: "a" };
  assertEquals(await take(server.url, 1, options), ["REPORT a"]);
});

Deno.test("connect() fails if the headers function throws, once", async () => {
  const cause = new Error("no token");
  let calls = 0;
  const events = connect("http://127.0.0.1/", {
    headers: () => {
      calls++;
      throw cause;
    },
  });
  const error = await assertRejects(() => events.next(), EventSourceError);
  assertEquals(error.reason, "local-error");
  assertStrictEquals(error.cause, cause);
  assertEquals(calls, 1);
});

Deno.test("connect() tries the headers function again if shouldReconnect says so", async () => {
  await using server = serve(() => eventStream("data: a\n\n"));
  let calls = 0;
  const data = await take(server.url, 1, {
    headers: () => {
      if (++calls < 3) throw new Error("no token yet");
      return {};
    },
    shouldReconnect: ({ reason }) => reason === "local-error",
  });
  assertEquals(data, ["a"]);
  assertEquals(calls, 3);
});

Deno.test("connect() sends Last-Event-ID as UTF-8", async () => {
  await using server = new RawServer(async ({ begin, send, left }, index) => {
    await begin();
    await send("id: caf\xc3\xa9 \xe2\x82\xac\ndata: a\n\n");
    if (index > 0) await left();
  });
  await take(server.url, 2);
  assertEquals(/last-event-id.*/i.exec(server.heads[0]!), null);
  assertEquals(
    /last-event-id: ?(.*)\r\n/i.exec(server.heads[1]!)?.[1],
    "caf\xc3\xa9 \xe2\x82\xac",
  );
});

Deno.test("connect() sends the lastEventId option in the first request", async () => {
  await using server = serve((request) =>
    eventStream(`data: ${request.headers.get("last-event-id")}\n\n`)
  );
  assertEquals(await take(server.url, 1, { lastEventId: "abc" }), ["abc"]);
});

Deno.test("connect() sends no Last-Event-ID once the server has cleared it", async () => {
  await using server = serve((request, index) =>
    eventStream(
      index === 0
        ? "id: 1\ndata: a\n\nid\ndata: b\n\n"
        : `data: ${request.headers.get("last-event-id")}\n\n`,
    )
  );
  assertEquals(await take(server.url, 3), ["a", "b", "null"]);
});

for (
  const [name, headers] of [
    ["an object", { "Last-Event-ID": "7" }],
    ["an object in lower case", { "last-event-id": "7" }],
    ["pairs", [["Last-Event-ID", "7"]]],
    ["Headers", new Headers({ "Last-Event-ID": "7" })],
    ["a function", () => ({ "Last-Event-ID": "7" })],
  ] satisfies [string, ConnectOptions["headers"]][]
) {
  for (
    const [what, first, ids] of [
      ["resets the ID", "id: 8\ndata\n\nid\ndata\n\n", ["7", null, null]],
      ["sends an ID", "id: 8\ndata\n\n", ["7", "8", "8"]],
      ["sends no ID", "data: a\n\n", ["7", null, null]],
    ] as const
  ) {
    Deno.test(`connect() sends a Last-Event-ID of the user's, in ${name}, until a stream opens that ${what}`, async () => {
      await using server = serve((_, index) =>
        index === 0
          ? new Response(null, { status: 503 })
          : eventStream(index === 1 ? first : "data: a\n\n")
      );
      await using events = connect(server.url, {
        reconnectionTime: 1,
        headers,
      });
      while (server.requests.length < 4) await events.next();
      const seen = server.requests.map(({ headers }) =>
        headers.get("last-event-id")
      );
      assertEquals(seen, ["7", ...ids]);
    });
  }
}

Deno.test("connect() sends the lastEventId option rather than a header of the user's", async () => {
  await using server = serve((request) =>
    eventStream(`data: ${request.headers.get("last-event-id")}\n\n`)
  );
  const headers = { "Last-Event-ID": "7" };
  for (const [lastEventId, sent] of [["8", "8"], ["", "null"]] as const) {
    const options = { lastEventId, headers };
    assertEquals(await take(server.url, 2, options), [sent, sent]);
  }
});

for (const character of ["\x01", "\x08", "\x0b", "\x1f", "\x7f"]) {
  const id = `a${character}b`;

  const name = `connect() fails on the last event ID ${
    encodeURIComponent(id)
  }, which no header can carry, once`;
  Deno.test({ name, ignore: SENDS_CONTROL_CHARACTERS, fn: () => failOn(id) });

  Deno.test(`connect() sends the last event ID ${encodeURIComponent(id)} where fetch may send it`, async () => {
    const sent: (string | null)[] = [];
    const events = connect("http://localhost/", {
      lastEventId: id,
      fetch: (_, { headers }) => {
        sent.push(new Headers(headers).get("last-event-id"));
        return Promise.resolve(eventStream("data: a\n\n"));
      },
    });
    await events.next().catch(() => {});
    events.close();
    assertEquals(sent, SENDS_CONTROL_CHARACTERS ? [id] : []);
  });
}

async function failOn(id: string): Promise<void> {
  await using server = serve(() => eventStream(`id: ${id}\ndata: a\n\n`));
  const events = connect(server.url, {
    reconnectionTime: 1,
    shouldReconnect: () => true,
  });
  await events.next();
  const error = await assertRejects(() => events.next(), EventSourceError);
  assertEquals(error.reason, "invalid-request");
  assertEquals(
    error.message,
    `Cannot request event stream: expected "lastEventId" to be text without a control character, got ${
      JSON.stringify(id)
    }`,
  );
  assertEquals(server.requests.length, 1);
}

for (const status of [301, 302, 303, 307, 308]) {
  Deno.test(`connect() follows ${status}, at each attempt again`, async () => {
    await using server = serve((request) =>
      request.url.endsWith("/events")
        ? eventStream("data: a\n\n")
        : new Response(null, { status, headers: { location: "/events" } })
    );
    await using events = connect(server.url, { reconnectionTime: 1 });
    await events.next();
    assertEquals(events.response?.url, server.url + "events");
    await events.next();
    assertEquals(
      server.requests.map(({ url }) => new URL(url).pathname),
      ["/", "/events", "/", "/events"],
    );
  });
}

Deno.test("connect() keeps credentials from the target of a cross-origin redirect", async () => {
  await using target = serve(() => eventStream("data: a\n\n"));
  await using server = serve(() => Response.redirect(target.url));
  await take(server.url, 1, {
    headers: { Authorization: "Bearer 1", Cookie: "a=b", "x-a": "1" },
  });
  const headers = target.requests[0]!.headers;
  assertEquals(server.requests[0]!.headers.get("authorization"), "Bearer 1");
  assertEquals(headers.get("authorization"), null);
  assertEquals(headers.get("cookie"), null);
  assertEquals(headers.get("x-a"), "1");
});

Deno.test("connect() treats a redirect loop as a network error", async () => {
  await using server = serve(({ url }) => Response.redirect(url));
  const events = connect(server.url, { backoff: { maxAttempts: 0 } });
  const error = await assertRejects(() => events.next(), EventSourceError);
  assertEquals(error.reason, "network-error");
});

Deno.test("connect() leaves it to a browser what would cost a preflight", async () => {
  const { Request } = globalThis;
  // A browser drops the headers that scripts may not set.
  globalThis.Request = class extends Request {
    constructor(input: RequestInfo | URL, init?: RequestInit) {
      super(input, init);
      this.headers.delete("host");
    }
  };
  try {
    const inits: RequestInit[] = [];
    await take("http://a", 1, {
      withCredentials: true,
      fetch: (_, init) => {
        inits.push(init);
        return Promise.resolve(eventStream("data: a\n\n"));
      },
    });
    const [init] = inits;
    assertEquals(init?.cache, "no-store");
    assertEquals(init?.credentials, "include");
    assertEquals([...new Headers(init?.headers)], [[
      "accept",
      "text/event-stream",
    ]]);
  } finally {
    globalThis.Request = Request;
  }
});

Deno.test("connect() calls fetch as a plain function, with what every runtime knows", async () => {
  const calls: unknown[] = [];
  await take("http://a/b#c", 1, {
    fetch(this: unknown, url, init) {
      calls.push(this, url, Object.keys(init));
      return Promise.resolve(eventStream("data: a\n\n"));
    },
  });
  assertEquals(calls, [undefined, "http://a/b#c", [
    "method",
    "headers",
    "signal",
  ]]);
});

Deno.test("connect() sends a stream as fetch demands it", async () => {
  let sent: RequestInit & { duplex?: string } = {};
  await take("http://a", 1, {
    body: () => new ReadableStream(),
    fetch: (_, init) => {
      sent = init;
      return Promise.resolve(eventStream("data: a\n\n"));
    },
  });
  assertEquals([sent.method, sent.duplex], ["POST", "half"]);
});

Deno.test("connect() does not wait for a fetch that ignores its signal", async () => {
  const answer = Promise.withResolvers<Response>();
  const asked = Promise.withResolvers<void>();
  const cancelled = Promise.withResolvers<void>();
  const events = connect("http://a", {
    fetch: () => (asked.resolve(), answer.promise),
  });
  const next = events.next();
  await asked.promise;
  events.close();
  assertEquals((await next).done, true);
  answer.resolve(
    eventStream(new ReadableStream({ cancel: () => cancelled.resolve() })),
  );
  await cancelled.promise;
});

Deno.test("connect() cancels a stream that the body function gives after close(), unsent", async () => {
  let requests = 0;
  const body = Promise.withResolvers<ReadableStream>();
  const asked = Promise.withResolvers<void>();
  const cancelled = Promise.withResolvers<void>();
  const events = connect("http://a", {
    fetch: () => {
      requests++;
      return Promise.resolve(eventStream(null));
    },
    body: () => {
      asked.resolve();
      return body.promise;
    },
  });
  await asked.promise;
  events.close();
  body.resolve(new ReadableStream({ cancel: () => cancelled.resolve() }));
  await within("cancel()", cancelled.promise);
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(requests, 0);
});

Deno.test("connect() does not ask for a body if it is closed while it asks for headers", async () => {
  const headers = Promise.withResolvers<HeadersInit>();
  const asked = Promise.withResolvers<void>();
  let bodies = 0;
  const events = connect("http://a", {
    fetch: () => Promise.reject(new Error("unreachable")),
    headers: () => {
      asked.resolve();
      return headers.promise;
    },
    body: () => `${++bodies}`,
  });
  await asked.promise;
  events.close();
  headers.resolve({});
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(bodies, 0);
});

Deno.test("connect() takes Infinity where it means no limit", () => {
  connect("http://a", {
    idleTimeout: Infinity,
    maxEventSize: Infinity,
    backoff: { maxDelay: Infinity, maxAttempts: Infinity },
  }).close();
});

for (
  const [name, options, error, message] of [
    ["a method is forbidden", { method: "TRACE" }, TypeError, ""],
    ["a header is invalid", { headers: { "a b": "" } }, TypeError, ""],
    ["GET has a body", { method: "GET", body: "a" }, TypeError, ""],
    [
      "idleTimeout is 0",
      { idleTimeout: 0 },
      RangeError,
      'Cannot connect: expected "idleTimeout" to be a number from 1 to 2147483647, or Infinity, got 0',
    ],
    [
      "reconnectionTime is negative",
      { reconnectionTime: -1 },
      RangeError,
      'Cannot connect: expected "reconnectionTime" to be a number from 0 to 2147483647, got -1',
    ],
    [
      "backoff.factor is not a number",
      { backoff: { factor: "2" as unknown as number } },
      TypeError,
      'Cannot connect: expected "backoff.factor" to be a number from 1 to Infinity, got "2"',
    ],
    [
      "backoff.maxAttempts is NaN",
      { backoff: { maxAttempts: NaN } },
      RangeError,
      'Cannot connect: expected "backoff.maxAttempts" to be a number from 0 to Infinity, got NaN',
    ],
    [
      "maxEventSize is not an integer",
      { maxEventSize: 1.5 },
      RangeError,
      'Cannot connect: expected "maxEventSize" to be a whole number from 1 to Infinity, got 1.5',
    ],
    [
      "lastEventId is not a string",
      { lastEventId: 7 as unknown as string },
      TypeError,
      'Cannot connect: expected "lastEventId" to be a string, got 7',
    ],
  ] satisfies [
    string,
    ConnectOptions,
    new (message: string) => Error,
    string,
  ][]
) {
  Deno.test(`connect() throws ${error.name} if ${name}`, () => {
    assertThrows(() => connect("http://a", options), error, message);
  });
}

Deno.test("connect() throws a SyntaxError DOMException if the URL does not parse", () => {
  const error = assertThrows(() => connect("/events"), DOMException);
  assertEquals(error.name, "SyntaxError");
  assertEquals(
    error.message,
    'Cannot connect: expected an absolute URL, got "/events"',
  );
});
