// Copyright 2026 the Tidings authors. MIT license.

/** What the events of `EventSource` are, and what its `error` events say. */

import {
  assertEquals,
  assertInstanceOf,
  assertStringIncludes,
} from "@std/assert";
import {
  EventSource,
  EventSourceError,
  type EventSourceErrorEvent,
  type EventSourceInit,
} from "../../client.ts";
import { eventStream, OpenStream } from "../support/event_server.ts";
import { within } from "../support/within.ts";

/** The first error event of a source. */
function errorOf(init: EventSourceInit): Promise<EventSourceErrorEvent> {
  const source = new EventSource("http://a/events?token=1", init);
  return within(
    "the error event",
    new Promise((resolve) => {
      source.onerror = (event) => {
        source.close();
        resolve(event);
      };
    }),
  );
}

const answerWith = (answer: () => Response): EventSourceInit => ({
  fetch: () => Promise.resolve(answer()),
});

const ROWS: {
  name: string;
  init: EventSourceInit;
  status?: number;
  reason: string;
  message: string;
}[] = [
  {
    name: "a 404",
    init: answerWith(() => new Response("No such stream", { status: 404 })),
    status: 404,
    reason: "unexpected-status",
    message: "200, got 404",
  },
  {
    name: "HTML",
    init: answerWith(
      () =>
        new Response("<html>", { headers: { "content-type": "text/html" } }),
    ),
    status: 200,
    reason: "unexpected-content-type",
    message: 'got "text/html"',
  },
  {
    name: "a 204",
    init: answerWith(() => new Response(null, { status: 204 })),
    status: 204,
    reason: "no-content",
    message: "got 204",
  },
  {
    name: "a refused connection",
    init: { fetch: () => Promise.reject(new TypeError("refused")) },
    reason: "network-error",
    message: "the request failed",
  },
  {
    name: "an ended body",
    init: answerWith(() => eventStream(null)),
    reason: "end",
    message: "the server ended it",
  },
  {
    name: "an event that is too large",
    init: { ...answerWith(() => eventStream("data: abcdef")), maxEventSize: 5 },
    reason: "event-too-large",
    message: "event",
  },
  {
    name: "silence",
    init: {
      fetch: () => new Promise(() => {}),
      idleTimeout: 5,
    },
    reason: "idle-timeout",
    message: "expected a byte",
  },
];

for (const { name, init, status, reason, message } of ROWS) {
  Deno.test(`EventSource tells of ${name} by the members of its error event`, async () => {
    const event = await errorOf(init);
    assertEquals(event.type, "error");
    assertEquals(Object.getPrototypeOf(event), Event.prototype);
    assertEquals(event.status, status);
    assertInstanceOf(event.error, EventSourceError);
    assertEquals(event.error.reason, reason);
    assertEquals(event.error.url, "http://a/events");
    assertEquals(event.message, event.error.message);
    assertStringIncludes(event.message!, message);
  });
}

Deno.test("EventSource has nothing to say in its open event", async () => {
  const stream = new OpenStream();
  const source = new EventSource("http://a", answerWith(() => stream.response));
  const event = await new Promise<Event>((resolve) => source.onopen = resolve);
  source.close();
  for (const name of ["status", "message", "error"]) {
    assertEquals(name in event, false);
  }
});

Deno.test("EventSource dispatches plain MessageEvents where the platform dispatches them", async () => {
  const stream = new OpenStream("id: 1\ndata: a\n\nevent: b\ndata: b\n\n");
  const source = new EventSource("http://a", answerWith(() => stream.response));
  const events: MessageEvent[] = [];
  await within(
    "the events",
    new Promise<void>((resolve) => {
      const add = (event: MessageEvent): void => {
        if (events.push(event) === 4) resolve();
      };
      for (const type of ["message", "b"]) {
        source.addEventListener(type, (event) => add(event));
        source.addEventListener(type, (event) => add(event));
      }
    }),
  );
  source.close();
  for (const event of events) {
    assertEquals(Object.getPrototypeOf(event), MessageEvent.prototype);
    assertEquals(event.target === source, true);
    assertEquals([event.lastEventId, event.origin], ["1", "http://a"]);
  }
  assertEquals(events.map(({ data }) => data), ["a", "a", "b", "b"]);
});

Deno.test("EventSource hands a single listener a plain MessageEvent, unless it calls it by itself", async () => {
  const stream = new OpenStream("id: 1\ndata: a\n\n");
  const source = new EventSource("http://a", answerWith(() => stream.response));
  const event = await within(
    "the event",
    new Promise<MessageEvent>((resolve) =>
      source.addEventListener("message", resolve)
    ),
  );
  source.close();
  // Deno, Node.js and Bun tell the listeners. Elsewhere, a class of ours gains nothing.
  const { process } = globalThis as {
    process?: { getBuiltinModule?: (name: string) => object | undefined };
  };
  const events = process?.getBuiltinModule?.("node:events") ?? {};
  const isDirect = "getEventListeners" in events;
  const { prototype } = MessageEvent;
  assertInstanceOf(event, MessageEvent);
  if (!isDirect) assertEquals(Object.getPrototypeOf(event) === prototype, true);
});
