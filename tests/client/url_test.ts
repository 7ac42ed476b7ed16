// Copyright 2026 the Tidings authors. MIT license.

/** Which URL each attempt goes to: of a function, after a redirect, with the last event ID. */

import {
  assertEquals,
  assertMatch,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import {
  connect,
  type ConnectOptions,
  EventSource,
  EventSourceError,
  type EventSourceInit,
} from "../../client.ts";
import {
  type EventServer,
  eventStream,
  serve,
} from "../support/event_server.ts";
import { within } from "../support/within.ts";

/** Takes so many events of a source, and closes it. */
function takeOfSource(source: EventSource, count: number): Promise<string[]> {
  const data: string[] = [];
  return within(
    "the events",
    new Promise((resolve) => {
      source.onmessage = (event) => {
        if (data.push(event.data) < count) return;
        source.close();
        resolve(data);
      };
    }),
  );
}

function pathsOf({ requests }: EventServer): string[] {
  return requests.map(({ url }) => {
    const { pathname, search } = new URL(url);
    return pathname + search;
  });
}

const STREAM = "retry: 1\ndata: a\n\n";

for (
  const [name, wrap] of [
    ["text", (url: string) => url],
    ["a URL", (url: string) => new URL(url)],
    ["a promise of text", (url: string) => Promise.resolve(url)],
    ["a promise of a URL", (url: string) => Promise.resolve(new URL(url))],
  ] as const
) {
  Deno.test(`connect() asks its function for ${name} at each attempt`, async () => {
    await using server = serve((_, index) =>
      index === 1 ? new Response(null, { status: 503 }) : eventStream(STREAM)
    );
    let ticket = 0;
    await using events = connect(
      () => wrap(`${server.url}events?ticket=${++ticket}`),
      { reconnectionTime: 1 },
    );
    assertEquals(events.url, "");
    await events.next();
    assertEquals(events.url, `${server.url}events?ticket=1`);
    await events.next();
    assertEquals(events.url, `${server.url}events?ticket=3`);
    assertEquals(pathsOf(server), [1, 2, 3].map((n) => `/events?ticket=${n}`));
  });
}

for (
  const [name, makeUrl] of [
    ["throws", () => {
      throw new Error("mine");
    }],
    ["rejects", () => Promise.reject(new Error("mine"))],
    ["gives no URL", () => "http://["],
  ] as const
) {
  Deno.test(`connect() fails once if its function for the URL ${name}`, async () => {
    let calls = 0;
    const events = connect(() => {
      calls++;
      return makeUrl();
    }, { fetch: () => Promise.reject(new TypeError("Failed to fetch")) });
    const error = await assertRejects(() => events.next(), EventSourceError);
    assertEquals([error.reason, error.url, calls], [
      "local-error",
      undefined,
      1,
    ]);
    assertEquals(events.readyState, 2);
  });
}

Deno.test("connect() asks its function for the URL again if shouldReconnect says so", async () => {
  let calls = 0;
  await using events = connect(() => {
    if (++calls < 3) throw new Error("no ticket yet");
    return "http://a/b";
  }, {
    reconnectionTime: 1,
    shouldReconnect: ({ reason }) => reason === "local-error",
    fetch: (url) => Promise.resolve(eventStream(`data: ${url}\n\n`)),
  });
  assertEquals((await events.next()).value?.data, "http://a/b");
});

Deno.test("connect() does not wait for a function for the URL once it is closed", async () => {
  const asked = Promise.withResolvers<void>();
  let headers = 0;
  const url = Promise.withResolvers<string>();
  const events = connect(() => {
    asked.resolve();
    return url.promise;
  }, { headers: () => ({ "x-a": `${++headers}` }) });
  const next = events.next();
  await asked.promise;
  events.close();
  assertEquals((await within("next()", next)).done, true);
  url.resolve("http://a");
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(headers, 0);
});

Deno.test("connect() counts its function for the URL to the idle timeout", async () => {
  const events = connect(() => new Promise<string>(() => {}), {
    idleTimeout: 20,
    backoff: { maxAttempts: 0 },
  });
  const error = await assertRejects(() => events.next(), EventSourceError);
  assertEquals(error.reason, "idle-timeout");
});

for (const status of [301, 302, 303, 307, 308]) {
  Deno.test(`EventSource reconnects to where ${status} led, and keeps its url`, async () => {
    await using server = serve((request, index) =>
      request.url.endsWith("/events")
        ? eventStream(`retry: 1\nid: ${index}\ndata: a\n\n`)
        : new Response(null, { status, headers: { location: "/events" } })
    );
    const source = new EventSource(server.url, { headers: { "x-a": "1" } });
    await takeOfSource(source, 3);
    assertEquals(pathsOf(server), ["/", "/events", "/events", "/events"]);
    assertEquals(source.url, server.url);
    const sent = server.requests.map(({ headers }) => [
      headers.get("x-a"),
      headers.get("last-event-id"),
    ]);
    assertEquals(sent, [["1", null], ["1", null], ["1", "1"], ["1", "2"]]);
  });
}

Deno.test("EventSource goes on from where a redirect led to the next one", async () => {
  await using server = serve((request) => {
    const { pathname } = new URL(request.url);
    const next = { "/": "/b", "/b": "/c" }[pathname];
    return next === undefined
      ? eventStream(STREAM)
      : Response.redirect(new URL(next, request.url), 307);
  });
  await takeOfSource(new EventSource(server.url), 2);
  assertEquals(pathsOf(server), ["/", "/b", "/c", "/c"]);
});

for (
  const headers of [
    { "x-a": "1", Authorization: "Bearer 1" },
    () => ({ "x-a": "1", Authorization: "Bearer 1" }),
  ]
) {
  Deno.test(`EventSource sends no header of ${typeof headers === "function" ? "a function" : "an object"} to the other origin where a redirect led`, async () => {
    await using target = serve((_, index) =>
      eventStream(`retry: 1\nid: ${index + 1}\ndata: a\n\n`, {
        headers: {
          "access-control-allow-origin": "*",
          "access-control-allow-headers": "*",
        },
      })
    );
    await using server = serve(() => Response.redirect(target.url, 307));
    await takeOfSource(new EventSource(server.url, { headers }), 2);
    assertEquals(server.requests.length, 1);
    const [, request] = target.requests;
    assertEquals(request?.headers.get("x-a"), null);
    assertEquals(request?.headers.get("authorization"), null);
    assertEquals(request?.headers.get("accept"), "text/event-stream");
    assertEquals(request?.headers.get("last-event-id"), "1");
  });
}

for (
  const [options, paths] of [
    [{}, ["/", "/b", "/b"]],
    [{ method: "get" }, ["/", "/b", "/b"]],
    // It may be a GET by now, and fetch does not tell.
    [{ method: "QUERY" }, ["/", "/", "/"]],
    [{ method: "QUERY", body: "a" }, ["/", "/", "/"]],
    [{ method: "QUERY", body: () => "a" }, ["/", "/", "/"]],
    [{ body: "a", shouldReconnect: () => true }, ["/", "/", "/"]],
  ] satisfies [EventSourceInit, string[]][]
) {
  const { method = "", body } = options as EventSourceInit;
  Deno.test(`EventSource reconnects after a redirect of ${method || "no method"} with the body ${body}`, async () => {
    const asked: string[] = [];
    const source = new EventSource("http://a/", {
      ...options,
      fetch: (url) => {
        asked.push(new URL(url).pathname);
        const response = eventStream(STREAM);
        Object.defineProperties(response, {
          redirected: { value: true },
          url: { value: "http://a/b" },
        });
        return Promise.resolve(response);
      },
    });
    await takeOfSource(source, 3);
    assertEquals(asked.slice(0, 3), paths);
  });
}

Deno.test("EventSource takes the URL of a response that was not redirected for no redirect", async () => {
  const urls: string[] = [];
  const response = () => {
    const response = eventStream(STREAM);
    Object.defineProperty(response, "url", { value: "http://proxy/" });
    return response;
  };
  const source = new EventSource("http://a/", {
    fetch: (url) => {
      urls.push(url);
      return Promise.resolve(response());
    },
  });
  await takeOfSource(source, 2);
  assertEquals(urls.slice(0, 2), ["http://a/", "http://a/"]);
});

Deno.test("connect() asks its function again after a redirect to a node that is dead", async () => {
  const dead = serve(() => eventStream(null));
  await dead[Symbol.asyncDispose]();
  await using server = serve((request, index) =>
    request.url.includes("/live")
      ? eventStream(STREAM)
      : Response.redirect(index === 0 ? dead.url : `${server.url}live`, 307)
  );
  let ticket = 0;
  await using events = connect(() => `${server.url}?ticket=${++ticket}`, {
    reconnectionTime: 1,
  });
  await events.next();
  assertEquals(pathsOf(server), ["/?ticket=1", "/?ticket=2", "/live"]);
});

Deno.test("connect() asks its first URL again after a redirect to a ticket that was used", async () => {
  let tickets = 0;
  const used = new Set<string>();
  await using server = serve((request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/") {
      return Response.redirect(`${server.url}${++tickets}`, 307);
    }
    if (used.has(pathname)) return new Response(null, { status: 403 });
    used.add(pathname);
    return eventStream(STREAM);
  });
  await using events = connect(server.url);
  for (let i = 0; i < 3; i++) await events.next();
  assertEquals(pathsOf(server), ["/", "/1", "/", "/2", "/", "/3"]);
});

const ID_ROWS: [id: string, query: string][] = [
  ["7", "?a=1&after=7"],
  ["caf\u00e9 & co", "?a=1&after=caf%C3%A9+%26+co"],
  ["a\x01b", "?a=1&after=a%01b"],
];

for (const [id, query] of ID_ROWS) {
  Deno.test(`connect() and EventSource send the ID ${encodeURIComponent(id)} as lastEventIdParameter says`, async () => {
    const answer = (index: number) =>
      eventStream(
        `retry: 1\n${index === 0 ? `id: ${id}\n` : "id\n"}data: a\n\n`,
      );
    await using server = serve((_, index) => answer(index % 3));
    const url = `${server.url}?a=1#b`;
    const options = { lastEventIdParameter: "after" };
    await using events = connect(url, options);
    for (let i = 0; i < 3; i++) await events.next();
    await takeOfSource(new EventSource(url, options), 3);
    const paths = ["/?a=1", `/${query}`, "/?a=1"];
    assertEquals(pathsOf(server).slice(0, 6), [...paths, ...paths]);
    assertEquals(
      server.requests.some(({ headers }) => headers.has("last-event-id")),
      false,
    );
  });
}

Deno.test("connect() sends the lastEventId option as lastEventIdParameter says, also to the URL of a function", async () => {
  const urls: string[] = [];
  const options: ConnectOptions = {
    lastEventId: "5",
    lastEventIdParameter: "after",
    fetch: (url) => {
      urls.push(url);
      return Promise.resolve(eventStream("data: a\n\n"));
    },
  };
  for (const url of ["http://a/?after=3", () => "http://a/?after=3"]) {
    await using events = connect(url, options);
    await events.next();
  }
  assertEquals(urls, ["http://a/?after=5", "http://a/?after=5"]);
});

Deno.test("connect() names lastEventIdParameter where a browser's preflight may have failed", async () => {
  const { Request } = globalThis;
  // A browser drops the headers that scripts may not set.
  globalThis.Request = class extends Request {
    constructor(input: RequestInfo | URL, init?: RequestInit) {
      super(input, init);
      this.headers.delete("host");
    }
  };
  try {
    const cause = new TypeError("Failed to fetch");
    for (const lastEventId of ["", "5"]) {
      const events = connect("http://other.example/", {
        lastEventId,
        backoff: { maxAttempts: 0 },
        fetch: () => Promise.reject(cause),
      });
      const error = await assertRejects(() => events.next(), EventSourceError);
      assertStrictEquals(error.cause, cause);
      assertEquals(
        error.message.includes("lastEventIdParameter"),
        lastEventId !== "",
      );
      assertMatch(error.message, /the request failed, see the cause/);
    }
  } finally {
    globalThis.Request = Request;
  }
});
