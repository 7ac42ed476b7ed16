// Copyright 2026 the Tidings authors. MIT license.

/** What one session can make a server hold, in a process with a heap of 256 MB. */

import { assert, assertEquals } from "@std/assert";
import { sendSignal } from "../support/send_signal.ts";
import { within } from "../support/within.ts";

const COUNT = 60;
/** Bytes of memory above idle: what one session may buffer, some times. */
const MOST = 128 * 1024 * 1024;

/** A server in a process of its own. */
class MemoryServer implements AsyncDisposable {
  readonly port: number;
  readonly #child: Deno.ChildProcess;

  private constructor(child: Deno.ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start(): Promise<MemoryServer> {
    const file = new URL("_memory_server.ts", import.meta.url).href;
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--no-check",
        "--v8-flags=--max-old-space-size=256",
        file,
      ],
      stdout: "piped",
    }).spawn();
    const reader = child.stdout.getReader();
    const { value } = await within("the server starts", reader.read());
    await reader.cancel();
    return new MemoryServer(child, Number(new TextDecoder().decode(value)));
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/`;
  }

  /** The bytes that the process takes. */
  async measure(): Promise<number> {
    const response = await within("an answer", fetch(`${this.url}memory`));
    return (await response.json()).rss;
  }

  /** Opens a session. Gives its ID, and what closes its stream. */
  async open(): Promise<{ id: string; response: Response }> {
    const headers = { "socket-session": "new" };
    const response = await fetch(this.url, { headers });
    const id = response.headers.get("socket-session") ?? "";
    const reader = response.body!.getReader();
    // The socket is open once its stream is read.
    await within("the first event", reader.read());
    reader.releaseLock();
    return { id, response };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    sendSignal(this.#child, "SIGKILL");
    await this.#child.status;
  }
}

/** A line that does not end, of 4 MB, and then nothing. */
function unfinishedLine(): ReadableStream<Uint8Array> {
  let left = COUNT;
  return new ReadableStream({
    async pull(controller) {
      if (left-- === 0) await new Promise(() => {});
      controller.enqueue(new Uint8Array(65_536).fill(97));
    },
  }, { highWaterMark: 0 });
}

Deno.test("serveSocket() holds one of 60 POSTs of a session whose line does not end", async () => {
  await using server = await MemoryServer.start();
  const idle = await server.measure();
  const { id, response } = await server.open();
  const statuses: number[] = [];
  const enough = Promise.withResolvers<void>();
  const posts = Array.from({ length: COUNT }, async () => {
    const init = {
      method: "POST",
      headers: { "socket-session": id },
      body: unfinishedLine(),
      duplex: "half",
    };
    const answer = await fetch(server.url, init);
    await answer.body?.cancel();
    statuses.push(answer.status);
    if (statuses.length === COUNT - 1) enough.resolve();
  });
  // The last one is broken off at the end, as all are if the server dies.
  for (const post of posts) post.catch(() => {});
  await within(`${COUNT - 1} answers`, enough.promise);
  assertEquals(new Set(statuses), new Set([429]));
  const grown = await server.measure() - idle;
  assert(grown < MOST, `${grown} bytes`);
  await response.body?.cancel();
  await server[Symbol.asyncDispose]();
  await Promise.allSettled(posts);
});

Deno.test("serveSocket() holds no more for 60 streams of a session that are not read", async () => {
  await using server = await MemoryServer.start();
  const idle = await server.measure();
  const { id, response } = await server.open();
  const body = "data: 10000000\nid: 1\n\n";
  const headers = { "socket-session": id };
  const answer = await fetch(server.url, { method: "POST", body, headers });
  assertEquals(answer.status, 204);
  const head = `GET / HTTP/1.1\r\nhost: a\r\nsocket-session: ${id}\r\n\r\n`;
  const connections: Deno.Conn[] = [];
  for (let i = 0; i < COUNT; i++) {
    const { port } = server;
    const connection = await Deno.connect({ port, hostname: "127.0.0.1" });
    connections.push(connection);
    await connection.write(new TextEncoder().encode(head));
    // The answer has begun, and no more is read of it.
    await within("an answer", connection.read(new Uint8Array(100)));
  }
  const grown = await server.measure() - idle;
  assert(grown < MOST, `${grown} bytes`);
  for (const connection of connections) connection.close();
  await response.body?.cancel();
});
