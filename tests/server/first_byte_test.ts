// Copyright 2026 the Tidings authors. MIT license.

/** A client waits for a first byte: Firefox opens an `EventSource` by it. */

import { assertEquals, assertMatch } from "@std/assert";
import { EventChannel, type EventChannelOptions } from "../../channel.ts";
import { gzip } from "../../compression/mod.ts";
import type { ServerSentEventInit } from "../../event.ts";
import { type EventLog, MemoryEventLog } from "../../log.ts";
import { EventRuns } from "../../runs/mod.ts";
import { serveEvents, type ServeEventsOptions } from "../../server.ts";
import { serveSocket } from "../../socket/server.ts";
import { BodyReader } from "../support/body_reader.ts";

const URL = "http://localhost/";
const compression = gzip();

/** A log that never answers, as one whose engine is away. */
class SilentLog extends MemoryEventLog implements EventLog {
  override read(): Promise<never> {
    return new Promise(() => {});
  }

  override rewind(): Promise<never> {
    return new Promise(() => {});
  }

  override follow(
    _onBatch: unknown,
    { signal }: { signal?: AbortSignal | undefined } = {},
  ): Promise<never> {
    return new Promise((_, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason));
    });
  }
}

async function* waiting(): AsyncGenerator<ServerSentEventInit> {
  await new Promise(() => {});
  yield {};
}

interface SilentRow {
  name: string;
  serve(keepAlive: number, request: Request): Promise<Response>;
}

function serveSilently(
  makeSource: () => Parameters<typeof serveEvents>[1],
): SilentRow["serve"] {
  return (keepAlive, request) => {
    const options: ServeEventsOptions = { keepAlive, compression };
    return Promise.resolve(serveEvents(request, makeSource(), options));
  };
}

function serveSilentChannel(
  options: { replay?: number | "all"; lastEventId?: string },
  channelOptions: EventChannelOptions = {},
): SilentRow["serve"] {
  return (keepAlive, request) => {
    const { lastEventId, replay } = options;
    const log = new SilentLog();
    const channel = new EventChannel({
      log,
      keepAlive,
      compression,
      ...channelOptions,
    });
    const headers = new Headers(request.headers);
    if (lastEventId !== undefined) headers.set("last-event-id", lastEventId);
    const { signal } = request;
    return Promise.resolve(
      channel.serve(new Request(URL, { headers, signal }), { replay }),
    );
  };
}

/** What has nothing to send when its client begins to read. */
const SILENT_ROWS: SilentRow[] = [
  {
    name: "serveEvents() of a function that returns nothing",
    serve: serveSilently(() => () => {}),
  },
  {
    name: "serveEvents() of a generator that waits",
    serve: serveSilently(waiting),
  },
  {
    name: "serveEvents() of a function whose promise is pending",
    serve: serveSilently(() => () => new Promise(() => {})),
  },
  {
    name: "serveEvents() of a stream without an event",
    serve: serveSilently(() => new ReadableStream<ServerSentEventInit>()),
  },
  {
    name: "EventChannel.serve() whose log is stalled",
    serve: serveSilentChannel({}),
  },
  {
    name: "EventChannel.serve() with replay, whose log is stalled",
    serve: serveSilentChannel({ replay: 10 }),
  },
  {
    name: "EventChannel.serve() with an ID, whose log is stalled",
    serve: serveSilentChannel({ lastEventId: "1" }),
  },
  {
    name: "EventChannel.serve() with an ID and without a live segment",
    serve: serveSilentChannel({ lastEventId: "1" }, { liveSegmentBytes: 0 }),
  },
];

for (const { name, serve } of SILENT_ROWS) {
  for (const keepAlive of [0, 60_000]) {
    Deno.test(`${name} sends a comment as the first byte, with keepAlive ${keepAlive}`, async () => {
      const body = new BodyReader(await serve(keepAlive, new Request(URL)));
      assertEquals(await body.read(), ":\n\n");
      await body.cancel();
    });
  }

  Deno.test(`${name} compresses and flushes the comment`, async () => {
    const headers = { "accept-encoding": "gzip" };
    const response = await serve(0, new Request(URL, { headers }));
    assertEquals(response.headers.get("content-encoding"), "gzip");
    // It gives bytes only if they were flushed: the stream does not end.
    const reader = response.body!
      .pipeThrough(new DecompressionStream("gzip"))
      .getReader();
    const { value } = await reader.read();
    assertEquals(new TextDecoder().decode(value), ":\n\n");
    await reader.cancel();
  });
}

Deno.test("EventChannel.serve() sends its ID as the first byte, and no comment before or after", async () => {
  await using channel = new EventChannel({ keepAlive: 0 });
  for (let client = 0; client < 3; client++) {
    const body = new BodyReader(channel.serve(new Request(URL)));
    assertMatch(await body.read() ?? "", /^id: \S+\n\n$/);
    const next = body.read();
    await new Promise((resolve) => setTimeout(resolve, 5));
    await channel.publish({ data: "1" });
    assertMatch(await next ?? "", /^data: 1\nid: \S+\n\n$/);
    await body.cancel();
  }
});

Deno.test("EventRuns.serve() sends a first byte before the run has an event", async () => {
  await using runs = new EventRuns({ keepAlive: 0 });
  await runs.start("a", async function* ({ signal }) {
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    yield { data: "1" };
  });
  const body = new BodyReader(await runs.serve("a", new Request(URL)));
  assertMatch(await body.read() ?? "", /^:/);
  await body.cancel();
  await runs.stop("a");
});

Deno.test("serveSocket() sends a comment as the first byte of a stream that resumes", async () => {
  const shutdown = new AbortController();
  const { signal } = shutdown;
  const serve = async (session: string, id: string) => {
    const headers = { "socket-session": session, "last-event-id": id };
    return await serveSocket(new Request(URL, { headers }), () => {}, {
      keepAlive: 0,
      signal,
    });
  };
  const response = await serve("new", "0");
  const first = new BodyReader(response);
  assertMatch(await first.read() ?? "", /^event: open\n/);
  const session = response.headers.get("socket-session") ?? "";
  const second = new BodyReader(await serve(session, "0"));
  assertEquals(await second.read(), ":\n\n");
  shutdown.abort();
  await second.readAll();
});

const EVENT_ROWS: {
  name: string;
  source: Parameters<typeof serveEvents>[1];
  options?: ServeEventsOptions;
  expected: string;
}[] = [
  { name: "a list", source: [{ data: "1" }], expected: "data: 1\n\n" },
  {
    name: "a generator",
    source: (function* () {
      yield { data: "1" };
    })(),
    expected: "data: 1\n\n",
  },
  {
    name: "an async function",
    source: async (session) => {
      await undefined;
      session.send({ data: "1" });
      await new Promise((resolve) => setTimeout(resolve, 5));
      session.close();
    },
    expected: "data: 1\n\n",
  },
  { name: "an empty list", source: [], expected: "" },
  {
    name: "a function that sends nothing, after retry",
    source: (session) => {
      setTimeout(() => session.close(), 5);
    },
    options: { retry: 1 },
    expected: "retry: 1\n\n",
  },
];

for (const { name, source, options = {}, expected } of EVENT_ROWS) {
  Deno.test(`serveEvents() adds no comment to ${name}`, async () => {
    const request = new Request(URL);
    const response = serveEvents(request, source, { keepAlive: 0, ...options });
    assertEquals(await response.text(), expected);
  });
}

Deno.test("EventChannel.serve() shares one timer for the first bytes of all who come at once", async () => {
  const channel = new EventChannel({ log: new SilentLog(), keepAlive: 0 });
  const { setTimeout: realSetTimeout } = globalThis;
  let timers = 0;
  globalThis.setTimeout = Object.assign(
    (...args: Parameters<typeof realSetTimeout>) => {
      if (args[1] === 0) timers++;
      return realSetTimeout(...args);
    },
    realSetTimeout,
  );
  try {
    const bodies = Array.from(
      { length: 1000 },
      () => new BodyReader(channel.serve(new Request(URL))),
    );
    const reads = bodies.map((body) => body.read());
    // The streams pull in the microtasks before the next timer.
    await new Promise((resolve) => realSetTimeout(resolve, 0));
    assertEquals(await Promise.all(reads), bodies.map(() => ":\n\n"));
    assertEquals(timers < 10, true, `${timers} timers`);
    for (const body of bodies) await body.cancel();
  } finally {
    globalThis.setTimeout = realSetTimeout;
  }
});

Deno.test("EventChannel.serve() leaves no timer for the first byte of a client that has left", async () => {
  const channel = new EventChannel({ log: new SilentLog(), keepAlive: 0 });
  const body = new BodyReader(channel.serve(new Request(URL)));
  const read = body.read();
  await undefined;
  await body.cancel();
  assertEquals(await read, undefined);
  await channel.close();
});
