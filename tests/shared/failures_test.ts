// Copyright 2026 the Tidings authors. MIT license.

/** The `error` events of all tabs say why the connection of one was lost. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import type { EventSourceErrorEvent } from "../../client.ts";
import { SharedEventSource } from "../../shared/mod.ts";
import { byTurns, OpenStream, serve } from "../support/event_server.ts";
import { within } from "../support/within.ts";
import { Peer } from "./_peer.ts";
import { asOrigin, Tab } from "./_tabs.ts";

/** What an `error` event tells. */
interface Told {
  readyState: number;
  status: number | undefined;
  message: string | undefined;
  reason: string | undefined;
  url: string | undefined;
  body: string | undefined;
}

/** Opens a tab, and notes what its `error` events tell. */
async function open(url: string): Promise<{ tab: Tab; told: Told[] }> {
  const tab = new Tab(url);
  const told: Told[] = [];
  tab.source.addEventListener("error", (event) => {
    const { status, message, error } = event as EventSourceErrorEvent;
    const { reason, body } = error ?? {};
    const { readyState } = tab.source;
    assertEquals([error?.status, error?.message], [status, message]);
    told.push({ readyState, status, message, reason, url: error?.url, body });
  });
  await tab.reach(SharedEventSource.OPEN);
  return { tab, told };
}

const REFUSALS = {
  "a status": {
    answer: () => new Response("Come back later", { status: 503 }),
    reason: "unexpected-status",
    status: 503,
  },
  "another status": {
    answer: () => new Response(null, { status: 404 }),
    reason: "unexpected-status",
    status: 404,
  },
  "a type": {
    answer: () =>
      new Response("<html>", { headers: { "content-type": "text/html" } }),
    reason: "unexpected-content-type",
    status: 200,
  },
  "the end": {
    answer: () => new Response(null, { status: 204 }),
    reason: "no-content",
    status: 204,
  },
};

for (const [name, { answer, reason, status }] of Object.entries(REFUSALS)) {
  Deno.test(`SharedEventSource: the error events of all tabs tell of ${name}`, async () => {
    using _ = asOrigin("https://example.com");
    const stream = new OpenStream();
    await using server = serve(byTurns(() => stream.response, answer));
    const all = [
      await open(server.url),
      await open(server.url),
      await open(server.url),
    ];
    stream.end();
    for (const { tab } of all) await tab.reach(SharedEventSource.CLOSED);
    const [leader, ...followers] = all.map(({ told }) => told);
    assertEquals(leader!.map((told) => [told.readyState, told.reason]), [
      [0, "end"],
      [2, reason],
    ]);
    assertEquals(leader!.at(-1)!.status, status);
    assertEquals(leader!.at(-1)!.url, server.url);
    for (const follower of followers) assertEquals(follower, leader);
    // That the leader is gone is told by the lock.
    using peer = new Peer(server.url);
    await peer.hold();
  });
}

Deno.test("SharedEventSource: a tab that comes while the connection is lost is told of the next failure", async () => {
  using _ = asOrigin("https://example.com");
  const stream = new OpenStream();
  const answer = Promise.withResolvers<Response>();
  await using server = serve((_, index) =>
    index === 0 ? stream.response : answer.promise
  );
  const first = await open(server.url);
  stream.end();
  await first.tab.reach(SharedEventSource.CONNECTING);
  using later = new Tab(server.url);
  const told = new Promise<EventSourceErrorEvent>((resolve) =>
    later.source.addEventListener("error", resolve)
  );
  answer.resolve(new Response("Gone", { status: 410 }));
  const { status, error } = await within("an error event", told);
  assertEquals([status, error?.reason], [410, "unexpected-status"]);
  await first.tab.reach(SharedEventSource.CLOSED);
  using peer = new Peer(server.url);
  await peer.hold();
});

Deno.test("SharedEventSource: an error event says as much as the leader does", async () => {
  using _ = asOrigin("https://example.com");
  await using server = serve(() => new OpenStream().response);
  using peer = new Peer(server.url);
  await peer.hold();
  using tab = new Tab(server.url);
  const { from } = await peer.hearTab();
  peer.tell(1, [], { to: from });
  await tab.reach(SharedEventSource.OPEN);
  const told = new Promise<EventSourceErrorEvent>((resolve) =>
    tab.source.addEventListener("error", resolve)
  );
  // As one of an earlier version of this package.
  peer.tell(1, [], { readyState: 0, url: "", hasFailed: true });
  const { status, message, error } = await within("an error event", told);
  assertEquals([status, error?.reason], [undefined, "network-error"]);
  assertStringIncludes(message ?? "", "another tab lost it");
});
