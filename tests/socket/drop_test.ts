// Copyright 2026 the Tidings authors. MIT license.

import { assertEquals, assertGreater } from "@std/assert";
import { EventStreamSocket } from "../../socket/mod.ts";
import { serveSocket, type ServeSocketOptions } from "../../socket/server.ts";
import { DroppingProxy } from "../support/dropping_proxy.ts";
import { Random } from "../support/random.ts";
import { event } from "./_kinds.ts";
import { within } from "../support/within.ts";

/** Reconnects as fast as can be. */
const IMPATIENT = { reconnectionTime: 1, backoff: { maxDelay: 10 } };

/** Runs a test with a client and a server whose connections a proxy breaks. */
async function withProxy(
  options: ServeSocketOptions,
  test: (
    client: WebSocket,
    server: WebSocket,
    proxy: DroppingProxy,
    random: Random,
  ) => Promise<void>,
): Promise<void> {
  const seed = Number(
    Deno.env.get("SEED") ?? Math.floor(Math.random() * 2 ** 31),
  );
  const random = new Random(seed);
  const { promise, resolve } = Promise.withResolvers<WebSocket>();
  const shutdown = new AbortController();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {}, onError: lost },
    (request) =>
      serveSocket(request, resolve, { ...options, signal: shutdown.signal }),
  );
  try {
    await using proxy = new DroppingProxy(server.addr.port, random);
    const url = `http://127.0.0.1:${proxy.port}/`;
    const client = new EventStreamSocket(url, [], IMPATIENT);
    await event(client, "open");
    await test(client, await promise, proxy, random);
  } catch (error) {
    throw new Error(`Failed, run again with SEED=${seed}: ${error}`, {
      cause: error,
    });
  } finally {
    shutdown.abort();
    await server.shutdown();
  }
}

/** The client's connection broke: the response is not read. */
function lost(): Response {
  return new Response(null, { status: 400 });
}

/** Sends numbered messages of all kinds, some in each event loop turn. */
async function sendAll(
  socket: WebSocket,
  count: number,
  random: Random,
): Promise<void> {
  for (let number = 0; number < count;) {
    const end = Math.min(count, number + 1 + random.below(40));
    for (; number < end; number++) {
      const text = `${number} ${random.text(["a", "é", "\n", " "], 60)}`;
      socket.send(number % 5 === 0 ? new TextEncoder().encode(text) : text);
    }
    await new Promise((resolve) => setTimeout(resolve, random.below(3)));
  }
}

/** Collects the numbers of the messages until there are so many. */
async function receiveAll(
  socket: WebSocket,
  count: number,
): Promise<number[]> {
  socket.binaryType = "arraybuffer";
  const numbers: number[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.onmessage = ({ data }) => {
    const text = typeof data === "string"
      ? data
      : new TextDecoder().decode(data);
    numbers.push(parseInt(text));
    if (numbers.length === count) resolve();
  };
  await within(`${count} messages, ${numbers.length} are there`, promise);
  return numbers;
}

Deno.test("EventStreamSocket delivers each message once and in order over many drops, both ways", async () => {
  await withProxy({}, async (client, server, proxy, random) => {
    const count = 4000;
    proxy.limit = 40_000;
    const [down, up] = await Promise.all([
      receiveAll(client, count),
      receiveAll(server, count),
      sendAll(client, count, random),
      sendAll(server, count, random),
    ]);
    const expected = Array.from({ length: count }, (_, number) => number);
    assertEquals(down, expected);
    assertEquals(up, expected);
    assertGreater(proxy.drops, 10);
    proxy.limit = Infinity;
    client.close();
    await Promise.all([event(client, "close"), event(server, "close")]);
  });
});

for (const side of ["client", "server"]) {
  Deno.test(`EventStreamSocket closes cleanly over drops, after all messages, from the ${side}`, async () => {
    await withProxy({}, async (client, server, proxy, random) => {
      const [from, to] = side === "client"
        ? [client, server]
        : [server, client];
      const numbers: number[] = [];
      to.onmessage = () => numbers.push(numbers.length);
      proxy.limit = 5000;
      await sendAll(from, 500, random);
      from.close(4000, "done");
      const ends = await Promise.all([
        event(from, "close"),
        event(to, "close"),
      ]);
      for (const { code, reason, wasClean } of ends) {
        assertEquals([code, reason, wasClean], [4000, "done", true]);
      }
      assertEquals(numbers.length, 500);
    });
  });
}

Deno.test("EventStreamSocket stays open while all of its connections are broken again and again", async () => {
  await withProxy({}, async (client, server, proxy) => {
    const received: string[] = [];
    server.onmessage = ({ data }) => server.send(data);
    client.onmessage = ({ data }) => received.push(data);
    for (let i = 0; i < 50; i++) {
      client.send(`${i}`);
      if (i % 2 === 0) proxy.drop();
      await event(client, "message");
      assertEquals(client.readyState, EventStreamSocket.OPEN);
    }
    assertEquals(received, Array.from({ length: 50 }, (_, i) => `${i}`));
    client.close();
    await Promise.all([event(client, "close"), event(server, "close")]);
  });
});

Deno.test("serveSocket() closes the socket with 1006 if its client does not come back in time", async () => {
  await withProxy({ sessionTimeout: 50 }, async (client, server, proxy) => {
    proxy.limit = 0;
    proxy.drop();
    const ends = await Promise.all([
      event(client, "close"),
      event(server, "close"),
    ]);
    for (const { code, reason, wasClean } of ends) {
      assertEquals([code, reason, wasClean], [1006, "", false]);
    }
  });
});
