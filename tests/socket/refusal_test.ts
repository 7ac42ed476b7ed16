// Copyright 2026 the Tidings authors. MIT license.

import {
  assertEquals,
  assertNotEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { serveSocket, type ServeSocketOptions } from "../../socket/server.ts";
import { record } from "./_kinds.ts";
import { RawServer, type RawSession } from "./_raw_client.ts";

/** Opens a session and reads its first event. */
async function openSession(server: RawServer): Promise<RawSession> {
  const session = await server.open();
  const opening = await session.next();
  assertEquals(opening?.event, "open");
  return session;
}

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
    text: 'expected the header "socket-session"',
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
  /** The code of the close. */
  code: number;
}

const HOSTILE: HostileRow[] = [
  {
    name: "a skipped sequence number",
    body: "data: a\nid: 1\n\ndata: c\nid: 3\n\n",
    status: 400,
    text: "expected the ID 2, got 3",
    code: 1002,
  },
  ...["data: a\n\n", "data: a\nid: x\n\n", "data: a\nid: 1e9\n\n"].map((
    body,
  ) => ({
    name: `an event without a number: ${JSON.stringify(body)}`,
    body,
    status: 400,
    text: 'expected "id" to be a number',
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
    name: "an event of the server",
    body: "event: open\ndata: {}\n\n",
    status: 400,
    text: 'the client sent "open" while the socket was open',
    code: 1002,
  },
  {
    name: "a giant event without an end of line, in a body that may be larger",
    body: "a".repeat(10_000),
    options: { maxMessageSize: 101 },
    status: 413,
    text: "at most 101 bytes",
    code: 1009,
  },
  {
    name: "more than may be buffered",
    body: `data: ${"é".repeat(50_000)}`,
    options: { maxBuffered: 100_000 },
    status: 413,
    text: "at most 100000 bytes buffered",
    code: 1013,
  },
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
    text: 'expected "Last-Event-ID" to be at most 0, got 7',
    code: 1002,
  },
  {
    name: "an acknowledgement that is no number",
    body: "data: a\nid: 1\n\n",
    headers: { "last-event-id": "-1" },
    status: 400,
    text: 'expected "Last-Event-ID" to be at most 0, got NaN',
    code: 1002,
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
    const close = await session.next();
    assertEquals(close?.event, "close");
    const reason = { code, reason: answer.text };
    assertEquals(JSON.parse(close?.data ?? ""), reason);
    assertEquals(
      server.seen[1]?.at(-1),
      `close ${code} ${JSON.stringify(answer.text)} unclean (closed)`,
    );
    await other.post("data: unharmed\nid: 1\n\n");
    assertEquals(server.seen[0], ["open (open)", 'message "unharmed"']);
    await session.leave();
    await other.leave();
  });
}

const CLOSE = 'event: close\ndata: {"code":3000,"reason":""}\nid: 1\n\n';
for (const text of ["data: a\nid: 2\n\n", CLOSE.replace("id: 1", "id: 2")]) {
  Deno.test(`serveSocket() refuses ${JSON.stringify(text)} after close, whose code stays`, async () => {
    await using server = new RawServer();
    const session = await openSession(server);
    const answer = await session.post(CLOSE + text);
    assertEquals(answer.status, 400);
    assertStringIncludes(answer.text, "while the socket was closed");
    const end = 'close 3000 "" clean (closed)';
    assertEquals(server.seen[0], ["open (open)", end]);
    await session.leave();
  });
}

for (const text of ["data: a\nid: 1\n\n", CLOSE]) {
  Deno.test(`serveSocket() refuses ${JSON.stringify(text)} before its stream has begun`, async () => {
    const ends: string[][] = [];
    const serve = (init: RequestInit) =>
      serveSocket(
        new Request("http://localhost/", init),
        (socket) => ends.push(record(socket)),
      );
    const response = await serve({ headers: { "socket-session": "new" } });
    // Nobody reads its body, so the socket is still connecting.
    const session = response.headers.get("socket-session") ?? "";
    const headers = { "socket-session": session };
    const answer = await serve({ method: "POST", headers, body: text });
    assertEquals(answer.status, 400);
    const reason = await answer.text();
    assertStringIncludes(reason, "while the socket was connecting");
    assertEquals(
      ends[0]?.at(-1),
      `close 1002 ${JSON.stringify(reason)} unclean (closed)`,
    );
    await response.body?.cancel();
    // The client confirms the close, which ends the session.
    const stream = await serve({ headers });
    const reader = stream.body!.getReader();
    for (const type of ["open", "close"]) {
      const { value } = await reader.read();
      assertStringIncludes(new TextDecoder().decode(value), `event: ${type}`);
    }
    await serve({
      method: "POST",
      headers: { ...headers, "last-event-id": "1" },
    });
    assertEquals((await serve({ headers })).status, 404);
    await reader.cancel();
  });
}

Deno.test("serveSocket() closes with 1002 if a stream is to go on after what was never sent", async () => {
  await using server = new RawServer();
  const session = await openSession(server);
  const headers = { "socket-session": session.id, "last-event-id": "3" };
  const answer = await server.request("GET", headers);
  assertEquals(answer.status, 400);
  assertStringIncludes(
    answer.text,
    'expected "Last-Event-ID" to be at most 0, got 3',
  );
  assertStringIncludes(server.seen[0]?.at(-1) ?? "", "close 1002");
  await session.leave();
});

// Elsewhere the answer is 501, whatever the handshake.
if ("upgradeWebSocket" in Deno) {
  Deno.test("serveSocket() refuses a handshake of a WebSocket that is malformed", async () => {
    await using server = new RawServer();
    const { port, hostname } = new URL(server.url);
    const connection = await Deno.connect({ port: Number(port), hostname });
    const head = "GET / HTTP/1.1\r\nhost: a\r\nconnection: close, upgrade\r\n";
    const request = `${head}upgrade: websocket\r\n\r\n`;
    await connection.write(new TextEncoder().encode(request));
    const answer = await new Response(connection.readable).text();
    assertStringIncludes(answer, "HTTP/1.1 400");
  });
}

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

for (const { name, method, headers, options } of REFUSALS) {
  if (method !== undefined) continue;
  Deno.test(`serveSocket() answers HEAD as it would answer GET: ${name}`, async () => {
    await using server = new RawServer(options);
    const get = await server.request("GET", headers ?? {});
    const head = await server.request("HEAD", headers ?? {});
    assertEquals([head.status, head.text], [get.status, ""]);
  });
}

Deno.test("serveSocket() answers HEAD to a session as it would answer GET, and changes nothing", async () => {
  await using server = new RawServer({ maxSessions: 1 });
  const session = await openSession(server);
  server.sockets[0]!.send("a");
  assertEquals((await session.next())?.id, "1");
  const ask = async (method: string, id: string) => {
    const { status } = await server.request(method, {
      "socket-session": session.id,
      "last-event-id": id,
    });
    return status;
  };
  for (const [id, status] of [["0", 200], ["1", 200], ["2", 400], ["x", 400]]) {
    assertEquals(await ask("HEAD", `${id}`), status);
  }
  assertEquals((await session.post("", { "last-event-id": "1" })).status, 204);
  assertEquals(await ask("HEAD", "0"), 400);
  // The stream is still the session's.
  server.sockets[0]!.send("b");
  assertEquals((await session.next())?.id, "2");
  const { status } = await server.request("HEAD", { "socket-session": "new" });
  assertEquals(status, 503);
  await session.leave();
});
