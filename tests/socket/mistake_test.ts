// Copyright 2026 the Tidings authors. MIT license.

/** Options of a client's socket that have a mistake: it closes, in place of trying for ever. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  EventStreamSocket,
  type EventStreamSocketOptions,
} from "../../socket/mod.ts";
import { serveSocket } from "../../socket/server.ts";
import { event } from "./_kinds.ts";

type Fetch = NonNullable<EventStreamSocketOptions["fetch"]>;

const NOTHING = undefined as unknown as { token(): string };

/** Mistakes in a request, of which the texts are those of the engine that runs this. */
const MISTAKES: Record<string, Fetch> = {
  "throws at once": () => {
    throw new Error("no");
  },
  "uses what is undefined, at once": () => {
    NOTHING.token();
    return Promise.reject(new Error("unreachable"));
  },
  "uses what is undefined, later": async (url, init) => {
    await undefined;
    return fetch(url, { ...init, headers: { token: NOTHING.token() } });
  },
  "rejects with a ReferenceError": () =>
    Promise.reject(new ReferenceError("token is not defined")),
  "resolves with nothing": () =>
    Promise.resolve(undefined as unknown as Response),
};

for (const [name, mistake] of Object.entries(MISTAKES)) {
  for (const method of ["GET", "POST"]) {
    Deno.test(`EventStreamSocket closes, with a reason, if its fetch ${name} for a ${method}`, async () => {
      await using server = new EchoServer();
      let calls = 0;
      const socket = open(server, {
        fetch: (url, init) => {
          if ((init.method ?? "GET") !== method) return fetch(url, init);
          calls++;
          return mistake(url, init);
        },
      });
      if (method === "POST") {
        await event(socket, "open");
        socket.send("a");
      }
      const { code, reason, wasClean } = await event(socket, "close");
      assertEquals([code, wasClean, calls], [1006, false, 1]);
      const verb = method === "GET" ? "open socket" : "send messages";
      assert(
        reason.startsWith(`Cannot ${verb}: a function of the options threw: `),
        reason,
      );
    });
  }
}

Deno.test("EventStreamSocket closes, with a reason, if its headers throw for a POST", async () => {
  await using server = new EchoServer();
  let calls = 0;
  const socket = open(server, {
    headers: () => {
      if (++calls > 1) throw new Error("no token");
      return {};
    },
  });
  await event(socket, "open");
  socket.send("a");
  const { reason } = await event(socket, "close");
  assertMatch(reason, /^Cannot send messages: .* threw: Error: no token$/);
  assertEquals(calls, 2);
});

Deno.test("EventStreamSocket sends a POST again that the network has lost", async () => {
  await using server = new EchoServer();
  let posts = 0;
  const socket = open(server, {
    fetch: (url, init) =>
      init.method === "POST" && ++posts < 3
        ? Promise.reject(new TypeError("Failed to fetch"))
        : fetch(url, init),
  });
  await event(socket, "open");
  socket.send("a");
  assertEquals((await event(socket, "message")).data, "a");
  socket.close();
  await event(socket, "close");
});

Deno.test("EventStreamSocket sends a POST once whose answer has a body of another kind", async () => {
  await using server = new EchoServer();
  const posts: string[] = [];
  const socket = open(server, {
    // As node-fetch has it: a stream of Node, which has no cancel().
    fetch: async (url, init) => {
      const response = await fetch(url, init);
      if (init.method !== "POST") return response;
      await response.body?.cancel();
      const { status, headers } = response;
      posts.push(
        `${status} ${new TextDecoder().decode(init.body as Uint8Array)}`,
      );
      return { status, headers, body: {} } as Response;
    },
  });
  await event(socket, "open");
  socket.send("a");
  assertEquals((await event(socket, "message")).data, "a");
  socket.close();
  assertEquals((await event(socket, "close")).wasClean, true);
  assertEquals(posts.length, new Set(posts).size, posts.join());
});

/** A server that sends each message back, and keeps no session once it is disposed of. */
class EchoServer implements AsyncDisposable {
  readonly url: string;
  readonly #shutdown = new AbortController();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor() {
    const { signal } = this.#shutdown;
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      (request) =>
        serveSocket(request, (socket) => {
          socket.onmessage = ({ data }) => socket.send(data);
        }, { signal }),
    );
    this.url = `http://127.0.0.1:${this.#server.addr.port}/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#shutdown.abort();
    await this.#server.shutdown();
  }
}

function open(
  { url }: EchoServer,
  options: EventStreamSocketOptions,
): WebSocket {
  return new EventStreamSocket(url, [], {
    reconnectionTime: 1,
    webSocketTimeout: 0,
    ...options,
  });
}
