// Copyright 2026 the Tidings authors. MIT license.

/** What the POSTs and streams of a session may hold, and for how long. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { EventStreamSocket } from "../../socket/mod.ts";
import { serveSocket, type ServeSocketOptions } from "../../socket/server.ts";
import { within } from "../support/within.ts";
import { event, record } from "./_kinds.ts";
import { RawServer } from "./_raw_client.ts";

const ENCODER = new TextEncoder();

/** A body that is written to by and by. */
class OpenBody {
  readonly stream: ReadableStream<Uint8Array>;
  /** Settles when the body is cancelled. */
  readonly cancelled: Promise<void>;
  #controller!: ReadableStreamDefaultController<Uint8Array>;

  constructor(text = "") {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.cancelled = promise;
    this.stream = new ReadableStream({
      start: (controller) => void (this.#controller = controller),
      cancel: () => resolve(),
    });
    if (text !== "") this.write(text);
  }

  write(text: string): void {
    this.#controller.enqueue(ENCODER.encode(text));
  }

  /** Breaks it off. */
  fail(): void {
    this.#controller.error(new Error("the client has left"));
  }
}

/** The requests of one session without a network, which see each answer there is. */
class DirectSession implements AsyncDisposable {
  socket!: WebSocket;
  seen: string[] = [];
  readonly shutdown = new AbortController();
  readonly #options: ServeSocketOptions;
  #id = "new";
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;

  constructor(options: ServeSocketOptions) {
    this.#options = options;
  }

  /** Opens a session, and reads its first event. */
  static async open(options: ServeSocketOptions = {}): Promise<DirectSession> {
    const session = new DirectSession(options);
    const response = await session.get();
    session.#id = response.headers.get("socket-session") ?? "";
    session.#reader = response.body!.getReader();
    assertStringIncludes(await session.read(), "event: open");
    return session;
  }

  /** Reads a chunk of the first stream. */
  async read(): Promise<string> {
    const { value } = await within("a chunk", this.#reader!.read());
    return new TextDecoder().decode(value);
  }

  /** Leaves the first stream. */
  async leave(): Promise<void> {
    await this.#reader?.cancel();
  }

  async get(): Promise<Response> {
    return await this.#serve({ headers: { "socket-session": this.#id } });
  }

  async post(
    body: BodyInit,
    lastEventId = "0",
  ): Promise<{ status: number; text: string }> {
    const headers = {
      "socket-session": this.#id,
      "last-event-id": lastEventId,
    };
    // Fetch: a stream is sent while nothing is received.
    const init = { method: "POST", headers, body, duplex: "half" };
    const answer = await within("the answer", this.#serve(init));
    return { status: answer.status, text: await answer.text() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.shutdown.abort();
    await this.leave();
  }

  async #serve(init: RequestInit): Promise<Response> {
    const request = new Request("http://localhost/", init);
    return await serveSocket(request, (socket) => {
      this.socket = socket;
      this.seen = record(socket);
    }, { signal: this.shutdown.signal, ...this.#options });
  }
}

Deno.test("serveSocket() ends a POST when a newer one comes, and takes each message once", async () => {
  await using session = await DirectSession.open();
  const body = new OpenBody("data: a\nid: 1\n\ndata: b");
  const first = session.post(body.stream);
  await event(session.socket, "message");
  // The connection of the first is lost, and only the client knows it: it repeats.
  const second = await session.post("data: a\nid: 1\n\ndata: b\nid: 2\n\n");
  assertEquals(second.status, 204);
  assertEquals(await first, {
    status: 429,
    text: "Cannot receive messages: a newer POST has come",
  });
  await within("the body is not read on", body.cancelled);
  assertEquals(session.seen.slice(1), ['message "a"', 'message "b"']);
});

Deno.test("EventStreamSocket repeats a POST that a stray one has ended", async () => {
  await using server = new RawServer();
  let posts = 0;
  const socket = new EventStreamSocket(server.url, [], {
    reconnectionTime: 1,
    async fetch(url, init) {
      const response = await fetch(url, init);
      // It has arrived, but another one that a proxy held back came after it.
      if (init.method !== "POST" || posts++ > 0) return response;
      await response.body?.cancel();
      return new Response(null, { status: 429 });
    },
  });
  await event(socket, "open");
  socket.send("a");
  socket.close();
  await event(socket, "close");
  const end = 'close 1005 "" clean (closed)';
  assertEquals(server.seen[0]?.slice(1), ['message "a"', end]);
});

Deno.test("serveSocket() ends an open POST when its session is shut down", async () => {
  await using session = await DirectSession.open();
  const body = new OpenBody("data: a\nid: 1\n\ndata: b");
  const post = session.post(body.stream);
  await event(session.socket, "message");
  session.shutdown.abort();
  assertEquals((await post).status, 404);
  await within("the body is not read on", body.cancelled);
});

const ENDS: Record<string, (session: DirectSession) => unknown> = {
  "loses its client": (session) => session.leave(),
  "is closed, and the client does not answer": ({ socket }) => socket.close(),
};

for (const [name, end] of Object.entries(ENDS)) {
  Deno.test(`serveSocket() ends an open POST when its session ${name}`, async () => {
    await using session = await DirectSession.open({ sessionTimeout: 50 });
    await end(session);
    // The time for the body begins later, and would end it later.
    await new Promise((resolve) => setTimeout(resolve, 5));
    const body = new OpenBody("data: a");
    assertEquals((await session.post(body.stream)).status, 404);
    await within("the body is not read on", body.cancelled);
  });
}

Deno.test("serveSocket() refuses the rest of a body that trickles, and the session goes on", async () => {
  await using session = await DirectSession.open({ sessionTimeout: 50 });
  const body = new OpenBody();
  const timer = setInterval(() => body.write("a"), 5);
  const { status } = await session.post(body.stream);
  clearInterval(timer);
  assertEquals(status, 408);
  await within("the body is not read on", body.cancelled);
  assertEquals((await session.post("data: a\nid: 1\n\n")).status, 204);
  assertEquals(session.seen, ["open (open)", 'message "a"']);
});

Deno.test("serveSocket() answers a POST that its client breaks off, and keeps what is whole", async () => {
  await using session = await DirectSession.open();
  const body = new OpenBody("data: a\nid: 1\n\ndata: b\nid: 2\n");
  const post = session.post(body.stream);
  await event(session.socket, "message");
  body.fail();
  assertEquals((await post).status, 400);
  assertEquals(session.seen, ["open (open)", 'message "a"']);
});

Deno.test("serveSocket() counts what is sent and what comes by one limit", async () => {
  await using session = await DirectSession.open({ maxBuffered: 100_000 });
  session.socket.send("a".repeat(60_000));
  const half = "é".repeat(15_000);
  const body = new OpenBody(`data: ${half}`);
  const post = session.post(body.stream);
  assertStringIncludes(await session.read(), "data: aaa");
  // Fewer characters than are left, and more bytes.
  body.write(half);
  assertEquals(await post, {
    status: 413,
    text: "Cannot keep messages: expected at most 100000 bytes buffered",
  });
  assertStringIncludes(session.seen.at(-1) ?? "", "close 1013");
});

Deno.test("serveSocket() forgets what was unfinished once it is whole, or its POST has ended", async () => {
  await using session = await DirectSession.open({ maxBuffered: 100_000 });
  const { length } = "data: \nid: 1\n\n";
  for (let id = 1; id <= 9; id += 2) {
    const text = "a".repeat(60_000 - length);
    await session.post(`data: ${text}\nid: ${id}\n\ndata: ${text}`);
    await session.post(`data: ${text}\nid: ${id + 1}\n\n`);
  }
  session.socket.send("a".repeat(90_000));
  assertEquals(session.seen.length, 11);
  assert(session.seen.every((line) => !line.startsWith("close")));
});

Deno.test("serveSocket() takes a message whose JSON is six times as long", async () => {
  const maxMessageSize = 50_000;
  await using session = await DirectSession.open({ maxMessageSize });
  const data = "\u0001".repeat(maxMessageSize - 1) + "\n";
  const body = `event: escaped\ndata: ${JSON.stringify(data)}\nid: 1\n\n`;
  assertEquals((await session.post(body)).status, 204);
  assertEquals(session.seen[1], `message ${JSON.stringify(data)}`);
});

Deno.test("serveSocket() lets only the newest POST wait for its client to read", async () => {
  await using session = await DirectSession.open({ maxBuffered: 100_000 });
  session.socket.send("a".repeat(60_000));
  const first = session.post("data: a\nid: 1\n\n");
  await event(session.socket, "message");
  const message = event(session.socket, "message");
  const second = session.post("data: b\nid: 2\n\n");
  assertEquals((await first).status, 204);
  await message;
  let isAnswered = false;
  second.then(() => isAnswered = true);
  // Another request is answered in the meantime.
  await session.get().then((stream) => stream.body?.cancel());
  assert(!isAnswered);
  const stream = await session.get();
  const reader = stream.body!.getReader();
  await reader.read();
  assertEquals((await second).status, 204);
  await reader.cancel();
});

Deno.test("serveSocket() ends a closed session although its client comes again and again", async () => {
  await using session = await DirectSession.open({ sessionTimeout: 100 });
  session.socket.close(3000);
  const closed = event(session.socket, "close");
  let status = 200;
  while (status === 200) {
    const stream = await session.get();
    status = stream.status;
    const reader = stream.body!.getReader();
    await reader.read();
    await reader.cancel();
    // Without it no timer would run.
    await new Promise((resolve) => setTimeout(resolve));
  }
  assertEquals(status, 404);
  assertEquals((await closed).code, 1006);
});

Deno.test("serveSocket() does not take the delayed requests of an honest client for violations", async () => {
  await using session = await DirectSession.open();
  for (const text of ["a", "b", "c"]) session.socket.send(text.repeat(70_000));
  while (!(await session.read()).includes("id: 3"));
  // A request for the stream that was on its way for long replaces the newer
  // one, and the next POST tells what came by that.
  const late = await session.get();
  const reader = late.body!.getReader();
  await reader.read();
  assertEquals((await session.post("", "3")).status, 204);
  // So may a POST.
  assertEquals((await session.post("", "1")).status, 204);
  assertEquals(session.seen, ["open (open)"]);
  await reader.cancel();
});

Deno.test("serveSocket() closes with an ID that its client has not seen, after a delayed request", async () => {
  await using session = await DirectSession.open({ maxBuffered: 1000 });
  for (const text of ["a", "b"]) session.socket.send(text);
  await session.read();
  const late = await session.get();
  session.socket.send("c".repeat(1000));
  assertStringIncludes(session.seen.at(-1) ?? "", "close 1013");
  const reader = late.body!.getReader();
  const { value } = await within("a chunk", reader.read());
  const text = new TextDecoder().decode(value);
  assertEquals(text.match(/^id: .*/gm), ["id: 1", "id: 2", "id: 3"]);
  assertStringIncludes(text, "event: close");
  await reader.cancel();
});

Deno.test("serveSocket() ends a session whose client confirms the close, and repeats its violation", async () => {
  await using session = await DirectSession.open();
  assertEquals((await session.post("data: a\n\n")).status, 400);
  assertStringIncludes(await session.read(), "event: close");
  assertEquals((await session.post("data: a\n\n", "1")).status, 400);
  assertEquals((await session.post("")).status, 404);
});

Deno.test("EventStreamSocket asks for no POST after another of a server without limits", async () => {
  await using server = new RawServer({
    maxBuffered: Infinity,
    maxBatchSize: Infinity,
    maxMessageSize: Infinity,
  });
  let posts = 0;
  const socket = new EventStreamSocket(server.url, [], {
    fetch(url, init) {
      if (init.method === "POST") posts++;
      return fetch(url, init);
    },
  });
  await event(socket, "open");
  for (let i = 0; i < 100; i++) {
    server.sockets[0]?.send("a");
    await event(socket, "message");
  }
  assertEquals(posts, 0);
  socket.close();
  await event(socket, "close");
});
