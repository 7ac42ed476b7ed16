// Copyright 2026 the Tidings authors. MIT license.

/** What holds where there is nobody to share with; the rest is in other files. */

import { assertEquals, assertThrows } from "@std/assert";
import { EventSource } from "../../client.ts";
import { SharedEventSource } from "../../shared/mod.ts";
import { eventStream } from "../support/event_server.ts";
import { asOrigin } from "./_tabs.ts";

Deno.test("SharedEventSource has the interface of EventSource", () => {
  using _ = asOrigin(undefined);
  const source = new SharedEventSource("https://example.com/", {
    fetch: () => new Promise(() => {}),
    withCredentials: true,
  });
  assertEquals(source instanceof EventSource, true);
  assertEquals(source instanceof EventTarget, true);
  assertEquals(String(source), "[object EventSource]");
  assertEquals(source.url, "https://example.com/");
  assertEquals(source.withCredentials, true);
  assertEquals(source.readyState, SharedEventSource.CONNECTING);
  source.close();
  assertEquals(source.readyState, SharedEventSource.CLOSED);
});

Deno.test("SharedEventSource refuses what EventSource refuses", () => {
  // deno-lint-ignore no-explicit-any -- what types forbid.
  const Untyped = SharedEventSource as any;
  for (const origin of [undefined, "https://example.com"]) {
    using _ = asOrigin(origin);
    assertThrows(
      () => new Untyped(),
      TypeError,
      "Cannot connect: expected a URL, got no argument",
    );
    assertThrows(() => new Untyped("https://a/", "init"), TypeError);
    assertThrows(() => new Untyped("http://:bogus"), DOMException);
    assertThrows(
      () => new Untyped("https://a/", { idleTimeout: 0 }),
      RangeError,
    );
  }
});

for (const origin of [undefined, "null"]) {
  Deno.test(`SharedEventSource is an EventSource of its own where the origin is ${origin}`, async () => {
    using _ = asOrigin(origin);
    let requests = 0;
    const fetch = () => {
      requests++;
      return Promise.resolve(eventStream("data: a\n\n"));
    };
    await Promise.all([1, 2].map(async () => {
      const source = new SharedEventSource("https://example.com/", { fetch });
      const { data } = await new Promise<MessageEvent>((resolve) => {
        source.onmessage = resolve;
      });
      assertEquals(data, "a");
      assertEquals(source.isLeader, true);
      source.close();
    }));
    assertEquals(requests, 2);
  });
}
