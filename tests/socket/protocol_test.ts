// Copyright 2026 the Tidings authors. MIT license.

/** The protocol of a socket as a client holds its server to it, as a table. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { EventStreamSocket } from "../../socket/mod.ts";
import { HostileServer, opening } from "./_hostile_server.ts";
import { event, record } from "./_kinds.ts";

interface Row {
  name: string;
  /** What the server's streams send, one after the other. */
  streams: string[];
  /** What the socket sees before it fails; `open` if left out. */
  seen?: string[];
  /** What the reason says. */
  reason: string;
  code?: number;
}

const OPEN = ["open (open)"];
// As JSON, which has numbers that are larger than any of JavaScript.
const NO_NUMBERS = ["null", '"1"', "true", "[1]", "{}", "1e999", "-1e999"];
const NUMBERS: Record<string, string[]> = {
  sessionTimeout: ["0", "-1", "0.5", "2147483648", ...NO_NUMBERS],
  maxBatchSize: ["0", "-1", "1.5", "9007199254740992", ...NO_NUMBERS],
  acknowledgeAfter: ["0", "-1", "0.125", "9007199254740992", ...NO_NUMBERS],
};

const ROWS: Row[] = [
  ...[
    'event: close\ndata: {"code":1000,"reason":""}\nid: 1\n\n',
    "data: a\nid: 1\n\n",
    "event: binary\ndata: YQ==\nid: 1\n\n",
    'event: escaped\ndata: "a"\nid: 1\n\n',
    "event: other\ndata: a\nid: 1\n\n",
  ].map((text): Row => ({
    name: `before open: ${JSON.stringify(text)}`,
    streams: [text],
    seen: [],
    reason: "while the socket was connecting",
  })),
  ...["{", "", "null", "1", '"open"', "[]", "{}"].map((data): Row => ({
    name: `open with the data ${JSON.stringify(data)}`,
    streams: [`event: open\ndata: ${data}\n\n`],
    seen: [],
    reason: '"open" is malformed',
  })),
  ...["", 1, null, "a\r\nb: c", "é", "a b", "a".repeat(257)].map((
    session,
  ): Row => ({
    name: `open with the session ${JSON.stringify(session)?.slice(0, 20)}`,
    streams: [opening({ session })],
    seen: [],
    reason: '"open" is malformed',
  })),
  ...[1, null, [""]].map((protocol): Row => ({
    name: `open with the protocol ${JSON.stringify(protocol)}`,
    streams: [opening({ protocol })],
    seen: [],
    reason: '"open" is malformed',
  })),
  ...Object.entries(NUMBERS).flatMap(([name, texts]) =>
    texts.map((text): Row => ({
      name: `open with ${name} of ${text}`,
      streams: [opening({ [name]: "?" }).replace('"?"', text)],
      seen: [],
      reason: `expected "${name}" to be `,
    }))
  ),
  ...Object.keys(NUMBERS).map((name): Row => ({
    name: `open without ${name}`,
    streams: [opening({ [name]: undefined })],
    seen: [],
    reason: ", got undefined",
  })),
  {
    name: "open with an ID",
    streams: [opening().replace("\n\n", "\nid: 1\n\n")],
    seen: [],
    reason: 'expected the event to have no ID, got "1"',
  },
  {
    name: "open twice",
    streams: [opening() + opening()],
    reason: 'sent "open" while the socket was open',
  },
  {
    name: "open with another session on a stream that resumes",
    streams: [opening(), opening({ session: "t" })],
    reason: 'sent "open" while the socket was open',
  },
  {
    name: "a retry of 0, and a stream that ends",
    streams: [`retry: 0\n\n${opening()}`, ""],
    reason: 'expected no "retry" below 500',
  },
  ...["data: a\n\n", "data: a\nid\n\n", "data: a\nid: x\n\n"].map((
    text,
  ): Row => ({
    name: `a message without a number: ${JSON.stringify(text)}`,
    streams: [opening() + text],
    reason: 'expected "id" to be a number',
  })),
  ...["0", "2", "999999999999999"].map((id): Row => ({
    name: `a message with the ID ${id} instead of 1`,
    streams: [`${opening()}data: a\nid: ${id}\n\n`],
    reason: `expected the ID 1, got ${id}`,
  })),
  {
    name: "an ID that comes again",
    streams: [`${opening()}data: a\nid: 1\n\ndata: a\nid: 1\n\n`],
    seen: [...OPEN, 'message "a"'],
    reason: "expected the ID 2, got 1",
  },
  {
    name: "an ID that comes again on a stream that resumes",
    streams: [`${opening()}data: a\nid: 1\n\n`, "data: a\nid: 1\n\n"],
    seen: [...OPEN, 'message "a"'],
    reason: "expected the ID 2, got 1",
  },
  ...[
    "event: binary\ndata: §\nid: 1\n\n",
    "event: binary\ndata: YQ=\nid: 1\n\n",
    "event: escaped\ndata: {\nid: 1\n\n",
    "event: escaped\ndata: 1\nid: 1\n\n",
    'event: escaped\ndata: "\\ud800"\nid: 1\n\n',
    "event: other\ndata: a\nid: 1\n\n",
    "event: close\ndata: {\nid: 1\n\n",
    "event: close\ndata: null\nid: 1\n\n",
    ...[0, 999, 1004, 1006, 1015, 2000, 5000, -1, 1000.5].map((code) =>
      `event: close\ndata: {"code":${code},"reason":""}\nid: 1\n\n`
    ),
    'event: close\ndata: {"code":"1000","reason":""}\nid: 1\n\n',
    'event: close\ndata: {"code":1000}\nid: 1\n\n',
    'event: close\ndata: {"code":1005,"reason":"a"}\nid: 1\n\n',
    'event: close\ndata: {"code":1000,"reason":"\\ud800"}\nid: 1\n\n',
    `event: close\ndata: {"code":1000,"reason":"${"é".repeat(62)}"}\nid: 1\n\n`,
  ].map((text): Row => ({
    name: `a malformed event: ${JSON.stringify(text.slice(0, 60))}`,
    streams: [opening() + text],
    reason: "is malformed or unknown",
  })),
  {
    name: "a giant event",
    streams: [`${opening()}data: ${"a".repeat(16 * 1024 * 1024)}\nid: 1\n\n`],
    code: 1009,
    reason: "",
  },
];

for (const { name, streams, seen = OPEN, reason, code = 1002 } of ROWS) {
  Deno.test(`EventStreamSocket closes with ${code} after ${name}`, async () => {
    await using server = new HostileServer(streams);
    const socket = new EventStreamSocket(server.url);
    const lines = record(socket);
    const close = await event(socket, "close");
    assertEquals(lines.slice(0, -2), seen);
    assertEquals([close.code, close.wasClean], [code, false]);
    assertEquals(lines.at(-2), "error (closed)");
    assertStringIncludes(close.reason, reason);
    // A session that is open is told.
    assertEquals(server.posts.length, seen.length > 0 ? 1 : 0);
    for (const post of server.posts) {
      assertStringIncludes(post, `event: close\n`);
      assertStringIncludes(post, `{"code":${code},"reason":`);
    }
  });
}

Deno.test("EventStreamSocket ignores what comes after close, as a WebSocket does", async () => {
  const end = 'event: close\ndata: {"code":3000,"reason":"end"}\nid: 1\n\n';
  await using server = new HostileServer([
    `${opening()}${end}data: a\nid: 2\n\n${end}${opening()}`,
  ]);
  const socket = new EventStreamSocket(server.url);
  const lines = record(socket);
  await event(socket, "close");
  assertEquals(lines, [...OPEN, 'close 3000 "end" clean (closed)']);
});

const SILENCE: Record<
  string,
  { text: string; code: number; idleTimeout?: number }
> = {
  "a violation, before a POST is given up,": {
    text: "data: a\n\n",
    code: 1002,
    idleTimeout: Infinity,
  },
  "a violation": { text: "data: a\n\n", code: 1002 },
  "its own close": {
    text: 'event: close\ndata: {"code":3000,"reason":""}\nid: 1\n\n',
    code: 3000,
  },
  "our close": { text: "", code: 1006 },
};

for (
  const [name, { text, code, idleTimeout = 100 }] of Object.entries(SILENCE)
) {
  Deno.test(`EventStreamSocket closes with ${code} after ${name} if its server answers no POST`, async () => {
    const answer = Promise.withResolvers<Response>();
    await using server = new HostileServer(
      [opening({ sessionTimeout: 2 ** 31 - 1 }) + text],
      () => answer.promise,
    );
    const options = { idleTimeout, reconnectionTime: 1 };
    const socket = new EventStreamSocket(server.url, [], options);
    await event(socket, "open");
    const closed = event(socket, "close");
    if (text === "") socket.close();
    assertEquals((await closed).code, code);
    answer.resolve(new Response());
  });
}

Deno.test("EventStreamSocket closes with 1006 if its server takes the close, and sends none", async () => {
  await using server = new HostileServer([opening()]);
  const options = { idleTimeout: 100, reconnectionTime: 1 };
  const socket = new EventStreamSocket(server.url, [], options);
  await event(socket, "open");
  const closed = event(socket, "close");
  socket.close();
  assertEquals((await closed).code, 1006);
  assert(server.posts.length > 0);
});

Deno.test("EventStreamSocket is closing, and sends nothing more, once its server has closed it", async () => {
  const answer = Promise.withResolvers<Response>();
  const end = 'event: close\ndata: {"code":3000,"reason":""}\nid: 2\n\n';
  await using server = new HostileServer(
    [`${opening()}data: a\nid: 1\n\n${end}`],
    () => answer.promise,
  );
  const socket = new EventStreamSocket(server.url);
  const lines = record(socket);
  // It is read when the close has come.
  socket.onmessage = () => socket.send(new Blob(["late"]));
  await event(socket, "message");
  while (server.posts.length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assertEquals(socket.readyState, EventStreamSocket.CLOSING);
  socket.send("late");
  assertEquals(socket.bufferedAmount, 4);
  answer.resolve(new Response(null, { status: 204 }));
  await event(socket, "close");
  assertEquals(lines.at(-1), 'close 3000 "" clean (closed)');
  assertEquals(server.posts, [
    'event: close\ndata: {"code":3000,"reason":""}\nid: 1\n\n',
  ]);
});
