// Copyright 2026 the Tidings authors. MIT license.

import {
  assert,
  assertEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { EventStreamSocket } from "../../socket/mod.ts";
import { serveSocket } from "../../socket/server.ts";
import { event, record } from "./_kinds.ts";
import { RawServer, type RawSession } from "./_raw_client.ts";

const ID_REGEXP = /^[0-9a-f-]{36}$/;

/** Opens a session and reads its first event. */
async function openSession(server: RawServer): Promise<RawSession> {
  const session = await server.open();
  const opening = await session.next();
  assertEquals(opening?.event, "open");
  return session;
}

/** Connects to a server that ends the socket by itself. Gives the last thing that is seen. */
async function endAtOnce(
  webSocketTimeout: number,
  onSocket: (socket: WebSocket) => void,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const controller = new AbortController();
  const server = Deno.serve(
    {
      hostname: "127.0.0.1",
      port: 0,
      onListen() {},
      signal: controller.signal,
    },
    (request) => serveSocket(request, onSocket, { signal }),
  );
  const url = `http://127.0.0.1:${server.addr.port}/`;
  const socket = new EventStreamSocket(url, [], { webSocketTimeout });
  const lines = record(socket);
  try {
    await event(socket, "close");
    return lines.at(-1);
  } finally {
    // Not `shutdown()`, which would wait for a socket that is still open.
    controller.abort();
    await server.finished;
  }
}

Deno.test("serveSocket() tells the session's id in a header and in the first event, and never the same", async () => {
  await using server = new RawServer({ sessionTimeout: 5000 });
  const ids = new Set<string>();
  for (let i = 0; i < 3; i++) {
    const session = await server.open();
    const opening = JSON.parse((await session.next())?.data ?? "");
    assertEquals(session.headers.get("socket-session"), opening.session);
    assertEquals(opening.sessionTimeout, 5000);
    assert(ID_REGEXP.test(opening.session));
    ids.add(opening.session);
    await session.leave();
  }
  assertEquals(ids.size, 3);
});

Deno.test("serveSocket() takes a POST that is repeated once", async () => {
  await using server = new RawServer();
  const session = await openSession(server);
  const body = "data: a\nid: 1\n\ndata: b\nid: 2\n\n";
  for (const text of [body, body, `${body}data: c\nid: 3\n\n`]) {
    assertEquals((await session.post(text)).status, 204);
  }
  assertEquals(server.seen[0]?.slice(1), [
    'message "a"',
    'message "b"',
    'message "c"',
  ]);
  await session.leave();
});

Deno.test("serveSocket() resumes after the last event ID, and not before what was confirmed", async () => {
  await using server = new RawServer();
  const session = await openSession(server);
  for (const text of ["a", "b", "c"]) server.sockets[0]?.send(text);
  assertEquals((await session.next())?.data, "a");
  await session.leave();
  const headers = { "socket-session": session.id, "last-event-id": "1" };
  const resumed = await server.stream(headers);
  assertEquals((await resumed.next())?.data, "b");
  await resumed.next();
  assertEquals((await resumed.post("", { "last-event-id": "3" })).status, 204);
  const { status, text } = await server.request("GET", headers);
  assertEquals(status, 400);
  assertStringIncludes(
    text,
    'expected "Last-Event-ID" to be at least 3, got 1',
  );
  await resumed.leave();
});

Deno.test("serveSocket() lets the newest stream of a session take over", async () => {
  await using server = new RawServer();
  const first = await openSession(server);
  const second = await server.stream({ "socket-session": first.id });
  assertEquals(await first.next(), undefined);
  server.sockets[0]?.send("a");
  assertEquals((await second.next())?.data, "a");
  await second.leave();
});

Deno.test("serveSocket() answers a POST after the end with 404", async () => {
  await using server = new RawServer();
  const session = await openSession(server);
  await session.post(
    'event: close\ndata: {"code":1000,"reason":""}\nid: 1\n\n',
  );
  assertEquals(server.seen[0]?.at(-1), 'close 1000 "" clean (closed)');
  assertEquals((await session.next())?.event, "close");
  await session.post("", { "last-event-id": "1" });
  const { status, text } = await session.post("data: a\nid: 2\n\n");
  assertEquals(status, 404);
  assertStringIncludes(text, "load balancer");
  await session.leave();
});

Deno.test("serveSocket() closes with 1013 if more than maxBuffered is to be kept", async () => {
  await using server = new RawServer({ maxBuffered: 10_000 });
  const session = await openSession(server);
  for (let i = 0; i < 100; i++) server.sockets[0]?.send("a".repeat(500));
  assertEquals(
    server.seen[0]?.at(-1),
    'close 1013 "Cannot keep messages: expected at most 10000 bytes buffered" unclean (closed)',
  );
  assertEquals((await session.next())?.event, "close");
  await session.leave();
});

Deno.test("serveSocket() keeps no more than maxBuffered while a client that confirms gets much more", async () => {
  await using server = new RawServer({ maxBuffered: 20_000 });
  const socket = new EventStreamSocket(server.url);
  let bytes = 0;
  socket.onmessage = ({ data }) => bytes += data.length;
  await event(socket, "open");
  for (let i = 0; i < 500; i++) {
    server.sockets[0]?.send("a".repeat(1000));
    await event(socket, "message");
  }
  assertEquals(bytes, 500_000);
  socket.close();
  await event(socket, "close");
});

Deno.test("serveSocket() lets POSTs wait while the client does not read", async () => {
  // More than the buffers of the operating system hold on the way.
  const count = 36;
  await using server = new RawServer({ maxBuffered: 40_000_000 });
  const session = await openSession(server);
  for (let i = 0; i < count; i++) server.sockets[0]?.send("a".repeat(1e6));
  let isAnswered = false;
  const post = session.post("data: a\nid: 1\n\n").then(({ status }) => {
    isAnswered = true;
    return status;
  });
  await event(server.sockets[0]!, "message");
  // Another request is answered in the meantime.
  assertEquals((await server.request("GET", {})).status, 400);
  assert(!isAnswered);
  for (let i = 0; i < count; i++) await session.next();
  assertEquals(await post, 204);
  await session.leave();
});

Deno.test("serveSocket() counts sockets by key, and forgets those that are closed", async () => {
  await using server = new RawServer({ key: "ada", maxSessionsPerKey: 1 });
  const headers = { "socket-session": "new" };
  for (const webSocketTimeout of [0, 20_000]) {
    const socket = new EventStreamSocket(server.url, [], { webSocketTimeout });
    await event(socket, "open");
    assertEquals((await server.request("GET", headers)).status, 429);
    server.options = { key: "bob", maxSessionsPerKey: 0 };
    assertEquals((await server.request("GET", headers)).status, 429);
    server.options = { key: "ada", maxSessionsPerKey: 1 };
    socket.close();
    await event(socket, "close");
  }
});

for (const webSocketTimeout of [0, 20_000]) {
  const how = webSocketTimeout === 0
    ? "an event stream"
    : "a WebSocket upgrade";

  Deno.test(`serveSocket() closes with 1001 when its signal is aborted, over ${how}`, async () => {
    const shutdown = new AbortController();
    await using server = new RawServer({ signal: shutdown.signal });
    const socket = new EventStreamSocket(server.url, [], { webSocketTimeout });
    const lines = record(socket);
    await event(socket, "open");
    shutdown.abort();
    await event(socket, "close");
    assertEquals(lines.at(-1), 'close 1001 "" clean (closed)');
    assertEquals(server.seen[0]?.at(-1), 'close 1001 "" unclean (closed)');
  });

  Deno.test(`serveSocket() closes a socket that onSocket closes, over ${how}`, async () => {
    assertEquals(
      await endAtOnce(webSocketTimeout, (socket) => {
        socket.close(4401, "who are you?");
      }),
      'close 4401 "who are you?" clean (closed)',
    );
  });

  Deno.test(`serveSocket() closes with 1009 after a giant message, over ${how}`, async () => {
    await using server = new RawServer({ maxMessageSize: 1000 });
    const socket = new EventStreamSocket(server.url, [], { webSocketTimeout });
    const lines = record(socket);
    await event(socket, "open");
    socket.send("a".repeat(1000));
    socket.send("é".repeat(501));
    await event(socket, "close");
    const end =
      'close 1009 "Cannot receive message: it is too large, expected at most 1000 bytes"';
    assertEquals(lines.at(-1), `${end} clean (closed)`);
    assertEquals(server.seen[0]?.at(-1), `${end} unclean (closed)`);
    const messages = server.seen[0]?.filter((line) => line.startsWith("m"));
    assertEquals(messages?.length, 1);
  });
}

// Where no server upgrades, it is an event stream, of which there are tests below.
if ("upgradeWebSocket" in Deno) {
  Deno.test("serveSocket() closes with 1001 if onSocket aborts its signal, over a WebSocket upgrade", async () => {
    const shutdown = new AbortController();
    assertEquals(
      await endAtOnce(20_000, () => shutdown.abort(), shutdown.signal),
      'close 1001 "" clean (closed)',
    );
  });
}

Deno.test("serveSocket() answers a preflight of an origin that is allowed", async () => {
  await using server = new RawServer({
    cors: { origins: ["https://app.example"] },
  });
  const { status, headers } = await server.request("OPTIONS", {
    origin: "https://app.example",
    "access-control-request-method": "POST",
    "access-control-request-headers": "socket-session,last-event-id",
  });
  assertEquals(status, 204);
  assertStringIncludes(
    headers.get("access-control-allow-methods") ?? "",
    "POST",
  );
  assertEquals(
    headers.get("access-control-allow-headers"),
    "socket-session,last-event-id",
  );
});

Deno.test("serveSocket() lets in a page of its own host, whatever the scheme", async () => {
  await using server = new RawServer();
  const origin = new URL(server.url).origin.replace("http", "https");
  const session = await server.open({ origin });
  assertEquals((await session.next())?.event, "open");
  await session.leave();
});

Deno.test("serveSocket() throws what onSocket throws, and keeps no session", () => {
  const request = new Request("http://localhost/", {
    headers: { "socket-session": "new" },
  });
  const options = { maxSessions: 1 };
  for (let i = 0; i < 2; i++) {
    const fail = () => {
      throw new Error("no socket today");
    };
    assertThrows(() => serveSocket(request, fail, options), Error, "today");
  }
});

Deno.test("serveSocket() forgets a closed socket whose client stays and does not read", async () => {
  const sockets: WebSocket[] = [];
  const open = () =>
    serveSocket(
      new Request("http://localhost/", {
        headers: { "socket-session": "new" },
      }),
      (socket) => sockets.push(socket),
      { key: "eve", maxSessionsPerKey: 1, sessionTimeout: 10 },
    );
  const response = await open();
  const reader = response.body!.getReader();
  await reader.read();
  sockets[0]!.close(3000);
  const { code } = await event(sockets[0]!, "close");
  assertEquals(code, 1006);
  const second = await open();
  assertEquals(second.status, 200);
  await event(sockets[1]!, "close");
  await reader.cancel();
  await second.body?.cancel();
});

for (
  const { end, onSocket } of [
    { end: "is closed", onSocket: () => {} },
    {
      end: "is not taken by onSocket",
      onSocket: () => {
        throw new Error("no socket today");
      },
    },
  ]
) {
  Deno.test(`serveSocket() leaves no listener on the signal once a WebSocket ${end}`, () => {
    const { upgradeWebSocket } = Deno;
    const { signal } = new AbortController();
    const listeners = new Set<unknown>();
    signal.addEventListener = (_: string, listener: unknown) => {
      listeners.add(listener);
    };
    signal.removeEventListener = (_: string, listener: unknown) => {
      listeners.delete(listener);
    };
    const request = new Request("http://localhost/", {
      headers: { upgrade: "websocket" },
    });
    const fake = Object.assign(new EventTarget(), { close() {} });
    const socket = fake as WebSocket;
    Deno.upgradeWebSocket = () => ({ socket, response: new Response() });
    try {
      serveSocket(request, onSocket, { signal });
      assertEquals(listeners.size, 1);
      socket.dispatchEvent(new Event("close"));
    } catch (error) {
      assertStringIncludes(String(error), "no socket today");
    } finally {
      Deno.upgradeWebSocket = upgradeWebSocket;
    }
    assertEquals(listeners.size, 0);
  });
}

Deno.test("serveSocket() refuses a socket whose signal is aborted by onSocket", async () => {
  const controller = new AbortController();
  const request = new Request("http://localhost/", {
    headers: { "socket-session": "new" },
  });
  const codes: number[] = [];
  const response = await serveSocket(request, (socket) => {
    socket.onclose = ({ code }) => codes.push(code);
    controller.abort();
  }, { signal: controller.signal });
  assertEquals(response.status, 503);
  assertEquals(codes, [1001]);
  await response.body?.cancel();
});
