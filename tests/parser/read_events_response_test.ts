// Copyright 2026 the Tidings authors. MIT license.

import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { EventStreamError, readEvents } from "../../parser.ts";
import { eventOf } from "../support/outcome.ts";
import { manualSource, openSource, streamOf } from "../support/sources.ts";

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

  Deno.test(`readEvents() refuses a response of ${name} and cancels its body`, () => {
    const source = openSource("data: a\n\n");

    const error = assertThrows(
      () => readEvents(responseOf(source.stream, contentType)),
      EventStreamError,
    );

    assertEquals(error.name, "EventStreamError");
    assertEquals(error.code, "unexpected-content-type");
    assertEquals(error.status, 200);
    assertEquals(error.contentType, contentType);
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
  Deno.test(`readEvents() refuses a response of status ${status} and cancels its body`, () => {
    for (const ignoreContentType of [false, true]) {
      const source = openSource("data: a\n\n");
      const response = new Response(source.stream, {
        status,
        headers: { "content-type": "text/event-stream" },
      });

      const error = assertThrows(
        () => readEvents(response, { ignoreContentType }),
        EventStreamError,
        String(status),
      );

      assertEquals(error.code, "unexpected-status");
      assertEquals(error.status, status);
      assertEquals(error.contentType, "text/event-stream");
      assertEquals(source.cancelled, [error]);
    }
  });
}

Deno.test("readEvents() refuses a response of status 204, which has no body", () => {
  const error = assertThrows(
    () => readEvents(new Response(null, { status: 204 })),
    EventStreamError,
  );

  assertEquals(error.code, "unexpected-status");
  assertEquals(error.status, 204);
  assertEquals(error.contentType, null);
});

Deno.test("readEvents() refuses a response without a body", () => {
  const error = assertThrows(
    () => readEvents(responseOf(null, "text/event-stream")),
    EventStreamError,
  );

  assertEquals(error.code, "missing-body");
  assertEquals(error.status, 200);
  assertEquals(error.contentType, "text/event-stream");
});

Deno.test("readEvents() cuts a content type in the message to 40 characters", () => {
  const contentType = "text/" + "x".repeat(1000);

  const error = assertThrows(
    () => readEvents(responseOf(null, contentType)),
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
