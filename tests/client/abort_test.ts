// Copyright 2026 the Tidings authors. MIT license.

/** One rule for `connect()` and `readEvents()`: a timeout throws, an abort ends. */

import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { connect, EventSource } from "../../client.ts";
import { readEvents } from "../../parser.ts";
import { OpenStream } from "../support/event_server.ts";
import { within } from "../support/within.ts";

const READERS = {
  "connect()": (signal: AbortSignal, ...chunks: string[]) =>
    connect("http://a", {
      signal,
      fetch: () => Promise.resolve(new OpenStream(...chunks).response),
    }),
  "readEvents()": (signal: AbortSignal, ...chunks: string[]) =>
    readEvents(new OpenStream(...chunks).response, { signal }),
};

const timeoutError = () => new DOMException("Too late", "TimeoutError");

for (const [name, read] of Object.entries(READERS)) {
  for (
    const [what, reason] of [
      ["without a reason", undefined],
      ["with an Error", new Error("mine")],
      ["with text", "mine"],
      ["with null", null],
      ["with an AbortError", new DOMException("", "AbortError")],
    ] as const
  ) {
    Deno.test(`${name} ends if its signal is aborted ${what}`, async () => {
      const controller = new AbortController();
      const events = read(controller.signal, "data: a\n\n");
      assertEquals((await events.next()).value?.data, "a");
      const next = events.next();
      controller.abort(reason);
      assertEquals((await within("next()", next)).done, true);
      const late = read(AbortSignal.abort(reason), "data: a\n\n");
      assertEquals((await within("next()", late.next())).done, true);
    });
  }

  Deno.test(`${name} throws the TimeoutError of AbortSignal.timeout()`, async () => {
    const events = read(AbortSignal.timeout(20), "data: a\n\n");
    const data: string[] = [];
    const error = await assertRejects(
      () =>
        within(
          "the end",
          (async () => {
            for await (const event of events) data.push(event.data);
          })(),
        ),
      DOMException,
    );
    assertEquals(error.name, "TimeoutError");
    assertEquals(data, ["a"]);
    assertEquals((await events.next()).done, true);
  });

  Deno.test(`${name} throws a TimeoutError once, whenever it is there`, async () => {
    const reason = timeoutError();
    const signal = AbortSignal.any([
      AbortSignal.abort(reason),
      new AbortController().signal,
    ]);
    const events = read(signal, "data: a\n\n");
    assertStrictEquals(await assertRejects(() => events.next()), reason);
    assertEquals((await events.next()).done, true);
  });

  Deno.test(`${name} throws a TimeoutError once it is asked, and drops what is left`, async () => {
    const controller = new AbortController();
    const events = read(controller.signal, "data: a\n\ndata: b\n\n");
    await events.next();
    const reason = timeoutError();
    controller.abort(reason);
    assertStrictEquals(await assertRejects(() => events.next()), reason);
    assertEquals((await events.next()).done, true);
  });
}

Deno.test("connect() throws a TimeoutError that comes before the response, and while it waits", async () => {
  for (const fetch of [() => new Promise<Response>(() => {}), fail]) {
    const events = connect("http://a", {
      signal: AbortSignal.timeout(20),
      reconnectionTime: 100_000,
      fetch,
    });
    const error = await assertRejects(
      () => within("next()", events.next()),
      DOMException,
    );
    assertEquals(error.name, "TimeoutError");
    assertEquals(events.readyState, 2);
  }
  function fail(): Promise<Response> {
    return Promise.reject(new TypeError("Failed to fetch"));
  }
});

Deno.test("EventSource is closed by a TimeoutError as by close()", async () => {
  const controller = new AbortController();
  const source = new EventSource("http://a", {
    signal: controller.signal,
    fetch: () => Promise.resolve(new OpenStream("data: a\n\n").response),
  });
  let errors = 0;
  source.onerror = () => errors++;
  await new Promise((resolve) => source.onmessage = resolve);
  controller.abort(timeoutError());
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals([source.readyState, errors], [EventSource.CLOSED, 0]);
});
