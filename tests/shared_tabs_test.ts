// Copyright 2026 the Tidings authors. MIT license.

/** What tabs make of one connection, step by step; browsers are in `browser/`. */

import { assertEquals } from "@std/assert";
import { EventChannel } from "../channel.ts";
import { eventStream, serve } from "./_event_server.ts";
import { asOrigin, Tab } from "./_shared_tabs.ts";

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
  assertEquals(first.source.isHolder, true);
  assertEquals(second.source.isHolder, false);
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
  assertEquals(second.source.isHolder, true);
  assertEquals(server.requests[1]?.headers.get("last-event-id"), id);
});

Deno.test("SharedEventSource.close() of the last tab closes the connection", async () => {
  using _ = asOrigin("https://example.com");
  const closed = Promise.withResolvers<void>();
  await using server = serve(() =>
    eventStream(
      new ReadableStream({
        start: (controller) =>
          controller.enqueue(new TextEncoder().encode(": open\n\n")),
        cancel: () => closed.resolve(),
      }),
    )
  );
  using first = await Tab.open(server.url);
  using second = await Tab.open(server.url);
  second.source.close();
  assertEquals(second.source.readyState, 2);
  assertEquals(first.source.readyState, 1);
  first.source.close();
  await closed.promise;
});
