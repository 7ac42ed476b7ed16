// Copyright 2026 the Tidings authors. MIT license.

/** The errors of a channel that is used in a wrong way. */

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { EventChannel } from "../../channel.ts";
import { makeRequest } from "./_clients.ts";

const NO_REQUESTS: Record<string, [unknown, string]> = {
  "a request of node:http": [
    { headers: {}, url: "/", method: "GET", rawHeaders: [] },
    'a request of node:http, for which "toNodeHandler" makes one',
  ],
  "a URL": [new URL("http://localhost/"), "an object"],
  "a text": ["http://localhost/", '"http://localhost/"'],
  "a context of a framework": [{ req: makeRequest() }, "an object"],
  "a response": [new Response(), "an object"],
  "nothing": [undefined, "undefined"],
  "null": [null, "null"],
};

for (const [name, [request, got]] of Object.entries(NO_REQUESTS)) {
  Deno.test(`EventChannel.serve() throws TypeError that says what it was given: ${name}`, async () => {
    await using channel = new EventChannel();
    assertThrows(
      () => channel.serve(request as Request),
      TypeError,
      `Cannot serve event channel: expected "request" to be a Request, got ${got}`,
    );
    assertEquals(channel.size, 0);
  });
}

Deno.test("EventChannel.serve() throws TypeError if it is called without its channel", async () => {
  await using channel = new EventChannel();
  const { serve } = channel;
  const message = (got: string) =>
    `Cannot serve event channel: expected "this" to be an EventChannel, got ${got}: call it as "channel.serve()"`;
  assertThrows(() => serve(makeRequest()), TypeError, message("undefined"));
  const routes = { events: channel.serve };
  // A router that calls a handler as a member of its own.
  assertThrows(
    () =>
      (routes as { events(request: Request): Response })
        .events(makeRequest()),
    TypeError,
    message("an object"),
  );
});

Deno.test("EventChannel.publish(), cursor() and close() reject with TypeError if they are called without their channel", async () => {
  await using channel = new EventChannel();
  const { publish, cursor, close } = channel;
  await assertRejects(
    () => cursor(),
    TypeError,
    'Cannot take cursor: expected "this" to be an EventChannel, got undefined: call it as "channel.cursor()"',
  );
  await assertRejects(
    () => publish({ data: "a" }),
    TypeError,
    'Cannot publish event: expected "this" to be an EventChannel, got undefined: call it as "channel.publish()"',
  );
  await assertRejects(
    () => close(),
    TypeError,
    'Cannot close event channel: expected "this" to be an EventChannel, got undefined: call it as "channel.close()"',
  );
});

Deno.test("EventChannel throws TypeError for a log or a compression that is none", () => {
  const rows: [Record<string, unknown>, string][] = [
    [{ log: "redis" }, 'expected "log" to be an EventLog'],
    [{ log: {} }, 'expected "log" to be an EventLog'],
    [{ compression: true }, 'expected "compression" to be a compression'],
    [{ compression: "gzip" }, 'expected "compression" to be a compression'],
  ];
  for (const [options, message] of rows) {
    assertThrows(() => new EventChannel(options), TypeError, message);
  }
});
