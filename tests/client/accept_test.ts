// Copyright 2026 the Tidings authors. MIT license.

/** Which responses are taken for event streams, by default and if they are asked for. */

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  connect,
  type ConnectOptions,
  EventSource,
  EventSourceError,
} from "../../client.ts";
import { serve } from "../support/event_server.ts";

/** A response with a body of bytes: one of text would have a `Content-Type`. */
function respond(status: number, type: string | undefined): Response {
  const hasBody = ![204, 205, 304].includes(status);
  const body = new TextEncoder().encode("retry: 1\ndata: a\n\n");
  return new Response(hasBody ? body : null, {
    status,
    headers: type === undefined ? {} : { "content-type": type },
  });
}

/** The first event's data, or why the connection failed. */
async function read(
  status: number,
  type: string | undefined,
  options: ConnectOptions,
): Promise<string> {
  await using server = serve(() => respond(status, type));
  await using events = connect(server.url, options);
  try {
    const { done, value } = await events.next();
    return done ? "done" : value.data;
  } catch (error) {
    return (error as EventSourceError).reason;
  }
}

const STREAM = "text/event-stream";
const ROWS: [
  status: number,
  type: string | undefined,
  options: ConnectOptions,
  outcome: string,
][] = [
  [200, undefined, {}, "unexpected-content-type"],
  [200, undefined, { ignoreContentType: true }, "a"],
  [200, undefined, { ignoreStatus: true }, "unexpected-content-type"],
  [200, "text/plain", {}, "unexpected-content-type"],
  [200, "text/plain", { ignoreContentType: true }, "a"],
  [200, "text/plain", { ignoreContentType: false }, "unexpected-content-type"],
  [200, "application/octet-stream", { ignoreContentType: true }, "a"],
  [201, STREAM, {}, "unexpected-status"],
  [201, STREAM, { ignoreStatus: true }, "a"],
  [201, STREAM, { ignoreContentType: true }, "unexpected-status"],
  [202, "text/plain", { ignoreStatus: true }, "unexpected-content-type"],
  [202, "text/plain", { ignoreStatus: true, ignoreContentType: true }, "a"],
  [207, STREAM, { ignoreStatus: true }, "a"],
  [299, STREAM, { ignoreStatus: true }, "a"],
  [204, undefined, { ignoreStatus: true, ignoreContentType: true }, "done"],
  [205, undefined, { ignoreStatus: true }, "unexpected-status"],
  [404, STREAM, { ignoreStatus: true }, "unexpected-status"],
  [400, STREAM, { ignoreStatus: true }, "unexpected-status"],
  [501, STREAM, { ignoreStatus: true }, "unexpected-status"],
];

for (const [status, type, options, outcome] of ROWS) {
  Deno.test(`connect() with ${JSON.stringify(options)} gets "${outcome}" of ${status} ${type}`, async () => {
    assertEquals(await read(status, type, options), outcome);
  });
}

Deno.test("connect() and EventSource reconnect after a transient status, whatever they ignore", async () => {
  await using server = serve((_, index) =>
    respond(index === 0 ? 503 : 200, "text/plain")
  );
  const options = { ignoreStatus: true, ignoreContentType: true };
  await using events = connect(server.url, { ...options, reconnectionTime: 1 });
  assertEquals((await events.next()).value?.data, "a");
  const source = new EventSource(server.url, options);
  const { data } = await new Promise<MessageEvent>((resolve) => {
    source.onmessage = resolve;
  });
  source.close();
  assertEquals(data, "a");
});

for (
  const [status, type, hint] of [
    [200, "text/plain", '; the option "ignoreContentType" accepts it'],
    [200, undefined, '; the option "ignoreContentType" accepts it'],
    [201, STREAM, '; the option "ignoreStatus" accepts it'],
  ] as const
) {
  Deno.test(`connect() names the option that accepts ${status} ${type}`, async () => {
    const error = await assertRejects(
      () =>
        connect("http://a", {
          fetch: () => Promise.resolve(respond(status, type)),
        }).next(),
      EventSourceError,
    );
    assertStringIncludes(error.message, hint);
  });
}

for (const status of [204, 404, 503]) {
  Deno.test(`connect() names no option for ${status}, which none accepts`, async () => {
    const messages: string[] = [];
    const events = connect("http://a", {
      shouldReconnect: () => false,
      fetch: () => Promise.resolve(respond(status, STREAM)),
      onStateChange: (state) =>
        state.state === "closed" && messages.push(`${state.error?.message}`),
    });
    await events.next().catch(() => {});
    assertEquals(messages.length, 1);
    assertEquals(messages[0]!.includes("option"), false);
  });
}
