// Copyright 2026 the Tidings authors. MIT license.

import {
  assertEquals,
  assertLess,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import {
  connect,
  type ConnectionState,
  EventSourceError,
} from "../../client.ts";
import type { ServerSentEvent } from "../../event.ts";
import { eventStream, OpenStream, serve } from "../support/event_server.ts";
import { withLocation } from "../support/location.ts";

Deno.test("connect() yields the events of the response in order", async () => {
  await using server = serve(() =>
    eventStream("id: 1\nevent: tick\ndata: a\n\ndata: b\n\ndata: lost")
  );
  const events = await Array.fromAsync(
    connect(server.url, { backoff: { maxAttempts: 0 } }),
  );
  assertEquals(events, [
    { event: "tick", data: "a", id: "1", lastEventId: "1" },
    { event: "message", data: "b", id: undefined, lastEventId: "1" },
  ]);
});

Deno.test("connect() yields an event before the next chunk arrives", async () => {
  const stream = new OpenStream("data: a\n\nda");
  await using server = serve(() => stream.response);
  await using events = connect(server.url);
  assertEquals((await events.next()).value?.data, "a");
  stream.send("ta: b\n");
  stream.send("\n");
  assertEquals((await events.next()).value?.data, "b");
});

Deno.test("connect() opens the connection before an event is asked for", async () => {
  const stream = new OpenStream();
  await using server = serve(() => stream.response);
  const open = Promise.withResolvers<void>();
  await using events = connect(server.url + "a/../b", {
    onStateChange: () => open.resolve(),
  });
  assertEquals(events.readyState, 0);
  assertEquals(events.response, undefined);
  await open.promise;
  assertEquals(events.readyState, 1);
  assertEquals(events.url, server.url + "b");
  assertEquals(events.response?.status, 200);
  assertEquals(events.response?.url, server.url + "b");
  assertEquals(
    events.response?.headers.get("content-type"),
    "text/event-stream",
  );
});

Deno.test("connect() closes the connection on break", async () => {
  const stream = new OpenStream("data: a\n\ndata: b\n\n");
  await using server = serve(() => stream.response);
  const events = connect(server.url);
  for await (const event of events) {
    assertEquals(event.data, "a");
    break;
  }
  await stream.cancelled;
  assertEquals(events.readyState, 2);
  assertEquals(events.response, undefined);
  assertEquals(await events.next(), { done: true, value: undefined });
  assertEquals(server.requests.length, 1);
});

Deno.test("connect() closes the connection at the end of await using", async () => {
  const stream = new OpenStream("data: a\n\n");
  await using server = serve(() => stream.response);
  {
    await using events = connect(server.url);
    await events.next();
  }
  await stream.cancelled;
});

const REASON = new Error("mine");

for (
  const [name, close] of [
    ["close()", (events) => events.close()],
    ["return()", (events) => void events.return()],
    [
      "throw()",
      (events) => void assertRejects(() => events.throw(REASON), Error, "mine"),
    ],
    ["an abort", (_, controller) => controller.abort()],
  ] satisfies [
    string,
    (events: ReturnType<typeof connect>, controller: AbortController) => void,
  ][]
) {
  Deno.test(`connect() answers a waiting next() on ${name}`, async () => {
    const stream = new OpenStream("data: a\n\n");
    await using server = serve(() => stream.response);
    const controller = new AbortController();
    const states: string[] = [];
    const events = connect(server.url, {
      signal: controller.signal,
      onStateChange: ({ state }) => states.push(state),
    });
    await events.next();
    const waiting = [events.next(), events.next()];
    close(events, controller);
    assertEquals(await Promise.all(waiting), [
      { done: true, value: undefined },
      { done: true, value: undefined },
    ]);
    await stream.cancelled;
    close(events, controller);
    assertEquals(states, ["open", "closed"]);
  });

  Deno.test(`connect() drops events that were not handed out on ${name}`, async () => {
    const stream = new OpenStream("id: 1\ndata: a\n\nid: 2\ndata: b\n\n");
    await using server = serve(() => stream.response);
    const controller = new AbortController();
    const events = connect(server.url, { signal: controller.signal });
    await events.next();
    close(events, controller);
    assertEquals(await events.next(), { done: true, value: undefined });
    assertEquals(events.lastEventId, "1");
    await stream.cancelled;
  });

  Deno.test(`connect() leaves nothing behind on ${name} during the wait`, async () => {
    await using server = serve(() => eventStream("retry: 1000000\n\n"));
    const controller = new AbortController();
    const reconnecting = Promise.withResolvers<void>();
    const events = connect(server.url, {
      signal: controller.signal,
      onStateChange: ({ state }) =>
        state === "reconnecting" && reconnecting.resolve(),
    });
    const next = events.next();
    await reconnecting.promise;
    assertEquals(events.readyState, 0);
    close(events, controller);
    assertEquals(await next, { done: true, value: undefined });
    assertEquals(server.requests.length, 1);
  });

  Deno.test(`connect() leaves nothing behind on ${name} before the response`, async () => {
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<Response>();
    await using server = serve(() => (asked.resolve(), answer.promise));
    const controller = new AbortController();
    const events = connect(server.url, { signal: controller.signal });
    const next = events.next();
    await asked.promise;
    close(events, controller);
    assertEquals(await next, { done: true, value: undefined });
    answer.resolve(eventStream("data: late\n\n"));
  });
}

Deno.test("connect() sends no request if it is closed at once", async () => {
  const fetch = () => Promise.reject(new Error("unreachable"));
  const aborted = connect("http://a", { fetch, signal: AbortSignal.abort() });
  const closed = connect("http://a", { fetch });
  closed.close();
  assertEquals((await aborted.next()).done, true);
  assertEquals((await closed.next()).done, true);
  assertEquals(aborted.readyState, 2);
});

Deno.test("connect() stays closed after however many microtasks close() comes", async () => {
  // More than it takes from the request to the first event.
  for (let delay = 0; delay < 40; delay++) {
    const stream = new OpenStream("data: a\n\n");
    const states: string[] = [];
    const asked = Promise.withResolvers<void>();
    const events = connect("http://a", {
      fetch: () => {
        asked.resolve();
        return Promise.resolve(stream.response);
      },
      onStateChange: ({ state }) => states.push(state),
    });
    const next = events.next();
    await asked.promise;
    for (let i = 0; i < delay; i++) await Promise.resolve();
    events.close();
    await next;
    await stream.cancelled;
    assertEquals((await events.next()).done, true, `after ${delay} microtasks`);
    assertEquals(events.readyState, 2, `after ${delay} microtasks`);
    assertEquals(states.at(-1), "closed", `after ${delay} microtasks`);
  }
});

Deno.test("connect() removes its listener from the signal once it is closed", async () => {
  const { signal } = new AbortController();
  const listeners = new Set<unknown>();
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (type: string, listener: EventListener) => {
    listeners.add(listener);
    addEventListener.call(signal, type, listener);
  };
  signal.removeEventListener = (type: string, listener: EventListener) => {
    listeners.delete(listener);
    removeEventListener.call(signal, type, listener);
  };
  const events = connect("http://a", {
    signal,
    fetch: () => Promise.resolve(eventStream("data: a\n\n")),
  });
  await events.next();
  assertEquals(listeners.size, 1);
  events.close();
  assertEquals(listeners.size, 0);
});

Deno.test("connect() answers calls of next() in their order", async () => {
  const stream = new OpenStream();
  await using server = serve(() => stream.response);
  await using events = connect(server.url);
  const waiting = [events.next(), events.next(), events.next()];
  stream.send("data: 1\n\ndata: 2\n\n");
  stream.send("data: 3\n\n");
  const results = await Promise.all(waiting);
  assertEquals(results.map(({ value }) => value?.data), ["1", "2", "3"]);
});

Deno.test("connect() answers a call of next() in onComment after those that wait", async () => {
  const stream = new OpenStream("data: 1\n\n:\ndata: 2\n\ndata: 3\n\n");
  const calls: Promise<IteratorResult<ServerSentEvent, undefined>>[] = [];
  await using events = connect("http://a", {
    fetch: () => Promise.resolve(stream.response),
    onComment: () => calls.push(events.next()),
  });
  calls.push(events.next(), events.next());
  await calls[1];
  const results = await Promise.all(calls);
  assertEquals(results.map(({ value }) => value?.data), ["1", "2", "3"]);
});

Deno.test("connect() is its own iterator, so that a loop can go on in another", async () => {
  const stream = new OpenStream("data: a\n\ndata: b\n\n");
  await using server = serve(() => stream.response);
  await using events = connect(server.url);
  assertStrictEquals(events[Symbol.asyncIterator](), events);
  assertEquals((await events.next()).value?.data, "a");
  for await (const event of events) {
    assertEquals(event.data, "b");
    break;
  }
});

Deno.test("connect() moves lastEventId with the events that are handed out", async () => {
  const stream = new OpenStream(
    "id: 1\ndata: a\n\nid: 2\ndata: b\n\nid: 3\n\n",
  );
  await using server = serve(() => stream.response);
  await using events = connect(server.url, { lastEventId: "0" });
  assertEquals(events.lastEventId, "0");
  await events.next();
  assertEquals(events.lastEventId, "1");
  await events.next();
  assertEquals(events.lastEventId, "3");
});

Deno.test("connect() moves lastEventId with a block that has no data", async () => {
  const stream = new OpenStream();
  const read = Promise.withResolvers<void>();
  await using events = connect("http://a", {
    fetch: () => Promise.resolve(stream.response),
    onComment: () => read.resolve(),
  });
  const next = events.next();
  stream.send("id: 3\n\n:\n");
  await read.promise;
  assertEquals(events.lastEventId, "3");
  events.close();
  await next;
});

Deno.test("connect() does not move lastEventId past events that close() drops", async () => {
  const events = connect("http://a", {
    fetch: () =>
      Promise.resolve(
        eventStream("id: 3\ndata: a\n\n:\nid: 4\ndata: b\n\n"),
      ),
    onComment: () => events.close(),
  });
  assertEquals((await events.next()).value?.data, "a");
  assertEquals((await events.next()).done, true);
  assertEquals(events.lastEventId, "3");
});

Deno.test("connect() cancels a body that does not heed the signal", async () => {
  const stream = new OpenStream("data: a\n\n");
  const events = connect("http://a", {
    fetch: () => Promise.resolve(stream.response),
  });
  await events.next();
  events.close();
  await stream.cancelled;
});

Deno.test("connect() calls onComment with each comment", async () => {
  const stream = new OpenStream(": a\n:b\n\ndata: x\n\n");
  await using server = serve(() => stream.response);
  const comments: string[] = [];
  await using events = connect(server.url, {
    onComment: (comment) => comments.push(comment),
  });
  await events.next();
  assertEquals(comments, ["a", "b"]);
});

Deno.test("connect() tells the URL that it asked for if the response has none", async () => {
  const urls: string[] = [];
  await using events = connect("http://a", {
    fetch: () => Promise.resolve(eventStream("data: a\n\n")),
    onStateChange: (state) =>
      state.state === "open" && urls.push(state.response.url),
  });
  await events.next();
  assertEquals(urls, ["http://a/"]);
});

Deno.test("connect() reads one chunk ahead of what is asked for, and no more", async () => {
  let pulls = 0;
  const body = new ReadableStream({
    pull(controller) {
      pulls++;
      controller.enqueue(new TextEncoder().encode("data: a\n\n".repeat(10)));
    },
  }, { highWaterMark: 0 });
  await using events = connect("http://a", {
    fetch: () => Promise.resolve(eventStream(body)),
  });
  for (let step = 0; step <= 30; step++) {
    if (step > 0) await events.next();
    // Time enough to read much more.
    await new Promise((resolve) => setTimeout(resolve, 0));
    assertEquals(pulls, 1 + Math.ceil(step / 10));
  }
});

Deno.test("connect() holds back a server that sends without end", async () => {
  const chunk = new TextEncoder().encode("data: 1\n\n".repeat(8192));
  let sent = 0;
  const stream = new ReadableStream({
    pull(controller) {
      sent++;
      controller.enqueue(chunk);
    },
  }, { highWaterMark: 0 });
  await using server = serve(() => eventStream(stream));
  await using events = connect(server.url);
  for (let taken = 1; taken <= 50; taken++) {
    for (let i = 0; i < 8192; i++) await events.next();
    // Event loop turns in which everything could be sent and read.
    for (let turn = 0; turn < 10; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    // What lies between the two are the buffers of sockets and streams.
    assertLess((sent - taken) * chunk.length, 32 * 1024 * 1024);
  }
});

Deno.test("connect() fails on an event that is too large, after those before", async () => {
  await using server = serve(() =>
    eventStream(`data: a\n\ndata: ${"x".repeat(200)}\n\n`)
  );
  const events = connect(server.url, {
    maxEventSize: 100,
    shouldReconnect: () => true,
  });
  assertEquals((await events.next()).value?.data, "a");
  const error = await assertRejects(() => events.next(), EventSourceError);
  assertEquals(error.reason, "event-too-large");
  assertEquals(events.readyState, 2);
  assertEquals((await events.next()).done, true);
  assertEquals(server.requests.length, 1);
});

for (
  const option of ["onComment", "onStateChange", "shouldReconnect"] as const
) {
  Deno.test(`connect() fails with what ${option} throws`, async () => {
    const cause = new Error("mine");
    const events = connect("http://a", {
      fetch: () => Promise.resolve(eventStream(": comment\n\n")),
      [option]: (argument: unknown) => {
        if ((argument as ConnectionState).state !== "closed") throw cause;
      },
    });
    const error = await assertRejects(() => events.next(), EventSourceError);
    assertEquals(error.reason, "local-error");
    assertStrictEquals(error.cause, cause);
    assertEquals(events.readyState, 2);
  });
}

for (const option of ["onComment", "onStateChange"] as const) {
  Deno.test(`connect() goes on after what ${option} throws if it may`, async () => {
    const streams = [new OpenStream(": a\n\n"), new OpenStream("data: b\n\n")];
    const { cancelled } = streams[0]!;
    let calls = 0;
    await using events = connect("http://a", {
      reconnectionTime: 1,
      fetch: () => Promise.resolve(streams.shift()!.response),
      shouldReconnect: ({ reason }) => reason === "local-error",
      [option]: () => {
        if (calls++ === 0) throw new Error("once");
      },
    });
    assertEquals((await events.next()).value?.data, "b");
    await cancelled;
  });
}

for (
  const [option, data] of [
    ["onComment", ["a"]],
    ["onStateChange", []],
    ["shouldReconnect", ["a", "b"]],
  ] as const
) {
  Deno.test(`connect() can be closed in ${option}`, async () => {
    const events = connect("http://a", {
      fetch: () =>
        Promise.resolve(eventStream("data: a\n\n: comment\ndata: b\n\n")),
      [option]: () => events.close(),
    });
    const seen = await Array.fromAsync(events);
    assertEquals(seen.map(({ data }) => data), [...data]);
    assertEquals((await events.next()).done, true);
    assertEquals(events.readyState, 2);
  });
}

Deno.test("connect() can be closed when it tells of a reconnection", async () => {
  const events = connect("http://a", {
    fetch: () => Promise.resolve(eventStream("data: a\n\n")),
    onStateChange: ({ state }) => state === "reconnecting" && events.close(),
  });
  assertEquals((await Array.fromAsync(events)).length, 1);
  assertEquals(events.readyState, 2);
});

Deno.test("connect() resolves a relative URL against location", async () => {
  await withLocation("http://127.0.0.1:1/pages/index.html", async () => {
    await using events = connect("../events?a", {
      fetch: () => Promise.resolve(eventStream(null)),
    });
    assertEquals(events.url, "http://127.0.0.1:1/events?a");
  });
});
