// Copyright 2026 the Tidings authors. MIT license.

/** What a tab makes of what others do, of which some cannot be had at will. */

import { assertEquals } from "@std/assert";
import type { ServerSentEvent } from "../../event.ts";
import { OpenStream, serve } from "../support/event_server.ts";
import { FakeTime } from "../support/fake_time.ts";
import { Peer } from "./_peer.ts";
import { asOrigin, Tab } from "./_tabs.ts";

/** The number of the event `a`. */
const FIRST = 10_000_000;
const a = makeEvent("a", "a");
const b = makeEvent("b", "b");
const c = makeEvent("c", "c");
const d = makeEvent("d", "d");
const e = makeEvent("e", "e");

function makeEvent(data: string, id?: string): ServerSentEvent {
  return { event: "message", data, id, lastEventId: id ?? "" };
}

/** Opens a tab that follows the peer, and has the event `a`. */
async function follow(peer: Peer, url: string): Promise<Tab> {
  await peer.hold();
  const tab = new Tab(url);
  const { from } = await peer.hearTab();
  peer.tell(FIRST, [], { to: from });
  peer.tell(FIRST + 1, [a]);
  await tab.receive("a");
  return tab;
}

Deno.test("SharedEventSource gets what another tab has received before it becomes the leader", async () => {
  using _ = asOrigin("https://example.com");
  await using server = serve(() =>
    new OpenStream("id: d\ndata: d\n\n").response
  );
  using peer = new Peer(server.url);
  using tab = await follow(peer, server.url);
  peer.release();
  const { term, next } = await peer.hearLeader();
  assertEquals(next, FIRST + 1);
  peer.say(term, FIRST + 3, [b, c]);
  await tab.receive("d");
  assertEquals(tab.data, ["a", "b", "c", "d"]);
  assertEquals(server.requests.length, 1);
  assertEquals(server.requests[0]?.headers.get("last-event-id"), "c");
});

Deno.test("SharedEventSource sends what another tab has missed", async () => {
  using _ = asOrigin("https://example.com");
  await using server = serve(() => new OpenStream().response);
  using peer = new Peer(server.url);
  using tab = await follow(peer, server.url);
  peer.tell(FIRST + 2, [b]);
  await tab.receive("b");
  peer.release();
  const { term } = await peer.hearLeader();
  peer.say(term, FIRST + 1, []);
  // After the roll call it answers.
  await peer.hearLeader();
  peer.say(term, FIRST + 1, []);
  const { events, next } = await peer.hearLeader(({ to }) => to === peer.id);
  assertEquals([events, next], [[b], FIRST + 2]);
});

Deno.test("SharedEventSource drops by number what it has received from an earlier leader", async () => {
  using _ = asOrigin("https://example.com");
  using peer = new Peer("https://example.com/");
  using tab = await follow(peer, "https://example.com/");
  peer.tell(FIRST + 2, [b]);
  await tab.receive("b");
  peer.term++;
  peer.tell(FIRST + 1, [], { readyState: 0, url: "" });
  const { events } = await peer.hearTab();
  assertEquals(events, [b]);
  // It was too late.
  peer.tell(FIRST + 1, []);
  peer.tell(FIRST + 2, [b]);
  peer.tell(FIRST + 3, [c]);
  await tab.receive("c");
  assertEquals(tab.data, ["a", "b", "c"]);
  assertEquals(tab.states, ["open 1", "error 0", "open 1"]);
});

Deno.test("SharedEventSource ignores a leader whose lock was taken away", async () => {
  using _ = asOrigin("https://example.com");
  using peer = new Peer("https://example.com/");
  using tab = await follow(peer, "https://example.com/");
  peer.term = 3;
  peer.tell(FIRST + 1, []);
  peer.term = 2;
  peer.tell(FIRST + 2, [d]);
  peer.tell(FIRST + 2, [], { readyState: 2, url: "" });
  peer.term = 3;
  peer.tell(FIRST + 2, [b]);
  await tab.receive("b");
  assertEquals(tab.data, ["a", "b"]);
});

Deno.test("SharedEventSource accepts a later leader, and sends no events any more", async () => {
  using _ = asOrigin("https://example.com");
  const stream = new OpenStream("id: a\ndata: a\n\n");
  await using server = serve(() => stream.response);
  using peer = new Peer(server.url);
  using tab = await Tab.open(server.url);
  await tab.receive("a");
  const { term, next } = await peer.hearLeader(({ events }) =>
    events.length > 0
  );
  // It is next, and does not wait until it is.
  const held = peer.hold();
  peer.term = term + 1;
  peer.tell(next, [], { readyState: 0, url: "" });
  await stream.cancelled;
  await held;
  assertEquals(tab.source.isLeader, false);
  peer.tell(next + 1, [b]);
  await tab.receive("b");
  assertEquals(tab.data, ["a", "b"]);
});

Deno.test("SharedEventSource gives up the lead if another tab knows a later term", async () => {
  using _ = asOrigin("https://example.com");
  await using server = serve(() => new OpenStream().response);
  using peer = new Peer(server.url);
  using tab = await Tab.open(server.url);
  const { term, next } = await peer.hearLeader(({ readyState }) =>
    readyState === 1
  );
  peer.say(term + 10, next, []);
  await tab.reach(0);
  await tab.reach(1);
  // It has queued up again, alone, and is a later one itself.
  const later = await peer.hearLeader();
  assertEquals(later.term > term + 10, true);
});

Deno.test("SharedEventSource asks for what is missing, once", async () => {
  using _ = asOrigin("https://example.com");
  using peer = new Peer("https://example.com/");
  using tab = await follow(peer, "https://example.com/");
  peer.tell(FIRST + 3, [c]);
  peer.tell(FIRST + 4, [d]);
  const { from, next } = await peer.hearTab();
  assertEquals(next, FIRST + 1);
  // What another has asked for is of no use.
  peer.tell(FIRST + 4, [d], { to: peer.id });
  peer.tell(FIRST + 4, [b, c, d], { to: from });
  peer.tell(FIRST + 5, [e]);
  await tab.receive("e");
  assertEquals(tab.data, ["a", "b", "c", "d", "e"]);
  assertEquals(peer.tabsToHear, 0);
});

Deno.test("SharedEventSource begins with the answer to its own report", async () => {
  using _ = asOrigin("https://example.com");
  using peer = new Peer("https://example.com/");
  await peer.hold();
  using tab = new Tab("https://example.com/");
  const { from } = await peer.hearTab();
  // The first time it is new that there is this leader.
  peer.tell(FIRST + 2, [a, b], { to: peer.id });
  peer.tell(FIRST + 2, [a, b], { to: peer.id });
  peer.tell(FIRST + 2, [], { to: from });
  peer.tell(FIRST + 3, [c]);
  await tab.receive("c");
  assertEquals(tab.data, ["c"]);
});

Deno.test("SharedEventSource asks the server for nothing if nothing has happened", async () => {
  using _ = asOrigin("https://example.com");
  await using server = serve(() => new OpenStream().response);
  using peer = new Peer(server.url);
  using tab = await follow(peer, server.url);
  // Of another count, at the same event.
  peer.tell(2 * FIRST, [], { lastEventId: "a" });
  const { from } = await peer.hearTab();
  peer.tell(2 * FIRST, [], { lastEventId: "a", to: from });
  peer.tell(2 * FIRST + 1, [b]);
  await tab.receive("b");
  assertEquals(tab.data, ["a", "b"]);
  assertEquals(server.requests.length, 0);
});

Deno.test("SharedEventSource gets from the server what no tab keeps", async () => {
  using _ = asOrigin("https://example.com");
  const stream = new OpenStream("id: b\ndata: b\n\nid: c\ndata: c\n\n");
  await using server = serve(() => stream.response);
  using peer = new Peer(server.url);
  using tab = await follow(peer, server.url);
  peer.tell(FIRST + 4, [d]);
  const { from } = await peer.hearTab();
  peer.tell(FIRST + 4, [d], { to: from });
  await tab.receive("c");
  // The shared stream goes on meanwhile.
  peer.tell(FIRST + 5, [e]);
  stream.send("id: d\ndata: d\n\n");
  await tab.receive("e");
  // Its own connection is not needed any more.
  await stream.cancelled;
  assertEquals(tab.data, ["a", "b", "c", "d", "e"]);
  assertEquals(server.requests[0]?.headers.get("last-event-id"), "a");
  peer.tell(FIRST + 6, [makeEvent("f", "f")]);
  await tab.receive("f");
  assertEquals(server.requests.length, 1);
});

Deno.test("SharedEventSource goes on with what there is if the server does not help", async () => {
  using _ = asOrigin("https://example.com");
  await using server = serve(() => new Response(null, { status: 204 }));
  using peer = new Peer(server.url);
  using tab = await follow(peer, server.url);
  peer.tell(FIRST + 4, [d]);
  const { from } = await peer.hearTab();
  peer.tell(FIRST + 4, [d], { to: from });
  peer.tell(FIRST + 5, [e]);
  await tab.receive("e");
  assertEquals(tab.data, ["a", "d", "e"]);
  assertEquals(server.requests.length, 1);
});

Deno.test("SharedEventSource does not ask the server for what has no ID", async () => {
  using _ = asOrigin("https://example.com");
  await using server = serve(() => new OpenStream().response);
  using peer = new Peer(server.url);
  await peer.hold();
  using tab = new Tab(server.url);
  peer.tell(FIRST, [], { to: (await peer.hearTab()).from });
  const two = makeEvent("2");
  const three = makeEvent("3");
  peer.tell(FIRST + 1, [makeEvent("1")]);
  peer.tell(FIRST + 3, [three]);
  await tab.receive("1");
  const { from } = await peer.hearTab();
  peer.tell(FIRST + 3, [two, three], { to: from });
  await tab.receive("3");
  // What nobody remembers is lost.
  peer.tell(FIRST + 5, [makeEvent("5")]);
  await peer.hearTab();
  peer.tell(FIRST + 5, [makeEvent("5")], { to: from });
  await tab.receive("5");
  assertEquals(tab.data, ["1", "2", "3", "5"]);
  assertEquals(server.requests.length, 0);
});

for (const count of ["greater", "lesser"]) {
  Deno.test(`SharedEventSource follows others whose numbers are ${count} ones`, async () => {
    using _ = asOrigin("https://example.com");
    await using server = serve(() =>
      new OpenStream("id: b\ndata: b\n\nid: c\ndata: c\n\n").response
    );
    using peer = new Peer(server.url);
    using tab = await follow(peer, server.url);
    // The first ones are gone, and the clock was set.
    const first = count === "greater" ? 2 * FIRST : FIRST / 2;
    peer.term++;
    peer.tell(first, [], { readyState: 0, url: "" });
    const { from } = await peer.hearTab();
    peer.tell(first + 1, [c]);
    await peer.hearTab();
    peer.tell(first + 1, [c], { to: from });
    await tab.receive("c");
    peer.tell(first + 2, [d]);
    await tab.receive("d");
    assertEquals(tab.data, ["a", "b", "c", "d"]);
  });
}

Deno.test("SharedEventSource lets the others learn of the end before one of them connects", async () => {
  using _ = asOrigin("https://example.com");
  await using server = serve(() => new Response(null, { status: 204 }));
  using peer = new Peer(server.url);
  using time = new FakeTime();
  using tab = new Tab(server.url);
  await peer.hearLeader();
  time.pass(0);
  let isGranted = false;
  const granted = peer.hold().then(() => isGranted = true);
  await peer.hearLeader(({ readyState }) => readyState === 2);
  await tab.reach(2);
  assertEquals(isGranted, false);
  time.pass(100);
  await granted;
});

Deno.test("SharedEventSource takes the lock from a leader that is silent", async () => {
  using _ = asOrigin("https://example.com");
  await using server = serve(() =>
    new OpenStream("id: b\ndata: b\n\n").response
  );
  using peer = new Peer(server.url);
  const { lost } = await peer.hold();
  using time = new FakeTime();
  using tab = new Tab(server.url);
  const { from } = await peer.hearTab();
  peer.tell(FIRST + 1, [], { to: from, lastEventId: "a" });
  await tab.reach(1);
  // It asks first.
  time.pass(10_000);
  await peer.hearTab();
  peer.tell(FIRST + 1, [], { to: from, lastEventId: "a" });
  peer.tell(FIRST + 2, [a]);
  await tab.receive("a");
  time.pass(10_000);
  await peer.hearTab();
  time.pass(5000);
  await lost;
  await peer.hearLeader();
  time.pass(100);
  await tab.receive("b");
  assertEquals(server.requests[0]?.headers.get("last-event-id"), "a");
});

Deno.test("SharedEventSource takes the lock from a leader that never sent a message, and asks the others first", async () => {
  using _ = asOrigin("https://example.com");
  await using server = serve(() =>
    new OpenStream("id: b\ndata: b\n\n").response
  );
  using peer = new Peer(server.url);
  const { lost } = await peer.hold();
  using time = new FakeTime();
  using tab = new Tab(server.url);
  using witness = new Peer(server.url);
  await peer.hearTab();
  time.pass(5000);
  await lost;
  const { term } = await peer.hearLeader();
  peer.say(term, FIRST + 1, [a]);
  // It hears what the tab hears, after it.
  await witness.hearTab();
  time.pass(100);
  await tab.receive("b");
  assertEquals(server.requests[0]?.headers.get("last-event-id"), "a");
});
