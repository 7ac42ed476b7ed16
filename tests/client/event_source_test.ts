// Copyright 2026 the Tidings authors. MIT license.

import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { EventSource, type EventSourceInit } from "../../client.ts";
import { within } from "../support/within.ts";
import { eventStream, OpenStream, serve } from "../support/event_server.ts";
import { withLocation } from "../support/location.ts";
import { RawServer } from "../support/raw_server.ts";
import { SkippingClock } from "../support/test_clock.ts";

/** Resolves with the next event of a type. */
function once(
  source: EventSource,
  type: string,
): Promise<MessageEvent<string>> {
  return new Promise((resolve) =>
    source.addEventListener(type, resolve, { once: true })
  );
}

/** Runs an event stream to the end that the server sets with a 204, and tells it all. */
async function record(
  text: string,
  types = ["message"],
): Promise<[type: string, data: unknown, lastEventId?: string][]> {
  await using server = serve((_, index) =>
    index === 0
      ? eventStream("retry: 1\n" + text)
      : new Response(null, { status: 204 })
  );
  const source = new EventSource(server.url);
  const log: [string, unknown, string?][] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  source.onopen = () => log.push(["open", source.readyState]);
  source.onerror = () => {
    log.push(["error", source.readyState]);
    if (source.readyState === EventSource.CLOSED) resolve();
  };
  for (const type of types) {
    source.addEventListener(type, ({ data, lastEventId }) => {
      log.push([type, data, lastEventId]);
    });
  }
  await promise;
  return log;
}

Deno.test("EventSource runs through its states with its events, in order", async () => {
  assertEquals(
    await record("data: a\n\nid: 1\ndata: b\n\ndata: c\n\ndata: lost"),
    [
      ["open", 1],
      ["message", "a", ""],
      ["message", "b", "1"],
      ["message", "c", "1"],
      ["error", 0],
      ["error", 2],
    ],
  );
});

Deno.test("EventSource dispatches events by their type, open and error too", async () => {
  const log = await record(
    "event: tick\ndata: a\n\nevent: other\ndata: b\n\nevent: error\ndata: c\n\nevent:\ndata: d\n\n",
    ["message", "tick"],
  );
  assertEquals(log, [
    ["open", 1],
    ["tick", "a", ""],
    ["error", 1],
    ["message", "d", ""],
    ["error", 0],
    ["error", 2],
  ]);
});

Deno.test("EventSource dispatches MessageEvents as the platform does", async () => {
  const stream = new OpenStream("retry: 1\n\n");
  await using server = serve((request) =>
    request.url.endsWith("/events")
      ? stream.response
      : Response.redirect(new URL("/events", request.url).href)
  );
  await using other = serve(() => Response.redirect(server.url + "events"));
  const source = new EventSource(other.url);
  const opened = await once(source, "open");
  assertStrictEquals(Object.getPrototypeOf(opened), Event.prototype);
  for (const options of [undefined, { once: true }]) {
    const { promise, resolve } = Promise.withResolvers<MessageEvent<string>>();
    const during: unknown[] = [];
    source.addEventListener("tick", function (this: unknown, event) {
      during.push(this, event.target, event.currentTarget, event.eventPhase);
      during.push(...event.composedPath());
      resolve(event);
    }, options);
    stream.send("event: tick\nid: é\ndata: a\ndata: b\n\n");
    const event = await promise;
    assertEquals(during, [source, source, source, 2, source]);
    assert(event instanceof MessageEvent);
    assertEquals(
      [event.type, event.data, event.lastEventId, event.origin],
      ["tick", "a\nb", "é", new URL(server.url).origin],
    );
    assertEquals([event.bubbles, event.cancelable], [false, false]);
    assertEquals([event.ports, event.source], [[], null]);
    assertStrictEquals(event.target, source);
    assertStrictEquals(event.currentTarget, null);
    assertEquals(event.eventPhase, 0);
    assertEquals(event.composedPath(), []);
    assertEquals(String(event), "[object MessageEvent]");
    const target = new EventTarget();
    target.addEventListener(
      "tick",
      ({ target: seen }) => assertStrictEquals(seen, target),
    );
    target.dispatchEvent(event);
    assertStrictEquals(event.target, target);
  }
  source.close();
});

Deno.test("EventSource lets what a listener awaits happen before the next event", async () => {
  await using server = serve(() =>
    eventStream("data: a\n\ndata: b\n\ndata: c\n\n")
  );
  const source = new EventSource(server.url);
  const next = () =>
    new Promise<MessageEvent>((resolve) => source.onmessage = resolve);
  assertEquals((await next()).data, "a");
  assertEquals((await next()).data, "b");
  assertEquals((await next()).data, "c");
  source.close();
});

Deno.test("EventSource dispatches nothing after close() in a handler", async () => {
  await using server = serve(() =>
    eventStream("data: a\n\ndata: b\n\nevent: x\ndata: c\n\n")
  );
  const source = new EventSource(server.url);
  const log: string[] = [];
  for (const type of ["open", "message", "x", "error"]) {
    source.addEventListener(type, () => {
      log.push(type);
      if (type === "message") source.close();
    });
  }
  const closed = Promise.withResolvers<void>();
  source.addEventListener("message", () => closed.resolve());
  await closed.promise;
  assertEquals(source.readyState, EventSource.CLOSED);
  await new Promise((resolve) => setTimeout(resolve, 10));
  assertEquals(log, ["open", "message"]);
  source.close();
});

for (const type of ["open", "error"] as const) {
  Deno.test(`EventSource can be closed by its ${type} handler`, async () => {
    await using server = serve(() => eventStream("retry: 1\ndata: a\n\n"));
    const source = new EventSource(server.url);
    await once(source, type);
    source.close();
    await new Promise((resolve) => setTimeout(resolve, 10));
    assertEquals(source.readyState, EventSource.CLOSED);
    assertEquals(server.requests.length, 1);
  });
}

Deno.test("EventSource sends no request if it is closed at once", async () => {
  await using server = serve(() => eventStream("data: a\n\n"));
  const source = new EventSource(server.url);
  source.close();
  const other = new EventSource(server.url, { signal: AbortSignal.abort() });
  await Promise.resolve();
  assertEquals(other.readyState, EventSource.CLOSED);
  assertEquals(server.requests.length, 0);
});

Deno.test("EventSource closes on an abort, without an event", async () => {
  const stream = new OpenStream(":\n\n");
  await using server = serve(() => stream.response);
  const controller = new AbortController();
  const source = new EventSource(server.url, { signal: controller.signal });
  let errors = 0;
  source.onerror = () => errors++;
  await once(source, "open");
  controller.abort();
  assertEquals(source.readyState, EventSource.CLOSED);
  await stream.cancelled;
  assertEquals(errors, 0);
});

Deno.test("EventSource reconnects after a network error, with one event and one request", async () => {
  await using server = new RawServer(async ({ send, left }, index) => {
    if (index === 0) return;
    await send(
      "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 100\r\n\r\nretry: 1\ndata: a\n\n",
    );
    if (index > 1) await left();
  });
  const source = new EventSource(server.url, { reconnectionTime: 1 });
  const log: string[] = [];
  source.onopen = () => log.push(`open ${source.readyState}`);
  source.onerror = () => log.push(`error ${source.readyState}`);
  await once(source, "message");
  await once(source, "message");
  source.close();
  assertEquals(log, ["error 0", "open 1", "error 0", "open 1"]);
  assertEquals(server.heads.length, 3);
});

for (
  const [status, type] of [
    [204, "text/event-stream"],
    [205, "text/event-stream"],
    [210, "text/event-stream"],
    [404, "text/event-stream"],
    [429, "text/event-stream"],
    [503, "text/event-stream"],
    [200, "text/plain"],
  ] as const
) {
  Deno.test(`EventSource fails the connection on ${status} with ${type}`, async () => {
    const init = {
      status,
      headers: { "content-type": type, "retry-after": "0" },
    };
    const empty = status === 204 || status === 205;
    await using server = serve(() =>
      eventStream(empty ? null : "data: a\n\n", init)
    );
    const source = new EventSource(server.url);
    let messages = 0;
    source.onopen = source.onmessage = () => messages++;
    await once(source, "error");
    assertEquals(source.readyState, EventSource.CLOSED);
    assertEquals(messages, 0);
    assertEquals(server.requests.length, 1);
  });
}

Deno.test("EventSource tells of a refusal at once, whatever its body does", async () => {
  const stream = new OpenStream("Who are");
  const source = new EventSource("http://a", {
    fetch: () =>
      Promise.resolve(new Response(stream.response.body, { status: 404 })),
    // No time passes.
    clock: { now: () => 0, setTimeout: () => 0, clearTimeout: () => {} },
  });
  await once(source, "error");
  assertEquals(source.readyState, EventSource.CLOSED);
  await stream.cancelled;
});

Deno.test("EventSource reads the beginning of a refusal's body for shouldReconnect", async () => {
  const stream = new OpenStream("a".repeat(2000));
  const bodies: string[] = [];
  const source = new EventSource("http://a", {
    fetch: () =>
      Promise.resolve(new Response(stream.response.body, { status: 404 })),
    shouldReconnect: ({ error }) => void bodies.push(error.body),
  });
  await once(source, "error");
  assertEquals(source.readyState, EventSource.CLOSED);
  assertEquals(bodies, ["a".repeat(1024)]);
});

Deno.test("EventSource resolves a relative URL against the document's base", async () => {
  const descriptor = Object.getOwnPropertyDescriptor(globalThis, "document");
  Object.defineProperty(globalThis, "document", {
    value: { baseURI: "http://a/base/index.html" },
    configurable: true,
  });
  try {
    await withLocation("http://b/", () => {
      const source = new EventSource("../events", {
        fetch: () => new Promise(() => {}),
      });
      source.close();
      assertEquals(source.url, "http://a/events");
    });
  } finally {
    if (descriptor) Object.defineProperty(globalThis, "document", descriptor);
    else Reflect.deleteProperty(globalThis, "document");
  }
});

for (
  const [name, listen] of Object.entries({
    addEventListener: (source, listener) =>
      source.addEventListener("message", listener),
    "addEventListener of EventTarget": (source, listener) =>
      EventTarget.prototype.addEventListener
        .call(source, "message", listener as unknown as EventListener),
    onmessage: (source, listener) => source.onmessage = listener,
    "a listener that is no async function": (source, listener) =>
      source.addEventListener("message", (event) => listener(event)),
    "an object": (source, handleEvent) =>
      source.addEventListener(
        "message",
        { handleEvent } as unknown as EventListenerObject,
      ),
    "two listeners": (source, listener) => {
      source.addEventListener("message", () => {});
      source.addEventListener("message", listener);
    },
  } as Record<
    string,
    (
      source: EventSource,
      listener: (event: MessageEvent) => Promise<void>,
    ) => void
  >)
) {
  Deno.test(`EventSource waits for what is awaited before the next event: ${name}`, async () => {
    const stream = new OpenStream("data: a\n\ndata: b\n\ndata: c\n\n");
    const source = new EventSource("http://a", {
      fetch: () => Promise.resolve(stream.response),
    });
    const log: string[] = [];
    await new Promise<void>((resolve) => {
      source.addEventListener("open", async () => {
        log.push("so");
        for (let i = 0; i < 20; i++) await null;
        log.push("eo");
      });
      listen(source, async ({ data }) => {
        log.push(`s${data}`);
        for (let i = 0; i < 200; i++) await null;
        log.push(`e${data}`);
        if (data === "c") resolve();
      });
    });
    source.close();
    assertEquals(log, ["so", "eo", "sa", "ea", "sb", "eb", "sc", "ec"]);
  });
}

Deno.test("EventSource waits for what is awaited before the next event, however many come at once", async () => {
  const stream = new OpenStream();
  const source = new EventSource("http://a", {
    fetch: () => Promise.resolve(stream.response),
  });
  let received = 0;
  let running = 0;
  let overlaps = 0;
  let onLast = (): void => {};
  source.addEventListener("message", () => {});
  source.addEventListener("message", async ({ data }) => {
    overlaps += running++;
    for (let i = 0; i < 20; i++) await null;
    running--;
    received++;
    if (data === "last") onLast();
  });
  const counts = [300, 1, 1, 2, 300, 1, 80, 1];
  for (const count of counts) {
    const last = new Promise<void>((resolve) => onLast = resolve);
    stream.send("data: a\n\n".repeat(count - 1) + "data: last\n\n");
    await within(`the last of ${count} events`, last);
    // The next one comes in another task, so that the count of waits begins at 0.
    await new Promise((resolve) => setTimeout(resolve));
  }
  source.close();
  assertEquals(received, counts.reduce((sum, count) => sum + count));
  assertEquals(overlaps, 0);
});

Deno.test("EventSource dispatches nothing if it is closed while an event is awaited", async () => {
  const stream = new OpenStream("data: a\n\ndata: b\n\n");
  const source = new EventSource("http://a", {
    fetch: () => Promise.resolve(stream.response),
  });
  const log: string[] = [];
  source.onmessage = async ({ data }) => {
    log.push(data);
    await null;
    source.close();
  };
  await stream.cancelled;
  await new Promise((resolve) => setTimeout(resolve, 10));
  assertEquals(log, ["a"]);
});

Deno.test("EventSource events are trusted where the platform lets a class say so", async () => {
  const probe = new Event("probe");
  const isOwn = Object.hasOwn(probe, "isTrusted");
  const stream = new OpenStream("data: a\n\ndata: b\n\n");
  const source = new EventSource("http://a", {
    fetch: () => Promise.resolve(stream.response),
  });
  const trusted: boolean[] = [];
  source.onopen = (event) => trusted.push(event.isTrusted);
  await new Promise<void>((resolve) => {
    source.onmessage = (event) => {
      trusted.push(event.isTrusted);
      if (event.data === "b") return resolve();
      // By the platform from now on.
      source.addEventListener("message", () => {});
    };
  });
  source.onmessage = null;
  const own = new MessageEvent("message");
  source.dispatchEvent(own);
  trusted.push(own.isTrusted);
  source.close();
  assertEquals(trusted, [!isOwn, !isOwn, !isOwn, false]);
});

Deno.test("EventSource waits the reconnection time each time, or backs off if told to", async () => {
  const wait = async (init: EventSourceInit) => {
    const clock = new SkippingClock();
    const source = new EventSource("http://a", {
      ...init,
      clock,
      fetch: () => Promise.reject(new TypeError("refused")),
    });
    while (clock.delays.length < 3) await once(source, "error");
    source.close();
    return clock.delays.slice(0, 3);
  };
  assertEquals(await wait({}), [3000, 3000, 3000]);
  const backoff = { random: () => 0.999999 };
  assertEquals(await wait({ backoff }), [6000, 12000, 24000]);
});

Deno.test("EventSource has the options of connect()", async () => {
  const comments: string[] = [];
  await using server = serve(async (request, index) =>
    index === 0 ? new Response(null, { status: 503 }) : eventStream(
      `:hi\n\ndata: ${request.method} ${await request.text()}\n\n`,
    )
  );
  const source = new EventSource(server.url, {
    method: "PUT",
    body: () => "body",
    headers: () => Promise.resolve({ "x-a": "1" }),
    lastEventId: "7",
    reconnectionTime: 1,
    onComment: (comment) => comments.push(comment),
    shouldReconnect: ({ status }) => status === 503,
  });
  const { data, lastEventId } = await once(source, "message");
  source.close();
  assertEquals([data, lastEventId], ["PUT body", "7"]);
  assertEquals(comments, ["hi"]);
  const headers = server.requests[1]!.headers;
  assertEquals([headers.get("x-a"), headers.get("last-event-id")], ["1", "7"]);
});

Deno.test("EventSource reports what a function of the options throws, and fails", async () => {
  const cause = new Error("mine");
  const reported = Promise.withResolvers<unknown>();
  const onError = (event: ErrorEvent) => {
    event.preventDefault();
    reported.resolve(event.error);
  };
  globalThis.addEventListener("error", onError);
  try {
    const source = new EventSource("http://a", {
      headers: () => Promise.reject(cause),
    });
    await once(source, "error");
    assertEquals(source.readyState, EventSource.CLOSED);
    assertStrictEquals(await reported.promise, cause);
  } finally {
    globalThis.removeEventListener("error", onError);
  }
});
