// Copyright 2026 the Tidings authors. MIT license.

/** How the bodies of responses are read: into one buffer where Deno has fetched them. */

import { assertEquals, assertRejects } from "@std/assert";
import { connect } from "../../client.ts";
import { readEvents } from "../../parser.ts";
import { eventStream, OpenStream, serve } from "../support/event_server.ts";
import { within } from "../support/within.ts";

/** The global `Deno` is stood in for. */
const IS_DENO = globalThis.navigator?.userAgent.startsWith("Deno/");

/** Chunks of 1 byte to 96 KiB, which is more than the buffer has; each ends an event. */
const LENGTHS = [1, 7, 64, 65, 1024, 65_536, 3, 98_304, 1];
const EVENTS = LENGTHS.map((length, i) => String(i).repeat(length));

function openBytes(
  options?: { type: "bytes"; autoAllocateChunkSize?: number },
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let next = 0;
  const pull = (
    controller: ReadableByteStreamController | ReadableStreamDefaultController,
  ): void => {
    const data = EVENTS[next++];
    // As most programs end a stream: a reader with a buffer is not answered.
    if (data === undefined) controller.close();
    else controller.enqueue(encoder.encode(`data: ${data}\n\n`));
  };
  return options === undefined
    ? new ReadableStream<Uint8Array>({ pull })
    : new ReadableStream({ ...options, pull });
}

/** Each reads a response until its end. */
const READERS: Record<string, (response: Response) => Promise<string[]>> = {
  "readEvents()": (response) =>
    Array.fromAsync(readEvents(response), ({ data }) => data),
  "connect()": (response) =>
    Array.fromAsync(
      connect("http://a/", {
        fetch: () => Promise.resolve(response),
        shouldReconnect: () => false,
      }),
      ({ data }) => data,
    ),
};

/** The same response with another body, as programs do that count bytes. */
function wrap(response: Response): Response {
  return new Proxy(response, {
    get(target, key) {
      if (key === "body") return openBytes();
      if (key === "type") return "basic";
      return Reflect.get(target, key);
    },
  });
}

for (const [name, read] of Object.entries(READERS)) {
  for (
    const [body, open] of [
      ["a stream", () => eventStream(openBytes())],
      ["a byte stream", () => eventStream(openBytes({ type: "bytes" }))],
      [
        "a byte stream that makes buffers",
        () =>
          eventStream(
            openBytes({ type: "bytes", autoAllocateChunkSize: 65_536 }),
          ),
      ],
      ["a wrapped response", () => wrap(eventStream(null))],
    ] satisfies [string, () => Response][]
  ) {
    Deno.test(`${name} reads ${body} of a program to its end`, async () => {
      assertEquals(await within("the end", read(open())), EVENTS);
    });
  }

  Deno.test(`${name} reads a body that was fetched to its end`, async () => {
    await using server = serve(() => eventStream(openBytes()));
    const response = await fetch(server.url);
    assertEquals(await within("the end", read(response)), EVENTS);
  });

  Deno.test(`${name} reads a copy of what was fetched, and its other half stays`, async () => {
    await using server = serve(() => eventStream(openBytes()));
    const response = await fetch(server.url);
    const events = read(response.clone());
    const text = response.text();
    assertEquals(await within("the end", events), EVENTS);
    assertEquals(
      await within("the text", text),
      EVENTS.map((data) => `data: ${data}\n\n`).join(""),
    );
  });

  Deno.test(`${name} asks Deno's fetch for its bytes in one buffer, and no other runtime's`, async () => {
    await using server = serve(() => eventStream("data: 1\n\n"));
    const response = await fetch(server.url);
    const modes: unknown[] = [];
    // Cannot fail: an event stream has a body.
    const body = response.body!;
    const getReader = body.getReader;
    body.getReader = function (options?: ReadableStreamGetReaderOptions) {
      modes.push(options?.mode);
      return Reflect.apply(getReader, body, options ? [options] : []);
    } as typeof getReader;
    assertEquals(await within("the end", read(response)), ["1"]);
    assertEquals(modes, [IS_DENO ? "byob" : undefined]);
  });
}

Deno.test("readEvents() of a body that was fetched can be left while it waits, and the body is unlocked", async () => {
  const stream = new OpenStream("data: 1\n\n");
  await using server = serve(() => stream.response);
  const response = await fetch(server.url);
  const events = readEvents(response);
  assertEquals((await within("next()", events.next())).value?.data, "1");
  const next = events.next();
  await within("return()", Promise.resolve(events[Symbol.asyncDispose]()));
  assertEquals((await within("next()", next)).done, true);
  assertEquals(response.body?.locked, false);
  await within("the server's end", stream.cancelled);
});

Deno.test("readEvents() throws for a body that was fetched and has a reader", async () => {
  await using server = serve(() => eventStream("data: 1\n\n"));
  const response = await fetch(server.url);
  const reader = response.body?.getReader();
  await assertRejects(async () => await readEvents(response).next(), TypeError);
  await reader?.cancel();
});
