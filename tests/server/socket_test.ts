// Copyright 2026 the Tidings authors. MIT license.

import { assert, assertEquals, assertLess } from "@std/assert";
import http2 from "node:http2";
import type { ServerSentEventInit } from "../../event.ts";
import {
  type EventSession,
  serveEvents,
  type ServeEventsOptions,
} from "../../server.ts";
import { LAST_CHUNK, RawClient, withServer } from "../support/raw_client.ts";
import { within } from "../support/within.ts";

/** A promise for the session that the next request opens, and a source that gives it. */
function catchSession(): {
  session: Promise<EventSession>;
  source: (session: EventSession) => void;
} {
  let source!: (session: EventSession) => void;
  const session = new Promise<EventSession>((resolve) => source = resolve);
  return { session, source };
}

Deno.test("serveEvents() sends the headers before there is an event", async () => {
  const { session, source } = catchSession();
  await withServer((request) => serveEvents(request, source), async (port) => {
    using client = await RawClient.request(port);
    await client.readUntil("\r\n\r\n");
    assert(client.received.startsWith("HTTP/1.1 200 OK\r\n"));
    (await session).close();
    await client.readUntil(LAST_CHUNK.slice(2));
  });
});

Deno.test("serveEvents() delivers an event before the next is there", async () => {
  const { session, source } = catchSession();
  await withServer((request) => serveEvents(request, source), async (port) => {
    using client = await RawClient.request(port);
    for (const data of ["1", "2", "3"]) {
      (await session).send({ data });
      await client.readUntil(`data: ${data}\n\n`);
    }
    (await session).close();
    await client.readUntil(LAST_CHUNK);
  });
});

Deno.test("serveEvents() closes as client if it leaves before the first event", async () => {
  const { session, source } = catchSession();
  await withServer((request) => serveEvents(request, source), async (port) => {
    using client = await RawClient.request(port);
    const opened = await session;
    client.leave();
    assertEquals(await within("closed", opened.closed), "client");
    assertEquals(await opened.send({ data: "late" }), false);
  });
});

Deno.test("serveEvents() releases the source of a client that left while the handler was at work", async () => {
  let begin!: () => void;
  const begun = new Promise<void>((resolve) => begin = resolve);
  let leave!: () => void;
  const left = new Promise<void>((resolve) => leave = resolve);
  let release!: () => void;
  const released = new Promise<void>((resolve) => release = resolve);
  const source = new ReadableStream<ServerSentEventInit>({ cancel: release });
  await withServer(async (request) => {
    begin();
    await left;
    return serveEvents(request, source);
  }, async (port) => {
    using client = await RawClient.request(port);
    await begun;
    client.leave();
    leave();
    await within("the release of the source", released);
  });
});

Deno.test("serveEvents() releases the source of a client that leaves in the middle of a chunk", async () => {
  let release!: () => void;
  const released = new Promise<void>((resolve) => release = resolve);
  const data = "x".repeat(8_000_000);
  await withServer((request) =>
    serveEvents(request, function* () {
      try {
        for (;;) yield { data };
      } finally {
        release();
      }
    }), async (port) => {
    using client = await RawClient.request(port);
    await client.readUntil("data: x");
    client.leave();
    await within("the release of the source", released);
  });
});

Deno.test("serveEvents() survives events and comments after the client has left", async () => {
  const sessions: EventSession[] = [];
  await withServer((request) =>
    serveEvents(request, (session) => {
      sessions.push(session);
      session.send({ data: "hello" });
    }, { keepAlive: 1 }), async (port) => {
    for (let round = 0; round < 20; round++) {
      using client = await RawClient.request(port);
      await client.readUntil("data: hello\n\n");
      client.leave();
      const session = sessions[round];
      assert(session !== undefined);
      // Some of these go out before the server knows, some after.
      const isClosed = (async () => {
        while (await session.send({ data: "more" }));
        return await session.closed;
      })();
      assertEquals(await within("closed", isClosed), "client");
    }
  });
});

const EVENT_SIZE = 65_536;
/** Far more than the buffers of a socket, far less than what is offered. */
const MEMORY_LIMIT = 64 * 1024 * 1024;

Deno.test("serveEvents() stops asking for a client that never reads, and serves the others", async () => {
  const data = "x".repeat(EVENT_SIZE);
  let asked = 0;
  const shutdown = new AbortController();
  const options = { signal: shutdown.signal };
  await withServer((request) => {
    if (request.url.endsWith("/other")) {
      return serveEvents(request, function* () {
        for (let id = 0; id < 1000; id++) yield { data: "other", id };
      }, options);
    }
    return serveEvents(request, function* () {
      for (;;) {
        asked++;
        yield { data };
      }
    }, options);
  }, async (port) => {
    using _idle = await RawClient.request(port);
    for (let round = 0; round < 20; round++) {
      using other = await RawClient.request(port, { path: "/other" });
      await other.readUntil("id: 999\n\n");
    }
    assert(asked > 0);
    assertLess(asked * EVENT_SIZE, MEMORY_LIMIT);
    shutdown.abort();
  });
});

Deno.test("serveEvents() closes as overflow if a client that never reads is sent to without end", async () => {
  const data = "x".repeat(EVENT_SIZE);
  const { session: promise, source } = catchSession();
  await withServer((request) => serveEvents(request, source), async (port) => {
    using _idle = await RawClient.request(port);
    const session = await promise;
    let sent = 0;
    while (!session.signal.aborted && sent * EVENT_SIZE < MEMORY_LIMIT) {
      session.send({ data });
      sent++;
      // Lets the socket take what it can.
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    assertEquals(await within("closed", session.closed), "overflow");
    assertLess(sent * EVENT_SIZE, MEMORY_LIMIT);
  });
});

Deno.test("serveEvents() ends the response of a failing source as one that is complete", async () => {
  const errors: unknown[] = [];
  await withServer((request) =>
    serveEvents(request, function* () {
      yield { data: "good" };
      throw new Error("password=hunter2");
    }, { onError: (error) => errors.push(error) }), async (port) => {
    using client = await RawClient.request(port);
    await client.readUntil(LAST_CHUNK);
    assert(client.received.includes("data: good\n\n"));
    assert(!client.received.includes("hunter2"));
    assertEquals(errors.length, 1);
  });
});

Deno.test("serveEvents() lets shutdown() finish while clients read, once the signal is aborted", async () => {
  const shutdown = new AbortController();
  const options: ServeEventsOptions = { signal: shutdown.signal };
  const sessions: EventSession[] = [];
  await withServer((request) =>
    serveEvents(request, (session) => {
      sessions.push(session);
      session.send({ data: "hello" });
    }, options), async (port, server) => {
    const clients: RawClient[] = [];
    for (let count = 0; count < 10; count++) {
      const client = await RawClient.request(port);
      await client.readUntil("data: hello\n\n");
      clients.push(client);
    }
    const finished = server.shutdown();
    for (const session of sessions) session.send({ data: "bye" });
    shutdown.abort();
    await within("shutdown()", finished);
    for (const client of clients) {
      await client.readUntil(LAST_CHUNK);
      assert(client.received.includes("data: bye\n\n"));
      client.leave();
    }
    for (const session of sessions) {
      assertEquals(await session.closed, "server");
    }
  });
});

Deno.test("serveEvents() reads the last event ID from the bytes of the header", async () => {
  await withServer(
    (request) =>
      serveEvents(request, ({ lastEventId = "" }) => [{ id: lastEventId }]),
    async (port) => {
      using client = await RawClient.request(port, {
        headers: { "Last-Event-ID": "café €" },
      });
      await client.readUntil("id: café €\n\n");
    },
  );
});

Deno.test("serveEvents() answers HEAD over a socket, and the connection is free again", async () => {
  await withServer((request) => serveEvents(request, []), async (port) => {
    using client = await RawClient.request(port, { method: "HEAD" });
    await client.readUntil("\r\n\r\n");
    assert(client.received.includes("content-type: text/event-stream\r\n"));
    assert(client.received.endsWith("\r\n\r\n"));
  });
});

Deno.test("serveEvents() serves over HTTP/2, and notices that the client has left", async () => {
  const { session, source } = catchSession();
  await withServer((request) => serveEvents(request, source), async (port) => {
    const connection = http2.connect(`http://127.0.0.1:${port}`);
    const stream = connection.request({ ":path": "/" });
    const headers = await within(
      "the headers",
      new Promise<http2.IncomingHttpHeaders>((resolve) =>
        stream.once("response", resolve)
      ),
    );
    assertEquals(headers["content-type"], "text/event-stream");
    let text = "";
    const sent = new Promise<void>((resolve) =>
      stream.on("data", (chunk: Uint8Array) => {
        text += new TextDecoder().decode(chunk);
        if (text.endsWith("two\n\n")) resolve();
      })
    );
    (await session).send({ data: "over two" });
    await within("the event", sent);
    // On a busy machine, the comment that is a first byte was sent before.
    assertEquals(text.replace(/^:\n\n/, ""), "data: over two\n\n");
    stream.close(http2.constants.NGHTTP2_CANCEL);
    assertEquals(await within("closed", (await session).closed), "client");
    const closed = new Promise((resolve) => connection.once("close", resolve));
    connection.close();
    await within("the connection's end", closed);
  });
});
