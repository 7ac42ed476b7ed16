// Copyright 2026 the Tidings authors. MIT license.

import {
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { EventStreamError, readEvents } from "../../parser.ts";
import { eventOf } from "../support/outcome.ts";
import { FakeTime } from "../support/fake_time.ts";
import {
  manualSource,
  openSource,
  streamOf,
  turn,
} from "../support/sources.ts";

/** As much of a refusal's body as its error has. */
const START = "data: a\n\n".padEnd(1024, "-");

for (
  const contentType of [
    "text/event-stream",
    "text/event-stream;charset=utf-8",
    "text/event-stream ; charset=UTF-8",
    "Text/Event-Stream",
    "TEXT/EVENT-STREAM;a=b;c=d",
    "text/event-stream, text/event-stream",
    "text/plain;charset=utf-8,text/event-stream;charset=utf-8",
  ]
) {
  Deno.test(`readEvents() accepts a response of ${contentType}`, async () => {
    const source = openSource("data: a\n\n");
    source.end();
    const headers = { "content-type": contentType };

    const events = await Array.fromAsync(
      readEvents(new Response(source.stream, { headers })),
    );

    assertEquals(events, [eventOf({ data: "a" })]);
  });
}

for (
  const contentType of [
    null,
    "",
    "text/event-streaming",
    "text/event-stream-x; charset=utf-8",
    "xtext/event-stream",
    "text/plain; x=text/event-stream",
    "text/html",
    "application/json",
    "text/event-stream, text/plain",
  ]
) {
  const name = contentType === null ? "no type" : JSON.stringify(contentType);

  Deno.test(`readEvents() refuses a response of ${name} and cancels its body`, async () => {
    const source = openSource(START, "more");

    const error = await assertRejects(
      () => readEvents(responseOf(source.stream, contentType)).next(),
      EventStreamError,
    );

    assertEquals(error.name, "EventStreamError");
    assertEquals(error.code, "unexpected-content-type");
    assertEquals(error.status, 200);
    assertEquals(error.contentType, contentType);
    assertEquals(error.body, START);
    assertEquals(source.cancelled, [error]);
  });

  Deno.test(`readEvents() accepts a response of ${name} with ignoreContentType`, async () => {
    const source = openSource("data: a\n\n");
    source.end();

    const events = await Array.fromAsync(
      readEvents(responseOf(source.stream, contentType), {
        ignoreContentType: true,
      }),
    );

    assertEquals(events, [eventOf({ data: "a" })]);
  });
}

for (const status of [201, 202, 206, 300, 400, 401, 404, 429, 500, 503]) {
  Deno.test(`readEvents() refuses a response of status ${status} and cancels its body`, async () => {
    for (const ignoreContentType of [false, true]) {
      const source = openSource(START + "more");
      const response = new Response(source.stream, {
        status,
        headers: { "content-type": "text/event-stream" },
      });

      const error = await assertRejects(
        () => readEvents(response, { ignoreContentType }).next(),
        EventStreamError,
        String(status),
      );

      assertEquals(error.code, "unexpected-status");
      assertEquals(error.status, status);
      assertEquals(error.contentType, "text/event-stream");
      assertEquals(error.body, START);
      assertEquals(source.cancelled, [error]);
    }
  });
}

Deno.test("readEvents() refuses a response of status 204, which has no body", async () => {
  const error = await assertRejects(
    () => readEvents(new Response(null, { status: 204 })).next(),
    EventStreamError,
  );

  assertEquals(error.code, "unexpected-status");
  assertEquals(error.status, 204);
  assertEquals(error.contentType, null);
});

Deno.test("readEvents() refuses a response without a body", async () => {
  const error = await assertRejects(
    () => readEvents(responseOf(null, "text/event-stream")).next(),
    EventStreamError,
  );

  assertEquals(error.code, "missing-body");
  assertEquals(error.status, 200);
  assertEquals(error.contentType, "text/event-stream");
});

Deno.test("readEvents() cuts a content type in the message to 40 characters", async () => {
  const contentType = "text/" + "x".repeat(1000);

  const error = await assertRejects(
    () => readEvents(responseOf(null, contentType)).next(),
    EventStreamError,
    "x".repeat(35),
  );

  assertEquals(error.message.includes("x".repeat(36)), false);
  assertEquals(error.contentType, contentType);
});

Deno.test("readEvents() cancels the body of a response on break", async () => {
  const source = openSource("data: a\n\n");

  const response = responseOf(source.stream, "text/event-stream");
  for await (const _ of readEvents(response)) break;

  assertEquals(source.cancelled, [undefined]);
});

Deno.test("readEvents() does not ask a stream or an iterable for a content type", async () => {
  const bytes = new TextEncoder().encode("data: a\n\n");

  const events = await Array.fromAsync(readEvents(streamOf([bytes])));

  assertEquals(events, [eventOf({ data: "a" })]);
});

Deno.test("readEvents() throws TypeError if the source is locked or already read", async () => {
  const { stream } = manualSource();
  const reader = stream.getReader();
  assertThrows(() => readEvents(stream), TypeError);
  reader.releaseLock();

  const response = responseOf("data: a\n\n", "text/event-stream");
  await response.text();
  assertThrows(() => readEvents(response), TypeError);
});

Deno.test("readEvents() throws TypeError if the source is of another type", () => {
  for (const source of [undefined, null, 7, "data: a\n\n", {}, [], () => {}]) {
    assertThrows(
      () => readEvents(source as unknown as ReadableStream),
      TypeError,
      "Cannot read events",
    );
  }
});

Deno.test("readEvents() throws for its options before it touches the source", () => {
  const source = openSource("data: a\n\n");

  assertThrows(
    () => readEvents(source.stream, { maxEventSize: 0 }),
    RangeError,
  );

  assertEquals(source.stream.locked, false);
  assertEquals(source.cancelled, []);
});

Deno.test("readEvents() reads a response from a real server", async () => {
  await using server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: () => {},
  }, () => responseOf("id: 1\ndata: é\n\n", "text/event-stream"));

  const response = await fetch(`http://127.0.0.1:${server.addr.port}/`);
  const events = await Array.fromAsync(readEvents(response));

  assertEquals(events, [eventOf({ data: "é", id: "1" })]);
});

Deno.test("EventStreamError carries its cause", () => {
  const cause = new Error("mine");

  const error = new EventStreamError("missing-body", "Cannot", { cause });

  assertStrictEquals(error.cause, cause);
  assertEquals(error.status, undefined);
  assertEquals(error.contentType, undefined);
});

/** A response of status 200 with just this content type. */
function responseOf(
  body: BodyInit | null,
  contentType: string | null,
): Response {
  const response = new Response(body);
  response.headers.delete("content-type");
  if (contentType !== null) response.headers.set("content-type", contentType);
  return response;
}

for (
  const [name, chunks, body] of [
    ["is short", ["Slow ", "down"], "Slow down"],
    ["is empty", [], ""],
    ["is cut within a character", ["x".repeat(1023) + "é"], "x".repeat(1023)],
  ] as const
) {
  Deno.test(`readEvents() has the beginning of a refusal's body that ${name}`, async () => {
    const source = openSource(...chunks);
    source.end();
    const events = readEvents(new Response(source.stream, { status: 429 }));

    const error = await assertRejects(() => events.next(), EventStreamError);

    assertEquals([error.status, error.body], [429, body]);
    assertEquals(await events.next(), { done: true, value: undefined });
  });
}

Deno.test("readEvents() has what came of a refusal's body that breaks off", async () => {
  const source = openSource("Slow ");
  const events = readEvents(new Response(source.stream, { status: 429 }));

  const next = events.next();
  await turn();
  source.fail(new Error("source"));
  const error = await assertRejects(() => next, EventStreamError);

  assertEquals([error.status, error.body], [429, "Slow "]);
});

Deno.test("readEvents() does not read a refusal that nobody asks for", async () => {
  const source = openSource("Slow down");
  const events = readEvents(new Response(source.stream, { status: 429 }));

  assertEquals(await events.return?.(), { done: true, value: undefined });
  assertEquals(await events.next(), { done: true, value: undefined });
  assertEquals(source.cancelled, [undefined]);
});

for (const idleTimeout of [Infinity, 50]) {
  Deno.test(`readEvents() waits a second for a refusal's body that stalls, with an idleTimeout of ${idleTimeout}`, async () => {
    using time = new FakeTime();
    const stalled = new Promise<never>(() => {});
    const iterable = {
      [Symbol.asyncIterator]: () => ({ next: () => stalled }),
    };
    const errors = [openSource("Slow ").stream, iterable].map((body) => {
      const headers = new Headers();
      const response = { status: 429, headers, body } as unknown as Response;
      const events = readEvents(response, { idleTimeout });
      return assertRejects(() => events.next(), EventStreamError);
    });

    for (let i = 0; i < 20; i++) await Promise.resolve();
    time.pass(1000);

    const facts = (await Promise.all(errors)).map(({ status, body }) => [
      status,
      body,
    ]);
    assertEquals(facts, [[429, "Slow "], [429, ""]]);
  });
}
