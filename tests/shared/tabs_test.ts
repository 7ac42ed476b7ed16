// Copyright 2026 the Tidings authors. MIT license.

/** What tabs make of one connection, step by step; browsers are in `browser/`. */

import { assertEquals } from "@std/assert";
import { EventChannel } from "../../channel.ts";
import { SharedEventSource } from "../../shared/mod.ts";
import { byTurns, OpenStream, serve } from "../support/event_server.ts";
import { Peer } from "./_peer.ts";
import { asOrigin, Tab } from "./_tabs.ts";

Deno.test("SharedEventSource: a later tab is open at once, and gets what comes from then on", async () => {
  using _ = asOrigin("https://example.com");
  await using channel = new EventChannel();
  await using server = serve((request) => channel.serve(request));
  using first = await Tab.open(server.url);
  channel.publish({ data: "0" });
  await first.receive("0");
  using second = await Tab.open(server.url);
  channel.publish({ data: "1" });
  await Promise.all([first.receive("1"), second.receive("1")]);
  assertEquals(first.data, ["0", "1"]);
  assertEquals(second.data, ["1"]);
  assertEquals([first.states, second.states], [["open 1"], ["open 1"]]);
  assertEquals(first.source.isLeader, true);
  assertEquals(second.source.isLeader, false);
  assertEquals(server.requests.length, 1);
});

Deno.test("SharedEventSource: another tab takes over from the last event ID", async () => {
  using _ = asOrigin("https://example.com");
  await using channel = new EventChannel();
  await using server = serve((request) => channel.serve(request));
  using first = await Tab.open(server.url);
  using second = await Tab.open(server.url);
  const id = await channel.publish({ data: "0" });
  await second.receive("0");
  first.source.close();
  channel.publish({ data: "1" });
  await second.receive("1");
  assertEquals(second.data, ["0", "1"]);
  assertEquals(second.states, ["open 1", "error 0", "open 1"]);
  assertEquals(second.source.isLeader, true);
  assertEquals(server.requests[1]?.headers.get("last-event-id"), id);
});

Deno.test("SharedEventSource.close() of the last tab closes the connection", async () => {
  using _ = asOrigin("https://example.com");
  const stream = new OpenStream();
  await using server = serve(() => stream.response);
  using first = await Tab.open(server.url);
  using second = await Tab.open(server.url);
  second.source.close();
  assertEquals(second.source.readyState, SharedEventSource.CLOSED);
  assertEquals(first.source.readyState, SharedEventSource.OPEN);
  first.source.close();
  await stream.cancelled;
});

Deno.test("SharedEventSource: an aborted signal closes its own tab alone", async () => {
  using _ = asOrigin("https://example.com");
  await using server = serve(() => new OpenStream().response);
  const controller = new AbortController();
  const { signal } = controller;
  using first = await Tab.open(server.url, { signal });
  using second = await Tab.open(server.url);
  controller.abort();
  assertEquals(first.source.readyState, SharedEventSource.CLOSED);
  await second.reach(SharedEventSource.CONNECTING);
  await second.reach(SharedEventSource.OPEN);
  using third = new Tab(server.url, { signal });
  assertEquals(third.source.readyState, SharedEventSource.CLOSED);
});

Deno.test("SharedEventSource: only the same key, URL and credentials share", async () => {
  using _ = asOrigin("https://example.com");
  await using server = serve(() => new OpenStream().response);
  const { url } = server;
  using _one = await Tab.open(url);
  using _same = await Tab.open(url, { key: url });
  assertEquals(server.requests.length, 1);
  using _key = await Tab.open(url, { key: "ada" });
  using _otherKey = await Tab.open(url, { key: "eve" });
  using _credentials = await Tab.open(url, { withCredentials: true });
  using _url = await Tab.open(`${url}?a`, { key: url });
  assertEquals(server.requests.length, 5);
});

Deno.test("SharedEventSource: every tab is told of each loss and each failed attempt", async () => {
  using _ = asOrigin("https://example.com");
  const stream = new OpenStream();
  await using server = serve(byTurns(
    () => stream.response,
    () => new Response(null, { status: 503 }),
    () => new OpenStream("data: 0\n\n").response,
  ));
  using first = await Tab.open(server.url, { shouldReconnect: () => true });
  using second = await Tab.open(server.url);
  stream.end();
  await Promise.all([first.receive("0"), second.receive("0")]);
  const states = ["open 1", "error 0", "error 0", "open 1"];
  assertEquals([first.states, second.states], [states, states]);
});

Deno.test("SharedEventSource: what the server refuses is refused for all, and asked once", async () => {
  using _ = asOrigin("https://example.com");
  const stream = new OpenStream();
  await using server = serve(byTurns(
    () => stream.response,
    // Nothing that an EventSource would try again.
    () => new Response(null, { status: 503 }),
  ));
  const tabs = [
    await Tab.open(server.url),
    await Tab.open(server.url),
    await Tab.open(server.url),
  ];
  stream.end();
  for (const tab of tabs) {
    await tab.reach(SharedEventSource.CLOSED);
    assertEquals(tab.states, ["open 1", "error 0", "error 2"]);
  }
  // Another asks anew, once the last one is gone.
  using later = new Tab(server.url);
  await later.reach(SharedEventSource.CLOSED);
  assertEquals(server.requests.length, 3);
  // That it is gone is told by the lock.
  using peer = new Peer(server.url);
  await peer.hold();
});

Deno.test("SharedEventSource: what goes wrong in one tab is taken over by another", async () => {
  using _ = asOrigin("https://example.com");
  const stream = new OpenStream();
  await using server = serve(byTurns(
    () => stream.response,
    () => new OpenStream("data: 0\n\n").response,
  ));
  let isBroken = false;
  const uncaught = new Promise<unknown>((resolve) => {
    addEventListener("error", (event) => {
      event.preventDefault();
      resolve(event.error);
    }, { once: true });
  });
  const failure = new Error("No token");
  using first = await Tab.open(server.url, {
    headers: () => {
      if (isBroken) throw failure;
      return {};
    },
  });
  using second = await Tab.open(server.url);
  isBroken = true;
  stream.end();
  assertEquals(await uncaught, failure);
  await second.receive("0");
  assertEquals(first.source.readyState, SharedEventSource.CLOSED);
  assertEquals(second.source.isLeader, true);
});

Deno.test("SharedEventSource: events without IDs come once, and an ID without an event is kept", async () => {
  using _ = asOrigin("https://example.com");
  const stream = new OpenStream("data: 0\n\n");
  await using server = serve(byTurns(
    () => stream.response,
    () => new OpenStream("data: 2\n\n").response,
  ));
  using first = await Tab.open(server.url);
  using second = await Tab.open(server.url);
  stream.send("data: 1\n\nid: 7\n\n");
  await second.receive("1");
  // It is told with the next thing that there is to tell.
  using third = await Tab.open(server.url);
  first.source.close();
  await Promise.all([second.receive("2"), third.receive("2")]);
  assertEquals([second.data, third.data], [["1", "2"], ["2"]]);
  assertEquals(server.requests[1]?.headers.get("last-event-id"), "7");
});

for (
  const [what, first, ids] of [
    ["resets the ID", "id: 8\ndata: 0\n\nid\ndata: 1\n\n", [null, null]],
    // The stream begins with the ID of the option.
    ["sends no ID", "data: 1\n\n", [null, "7"]],
    ["sends an ID", "id: 8\ndata: 1\n\n", ["8", "8"]],
  ] as const
) {
  for (
    const [where, init, id] of [
      ["headers", { headers: { "Last-Event-ID": "7" } }, ids[0]],
      ["lastEventId", { lastEventId: "7" }, ids[1]],
    ] as const
  ) {
    Deno.test(`SharedEventSource: an ID of the user's among ${where} is sent until a stream is open that ${what}`, async () => {
      using _ = asOrigin("https://example.com");
      const stream = new OpenStream();
      await using server = serve(byTurns(
        () => stream.response,
        () => new OpenStream("data: 2\n\n").response,
      ));
      using tab = await Tab.open(server.url, init);
      using other = await Tab.open(server.url, init);
      stream.send(first);
      await Promise.all([tab.receive("1"), other.receive("1")]);
      tab.source.close();
      await other.receive("2");
      const sent = server.requests.map(({ headers }) =>
        headers.get("last-event-id")
      );
      assertEquals(sent, ["7", id]);
    });
  }
}

Deno.test("SharedEventSource: a Last-Event-ID among headers is sent by a later leader if no stream was open", async () => {
  using _ = asOrigin("https://example.com");
  await using server = serve(() => new OpenStream("data: 0\n\n").response);
  const headers = { "Last-Event-ID": "7" };
  using first = new Tab(server.url, {
    headers,
    fetch: () => Promise.reject(new TypeError("There is no network")),
  });
  using second = new Tab(server.url, { headers });
  await first.failed();
  first.source.close();
  await second.receive("0");
  assertEquals(server.requests[0]?.headers.get("last-event-id"), "7");
});

Deno.test("SharedEventSource: where locks are refused, each has its own connection", async () => {
  using _ = asOrigin("https://example.com");
  await using server = serve(() => new OpenStream("data: 0\n\n").response);
  const original = Object.getOwnPropertyDescriptor(navigator, "locks");
  const request = () => Promise.reject(new DOMException("", "SecurityError"));
  Object.defineProperty(navigator, "locks", {
    value: { request },
    configurable: true,
  });
  try {
    using first = new Tab(server.url);
    using second = new Tab(server.url);
    await Promise.all([first.receive("0"), second.receive("0")]);
    assertEquals([first.data, second.data], [["0"], ["0"]]);
    assertEquals(server.requests.length, 2);
  } finally {
    if (original) Object.defineProperty(navigator, "locks", original);
    else Reflect.deleteProperty(navigator, "locks");
  }
});
