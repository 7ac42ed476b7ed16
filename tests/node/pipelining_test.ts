// Copyright 2026 the Tidings authors. MIT license.

/**
 * Requests that a client sends over one connection of HTTP/1 without waiting for their
 * responses: they are answered one after the other, and few of them wait.
 */

import { assert, assertEquals } from "@std/assert";
import { once } from "node:events";
import http from "node:http";
import net, { type AddressInfo } from "node:net";
import { EventChannel } from "../../channel.ts";
import { type FetchHandler, toNodeHandler } from "../../node/mod.ts";
import { serveEvents } from "../../server.ts";
import { readText, withHttp1Server } from "../support/node_server.ts";
import { within } from "../support/within.ts";
import { readHttp1Responses } from "./_http1.ts";

const GET = "GET / HTTP/1.1\r\nhost: a\r\n";
const LAST_GET = `${GET}connection: close\r\n\r\n`;

/** Serves a channel, and counts the clients that were there at the same time. */
function countClients(channel: EventChannel): {
  handler: FetchHandler;
  served: Promise<void>;
  most: () => number;
} {
  const served = Promise.withResolvers<void>();
  let most = 0;
  return {
    handler(request) {
      const response = channel.serve(request);
      most = Math.max(most, channel.size);
      served.resolve();
      return response;
    },
    served: served.promise,
    most: () => most,
  };
}

/** A connection, its text and its end. */
function connect(port: number): {
  socket: net.Socket;
  closed: Promise<unknown>;
} {
  const socket = net.connect(port, "127.0.0.1");
  socket.on("error", () => {});
  // Nothing is left in its buffer, so that it sees the end.
  socket.resume();
  return {
    socket,
    closed: new Promise((resolve) => socket.on("close", resolve)),
  };
}

Deno.test("toNodeHandler() answers pipelined requests in their order", async () => {
  let count = 0;
  let running = 0;
  const handler = async (request: Request) => {
    const own = ++count;
    assertEquals(++running, 1);
    // The first is the slowest.
    await new Promise((resolve) => setTimeout(resolve, own === 1 ? 20 : 0));
    running--;
    const body = await request.text();
    return new Response(`${own} ${request.method} ${body}`);
  };
  await withHttp1Server(handler, async ({ port }) => {
    const socket = net.connect(port, "127.0.0.1");
    const post = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\nbody";
    socket.write(`${GET}\r\n${post}${GET}\r\n${post}`.repeat(4) + LAST_GET);
    const text = await within("the answers", readText(socket));
    const { responses, rest } = readHttp1Responses(text);
    assertEquals(rest, "");
    assertEquals(
      responses.map(({ body }) => body),
      Array.from(
        { length: 17 },
        (_, i) => `${i + 1} ${i % 2 === 0 ? "GET " : "POST body"}`,
      ),
    );
  });
});

Deno.test("toNodeHandler() sends event streams of one connection in the order of their requests", async () => {
  let count = 0;
  const handler = (request: Request) => {
    const stream = ++count;
    return serveEvents(request, async function* () {
      // The first is the slowest.
      if (stream === 1) await new Promise((resolve) => setTimeout(resolve, 50));
      yield { data: `stream ${stream}` };
    });
  };
  await withHttp1Server(handler, async ({ port }) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.write(`${GET}\r\n${GET}\r\n${LAST_GET}`);
    const text = await within("the answers", readText(socket));
    const streams = [...text.matchAll(/data: stream (\d)/g)];
    assertEquals(streams.map(([, number]) => number), ["1", "2", "3"]);
  });
});

Deno.test("toNodeHandler() counts one client for a connection that sends 1000 requests", async () => {
  await using channel = new EventChannel();
  const { handler, served, most } = countClients(channel);
  await withHttp1Server(handler, async ({ port }) => {
    const { socket, closed } = connect(port);
    socket.write(`${GET}\r\n`.repeat(1000));
    await within("the first request", served);
    await within("the connection is closed", closed);
    // An answer shows that the server has dealt with all that came before.
    const next = connect(port);
    next.socket.write("HEAD / HTTP/1.1\r\nhost: a\r\n\r\n");
    await within("an answer", once(next.socket, "data"));
    next.socket.destroy();
    assertEquals(most(), 1);
    assertEquals(channel.size, 0);
  });
});

Deno.test("toNodeHandler() closes a connection that sends requests one by one behind an open stream", async () => {
  await using channel = new EventChannel();
  const { handler, served, most } = countClients(channel);
  await withHttp1Server(handler, async ({ port }) => {
    const { socket, closed } = connect(port);
    socket.write(`${GET}\r\n`);
    await within("the first request", served);
    let isClosed = false;
    closed.then(() => isClosed = true);
    let sent = 1;
    for (; !isClosed && sent < 1000; sent++) {
      socket.write(`${GET}\r\n`);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await within("the connection is closed", closed);
    assert(sent < 1000, "it takes any number of requests");
    assertEquals(most(), 1);
  });
});

Deno.test("toNodeHandler() answers what waited behind an event stream that ends", async () => {
  await using channel = new EventChannel();
  let requests = 0;
  const handler = (request: Request) =>
    ++requests === 1 ? channel.serve(request) : new Response("next");
  await withHttp1Server(handler, async ({ port }) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.write(`${GET}\r\n`);
    await within("the stream", once(socket, "data"));
    socket.write(LAST_GET);
    const answers = readText(socket);
    assertEquals(requests, 1);
    await channel.close();
    const text = await within("the answers", answers);
    assert(text.endsWith("\r\n4\r\nnext\r\n0\r\n\r\n"), text);
    assertEquals(requests, 2);
  });
});

Deno.test("toNodeHandler() begins nothing that waited when the client leaves", async () => {
  await using channel = new EventChannel();
  const left = Promise.withResolvers<string>();
  let requests = 0;
  const handler = (request: Request) => {
    requests++;
    return channel.serve(request, { onClose: left.resolve });
  };
  await withHttp1Server(handler, async ({ port }) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.write(`${GET}\r\n${GET}\r\n`);
    await within("the first stream", once(socket, "data"));
    socket.destroy();
    assertEquals(await within("onClose", left.promise), "client");
    const next = net.connect(port, "127.0.0.1");
    next.write(`HEAD / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`);
    await within("an answer", readText(next));
    // The stream, and what was asked for after it.
    assertEquals(requests, 2);
    assertEquals(channel.size, 0);
  });
});

Deno.test("toNodeHandler() has the requests of a connection wait for those of another handler", async () => {
  await using channel = new EventChannel();
  const one = countClients(channel);
  const other = countClients(channel);
  let requests = 0;
  const listeners = [one, other].map(({ handler }) => toNodeHandler(handler));
  const server = http.createServer((incoming, outgoing) =>
    listeners[requests++ % 2]!(incoming, outgoing)
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { socket, closed } = connect((server.address() as AddressInfo).port);
  socket.write(`${GET}\r\n`.repeat(10));
  await within("the first stream", once(socket, "data"));
  assertEquals(one.most() + other.most(), 1);
  assertEquals(channel.size, 1);
  socket.destroy();
  await within("the end", closed);
  const end = once(server, "close");
  server.close();
  server.closeAllConnections();
  await within("the server closes", end);
});
