// Copyright 2026 the Tidings authors. MIT license.

import {
  assert,
  assertEquals,
  assertNotEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { EventStreamSocket } from "../socket.ts";
import { serveSocket, type ServeSocketOptions } from "../socket_server.ts";
import { event, record } from "./_socket_kinds.ts";
import { RawServer, type RawSession } from "./_socket_raw_client.ts";

const ID_REGEXP = /^[0-9a-f-]{36}$/;

/** Opens a session and reads its first event. */
async function openSession(server: RawServer): Promise<RawSession> {
  const session = await server.open();
  const opening = await session.next();
  assertEquals(opening?.event, "open");
  return session;
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

interface RefusalRow {
  name: string;
  method?: string;
  headers?: Record<string, string>;
  options?: ServeSocketOptions;
  status: number;
  text: string;
}

const FORGED = "00000000-0000-4000-8000-000000000000";
const REFUSALS: RefusalRow[] = [
  {
    name: "a request that is no socket's",
    status: 400,
    text: 'no header "socket-session"',
  },
  {
    name: "a forged session",
    headers: { "socket-session": FORGED },
    status: 404,
    text: "closed or in another process",
  },
  {
    name: "a POST to a forged session",
    method: "POST",
    headers: { "socket-session": FORGED },
    status: 404,
    text: "closed or in another process",
  },
  {
    name: "a POST to a session that is to be new",
    method: "POST",
    headers: { "socket-session": "new" },
    status: 404,
    text: "closed or in another process",
  },
  {
    name: "another method",
    method: "PUT",
    headers: { "socket-session": "new" },
    status: 405,
    text: "",
  },
  {
    name: "a client that wants something else",
    headers: { "socket-session": "new", accept: "text/html" },
    status: 406,
    text: "",
  },
  {
    name: "a page of another origin",
    headers: { "socket-session": "new", origin: "https://evil.example" },
    status: 403,
    text: "another origin",
  },
  {
    name: "a page without an origin of its own",
    headers: { "socket-session": "new", origin: "null" },
    status: 403,
    text: "another origin",
  },
  {
    name: "an origin that is not in the list",
    headers: { "socket-session": "new", origin: "https://evil.example" },
    options: { cors: { origins: ["https://app.example"] } },
    status: 403,
    text: "another origin",
  },
  {
    name: "a socket once it shuts down",
    headers: { "socket-session": "new" },
    options: { signal: AbortSignal.abort() },
    status: 503,
    text: "shuts down",
  },
  {
    name: "one socket too many",
    headers: { "socket-session": "new" },
    options: { maxSessions: 0 },
    status: 503,
    text: "too many",
  },
  {
    name: "one socket too many of a key",
    headers: { "socket-session": "new" },
    options: { key: "ada", maxSessionsPerKey: 0 },
    status: 429,
    text: "too many",
  },
];

for (const { name, method, headers, options, status, text } of REFUSALS) {
  Deno.test(`serveSocket() refuses ${name}`, async () => {
    await using server = new RawServer(options);
    const answer = await server.request(method ?? "GET", headers ?? {});
    assertEquals(answer.status, status);
    assertStringIncludes(answer.text, text);
    assertEquals(server.sockets.length, 0);
  });
}

interface HostileRow {
  name: string;
  body: BodyInit;
  headers?: Record<string, string>;
  options?: ServeSocketOptions;
  status: number;
  text: string;
  /** The code of the close, none if the session goes on. */
  code?: number;
}

const HOSTILE: HostileRow[] = [
  {
    name: "a skipped sequence number",
    body: "data: a\nid: 1\n\ndata: c\nid: 3\n\n",
    status: 409,
    text: "the event 3 came after 1",
    code: 1002,
  },
  ...["data: a\n\n", "data: a\nid: x\n\n", "data: a\nid: 1e9\n\n"].map((
    body,
  ) => ({
    name: `an event without a number: ${JSON.stringify(body)}`,
    body,
    status: 400,
    text: "no number",
    code: 1002,
  })),
  ...[
    "event: binary\ndata: §\nid: 1\n\n",
    "event: escaped\ndata: {\nid: 1\n\n",
    "event: escaped\ndata: 1\nid: 1\n\n",
    "event: unknown\ndata: a\nid: 1\n\n",
    "event: close\ndata: {\nid: 1\n\n",
    'event: close\ndata: {"code":1006,"reason":""}\nid: 1\n\n',
    'event: close\ndata: {"code":1000}\nid: 1\n\n',
    'event: close\ndata: "1000"\nid: 1\n\n',
  ].map((body) => ({
    name: `a malformed event: ${JSON.stringify(body)}`,
    body,
    status: 400,
    text: "malformed",
    code: 1002,
  })),
  {
    name: "a giant message",
    body: `data: ${"é".repeat(51)}\nid: 1\n\n`,
    options: { maxMessageSize: 101 },
    status: 413,
    text: "at most 101 bytes",
    code: 1009,
  },
  {
    name: "giant bytes",
    body: `event: binary\ndata: ${btoa("a".repeat(102))}\nid: 1\n\n`,
    options: { maxMessageSize: 101 },
    status: 413,
    text: "at most 101 bytes",
    code: 1009,
  },
  {
    name: "a giant body, of unknown length, without an end of line",
    body: new Blob(["a".repeat(150_000)]).stream(),
    options: { maxBatchSize: 100_000 },
    status: 413,
    text: "at most 100000 bytes",
    code: 1009,
  },
  {
    name: "an acknowledgement of what was never sent",
    body: "data: a\nid: 1\n\n",
    headers: { "last-event-id": "7" },
    status: 400,
    text: '"Last-Event-ID" is 7',
  },
  {
    name: "an acknowledgement that is no number",
    body: "data: a\nid: 1\n\n",
    headers: { "last-event-id": "-1" },
    status: 400,
    text: '"Last-Event-ID" is "-1"',
  },
];

for (const { name, body, headers, options, status, text, code } of HOSTILE) {
  Deno.test(`serveSocket() refuses ${name}, and no other session is harmed`, async () => {
    await using server = new RawServer(options);
    const other = await openSession(server);
    const session = await openSession(server);
    const answer = await session.post(body, headers);
    assertEquals(answer.status, status);
    assertStringIncludes(answer.text, text);
    if (code !== undefined) {
      const close = await session.next();
      assertEquals([close?.event, JSON.parse(close?.data ?? "").code], [
        "close",
        code,
      ]);
      assertEquals(
        server.seen[1]?.at(-1),
        `close ${code} "" unclean (closed)`,
      );
    } else {
      server.sockets[1]?.send("still there");
      assertEquals((await session.next())?.data, "still there");
    }
    await other.post("data: unharmed\nid: 1\n\n");
    assertEquals(server.seen[0], ["open (open)", 'message "unharmed"']);
    await session.leave();
    await other.leave();
  });
}

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
  assertStringIncludes(text, '"Last-Event-ID" is 1');
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
  assertEquals(server.seen[0]?.at(-1), 'close 1013 "" unclean (closed)');
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
  const how = webSocketTimeout === 0 ? "an event stream" : "a genuine upgrade";

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

  Deno.test(`serveSocket() closes with 1009 after a giant message, over ${how}`, async () => {
    await using server = new RawServer({ maxMessageSize: 1000 });
    const socket = new EventStreamSocket(server.url, [], { webSocketTimeout });
    const lines = record(socket);
    await event(socket, "open");
    socket.send("a".repeat(1000));
    socket.send("é".repeat(501));
    await event(socket, "close");
    assertEquals(lines.at(-1), 'close 1009 "" clean (closed)');
    assertEquals(server.seen[0]?.at(-1), 'close 1009 "" unclean (closed)');
    const messages = server.seen[0]?.filter((line) => line.startsWith("m"));
    assertEquals(messages?.length, 1);
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

Deno.test("serveSocket() throws TypeError or RangeError for an option that is wrong", () => {
  const request = new Request("http://localhost/");
  const serve = (options: ServeSocketOptions) => () =>
    serveSocket(request, () => {}, options);
  const text = "1" as unknown as number;
  assertThrows(serve({ keepAlive: text }), TypeError, '"keepAlive"');
  assertThrows(serve({ sessionTimeout: 0 }), RangeError, '"sessionTimeout"');
  assertThrows(serve({ maxMessageSize: -1 }), RangeError, '"maxMessageSize"');
  assertThrows(serve({ maxBatchSize: 1.5 }), RangeError, '"maxBatchSize"');
  assertThrows(serve({ maxBuffered: NaN }), RangeError, '"maxBuffered"');
  assertThrows(serve({ maxSessions: -1 }), RangeError, '"maxSessions"');
  assertNotEquals(serve({ maxSessionsPerKey: Infinity })(), undefined);
});
