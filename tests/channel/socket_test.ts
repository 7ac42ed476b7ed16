// Copyright 2026 the Tidings authors. MIT license.

import { assert, assertEquals } from "@std/assert";
import { EventChannel } from "../../channel.ts";
import { SocketClient, startServer, until } from "./_clients.ts";

Deno.test("EventChannel serves 2000 clients at a time", async () => {
  const channel = new EventChannel();
  await using server = startServer((request) => channel.serve(request));
  const clients: SocketClient[] = [];
  while (clients.length < 2000) {
    const batch = Array.from(
      { length: 100 },
      () => SocketClient.connect(server.port),
    );
    for (const client of await Promise.all(batch)) clients.push(client.run());
  }
  // Not before all of them know their cursors.
  for (const { inbox } of clients) {
    await inbox.until(() => inbox.lastEventId !== "");
  }
  assertEquals(channel.size, 2000);
  for (const data of numbers(20)) await channel.publish({ data });
  for (const { inbox } of clients) {
    await inbox.untilEvents(20);
    assertEquals(inbox.data, numbers(20));
  }
  assertEquals(channel.counters.delivered, 40_000);
  // Half of them leave by themselves.
  for (const client of clients.slice(1000)) client.close();
  await until(() => channel.size === 1000);
  await channel.close();
  await Promise.all(clients.map((client) => client.end()));
});

Deno.test("EventChannel lets go of clients that leave at any moment", async () => {
  const channel = new EventChannel({ liveSegmentBytes: 10_000, keepAlive: 2 });
  await using server = startServer((request) => channel.serve(request));
  const start = await channel.publish({ data: "0" });
  const big = "x".repeat(10_000);
  for (let i = 0; i < 100; i++) await channel.publish({ data: big });
  const staying = (await SocketClient.connect(server.port)).run();
  const moments = [
    // before the server has seen the request
    async (client: SocketClient) => await client[Symbol.asyncDispose](),
    // before the first event
    async (client: SocketClient) => {
      client.run();
      await until(() => client.head !== "");
    },
    // in the middle of a replay, of which it has read a part
    async (client: SocketClient) => {
      client.run();
      await client.inbox.until(() => client.inbox.chunks > 0);
    },
    // while it is sent a broadcast
    async (client: SocketClient) => {
      client.run();
      await until(() => client.head !== "");
      channel.publish({ data: big });
    },
    // when a comment is all that it gets
    async (client: SocketClient) => {
      client.run();
      await client.inbox.until(() => client.inbox.comments.length > 0);
    },
    // before it has read anything
    async () => await until(() => channel.size > 1),
  ];
  for (let round = 0; round < 5; round++) {
    for (const moment of moments) {
      for (const lastEventId of [undefined, start, "unknown"]) {
        const request = lastEventId === undefined ? {} : { lastEventId };
        await using client = await SocketClient.connect(server.port, request);
        await moment(client);
      }
    }
  }
  await until(() => channel.size === 1);
  await channel.publish({ event: "end", data: "end" });
  await staying.inbox.until(() => staying.inbox.data.at(-1) === "end");
  assertEquals(channel.counters.overflows, 0);
  await channel.close();
  await staying.end();
});

Deno.test("EventChannel.close() lets shutdown() of the server finish", async () => {
  const channel = new EventChannel();
  const server = startServer((request) => channel.serve(request));
  const clients: SocketClient[] = [];
  for (let i = 0; i < 10; i++) {
    clients.push((await SocketClient.connect(server.port)).run());
  }
  await until(() => channel.size === 10);
  channel.publish({ data: "last" });
  await channel.close({ retry: 1000 });
  await server[Symbol.asyncDispose]();
  for (const client of clients) {
    await client.end();
    assertEquals(client.inbox.data, ["last"]);
    assert(client.inbox.reconnectionTime! >= 1000);
  }
});

function numbers(count: number): string[] {
  return Array.from({ length: count }, (_, index) => String(index));
}

Deno.test("EventChannel has one client for a connection that asks 1000 times without waiting", async () => {
  const channel = new EventChannel();
  let most = 0;
  await using server = startServer((request) => {
    if (request.url.endsWith("/other")) return new Response();
    const response = channel.serve(request);
    most = Math.max(most, channel.size);
    return response;
  });
  const connection = await Deno.connect({
    hostname: "127.0.0.1",
    port: server.port,
  });
  const request = "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";
  try {
    await connection.write(new TextEncoder().encode(request.repeat(1000)));
  } catch {
    // The server may close the connection before it has taken all.
  }
  // While these are answered, the server has the time to take the rest.
  for (let count = 0; count < 20; count++) {
    await (await fetch(`http://127.0.0.1:${server.port}/other`)).text();
  }
  assertEquals(most, 1);
  connection.close();
  // Deno.serve begins with the next when the client has left, and ends both at once.
  await until(() => channel.size === 0);
  await channel.close();
});
