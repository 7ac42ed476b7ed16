// Copyright 2026 the Tidings authors. MIT license.

/**
 * What is written past a response of `node:http` to its socket, byte for byte: one frame
 * for each chunk, in its order among all that is sent on the connection. Deno and Bun
 * write by the response, which has to give the same bytes.
 */

import {
  assert,
  assertEquals,
  assertLess,
  assertStrictEquals,
} from "@std/assert";
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import process from "node:process";
import { Writable } from "node:stream";
import { EventChannel } from "../../channel.ts";
import { gzip } from "../../compression/mod.ts";
import { MemoryEventLog } from "../../log.ts";
import { toNodeHandler } from "../../node/mod.ts";
import { serveEvents } from "../../server.ts";
import {
  type RequestListener,
  untilSteady,
  withHttp1Server,
} from "../support/node_server.ts";
import { within } from "../support/within.ts";
import { readHttp1Chunks, readHttp1Responses } from "./_http1.ts";

const GET = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
const isNode = process.versions.deno === undefined &&
  process.versions.bun === undefined;

/** A connection that a test writes and reads by hand. */
class Client {
  readonly socket: net.Socket;
  /** All bytes so far, one character for each. */
  text = "";
  readonly closed: Promise<unknown>;

  constructor(port: number) {
    this.socket = net.connect(port, "127.0.0.1");
    this.socket.setEncoding("latin1");
    this.socket.on("data", (text) => this.text += text);
    this.socket.on("error", () => {});
    this.closed = new Promise((resolve) => this.socket.on("close", resolve));
  }

  /** Connects and sends a request. */
  static ask(port: number, request = GET): Client {
    const client = new Client(port);
    client.socket.write(request);
    return client;
  }

  async until(what: string, isThere: () => boolean): Promise<void> {
    while (!isThere()) await within(what, once(this.socket, "data"));
  }

  /** The chunks of the response that is open. */
  get chunks(): string[] {
    const body = this.text.split("\r\n\r\n").slice(1).join("\r\n\r\n");
    return readHttp1Chunks(body).chunks;
  }

  /** Waits for a chunk, and gives the last one. */
  async chunkWith(data: string): Promise<string> {
    await this.until(data, () => this.chunks.join("").includes(data));
    return this.chunks.at(-1)!;
  }
}

/** What is handed to the socket of a response, by any method. */
function recordWrites(outgoing: http.ServerResponse): unknown[] {
  const written: unknown[] = [];
  const socket = outgoing.socket as net.Socket | null;
  if (!isNode || socket === null) return written;
  const { write } = socket;
  socket.write = (...args: unknown[]) => {
    written.push(args[0]);
    return write.apply(socket, args as Parameters<typeof write>);
  };
  return written;
}

/** A middleware that keeps the responses. */
function keeping(
  outgoings: http.ServerResponse[],
  onRequest: (outgoing: http.ServerResponse) => void = () => {},
): (listener: RequestListener) => RequestListener {
  return (listener) => (incoming, outgoing) => {
    outgoings.push(outgoing);
    onRequest(outgoing);
    listener(incoming, outgoing);
  };
}

/** Waits until the turn of the event loop has ended, with all that it has held back. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Waits for the first chunk, and for what Node writes after it at the end of the turn. */
async function untilOpen(client: Client): Promise<void> {
  await client.until("the first chunk", () => client.chunks.length > 0);
  await nextTurn();
}

Deno.test("toNodeHandler() makes the frame of a chunk once for all clients of a channel", async () => {
  await using channel = new EventChannel();
  const written: unknown[][] = [];
  const mount = keeping([], (outgoing) => written.push(recordWrites(outgoing)));
  await withHttp1Server(
    (request) => channel.serve(request),
    async ({ port }) => {
      const clients = Array.from({ length: 3 }, () => Client.ask(port));
      for (const client of clients) await untilOpen(client);
      for (const each of written) each.length = 0;
      for (let i = 0; i < 5; i++) {
        channel.publish({ data: `event ${i}`, id: i });
        for (const client of clients) {
          const chunk = await client.chunkWith(`event ${i}`);
          assertEquals(chunk, `data: event ${i}\nid: ${i}\n\n`);
        }
      }
      assertEquals(
        new Set(clients.map(({ chunks }) => chunks.join("|"))).size,
        1,
      );
      for (const each of isNode ? written : []) {
        assertEquals(each.length, 5);
        for (const [i, frame] of each.entries()) {
          assertEquals(
            String(frame),
            `15\r\ndata: event ${i}\nid: ${i}\n\n\r\n`,
          );
          assertStrictEquals(frame, written[0]![i]);
        }
      }
      await channel.close();
      for (const client of clients) {
        await client.until(
          "the end",
          () => client.text.endsWith("\r\n0\r\n\r\n"),
        );
        client.socket.destroy();
      }
    },
    { mount },
  );
});

Deno.test("toNodeHandler() writes streams and other answers to one connection, each byte in its place", async () => {
  const outgoings: http.ServerResponse[] = [];
  const handler = (request: Request): Response => {
    if (request.url.endsWith("/text")) return new Response("text");
    return serveEvents(request, async function* () {
      for (let i = 0; i < 4; i++) {
        yield { data: `${i}` };
        await nextTurn();
      }
    });
  };
  await withHttp1Server(handler, async ({ port }) => {
    const client = new Client(port);
    const paths = ["/a", "/text", "/b", "/c", "/text", "/d"];
    for (const [i, path] of paths.entries()) {
      client.socket.write(`GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`);
      await client.until(
        path,
        () => readHttp1Responses(client.text).responses.length > i,
      );
    }
    const { responses, rest } = readHttp1Responses(client.text);
    assertEquals(rest, "");
    assertEquals(
      responses.map(({ body }) => body),
      paths.map((path) =>
        path === "/text"
          ? "text"
          : "data: 0\n\ndata: 1\n\ndata: 2\n\ndata: 3\n\n"
      ),
    );
    for (const { headers, chunks } of responses) {
      if (headers.get("content-type") !== "text/event-stream") continue;
      assertEquals(headers.get("transfer-encoding"), "chunked");
      assertEquals(headers.has("content-length"), false);
      assertEquals(headers.has("trailer"), false);
      assertEquals(chunks.length, 4);
    }
    client.socket.destroy();
    await within("the connection closes", client.closed);
  }, { mount: keeping(outgoings) });
});

Deno.test("toNodeHandler() leaves a socket as it was: its listeners, and the timer of its keep-alive", async () => {
  await using channel = new EventChannel({
    log: new MemoryEventLog({ maxBytes: 2 ** 25 }),
  });
  const sockets: net.Socket[] = [];
  const mount = keeping([], ({ socket }) => socket && sockets.push(socket));
  await withHttp1Server(
    (request) => channel.serve(request),
    async ({ port }) => {
      const client = Client.ask(port);
      await untilOpen(client);
      const [socket] = sockets;
      const listeners = socket?.listenerCount("drain");
      const data = "x".repeat(10_000);
      client.socket.pause();
      // Until the client's system takes nothing more, which it does after some MiB.
      const most = isNode ? 2000 : 300;
      let events = 0;
      while (events < most && !(isNode && socket!.writableNeedDrain)) {
        channel.publish({ data, id: events++ });
        await nextTurn();
      }
      if (isNode) assertEquals(socket!.listenerCount("drain"), listeners! + 1);
      client.socket.resume();
      channel.publish({ data: "last" });
      await client.until(
        "the last",
        () => client.text.includes("data: last\n"),
      );
      await channel.close();
      await client.until(
        "the end",
        () => client.text.endsWith("\r\n0\r\n\r\n"),
      );
      const { responses: [response], rest } = readHttp1Responses(client.text);
      assertEquals(rest, "");
      assertEquals(response!.body.split(`data: ${data}\n`).length, events + 1);
      if (isNode) {
        await nextTurn();
        assertEquals(socket!.listenerCount("drain"), listeners);
        assertLess(0, socket!.timeout ?? 0);
      }
      client.socket.destroy();
    },
    { mount },
  );
});

Deno.test("toNodeHandler() writes no more than a client takes that does not read", async () => {
  await using channel = new EventChannel({
    log: new MemoryEventLog({ maxBytes: 2 ** 20 }),
    liveSegmentBytes: 2 ** 16,
  });
  const outgoings: http.ServerResponse[] = [];
  await withHttp1Server(
    (request) => channel.serve(request),
    async ({ port }) => {
      const client = Client.ask(port);
      await untilOpen(client);
      client.socket.pause();
      const data = "x".repeat(8000);
      for (let i = 0; i < 1600; i++) {
        channel.publish({ data });
        if (i % 4 === 0) await nextTurn();
      }
      assertLess(channel.counters.bytes, 1200 * data.length);
      assertLess(outgoings[0]!.writableLength, 2 ** 17);
      client.socket.resume();
      // It has fallen behind the log, so that its stream ends.
      await client.until(
        "the end",
        () => client.text.endsWith("\r\n0\r\n\r\n"),
      );
      const { responses: [response], rest } = readHttp1Responses(client.text);
      assertEquals(rest, "");
      assert(response!.body.startsWith("id: "));
      client.socket.destroy();
    },
    { mount: keeping(outgoings) },
  );
});

Deno.test("toNodeHandler() asks a source on when a client that stood still reads again", async () => {
  const count = 500;
  let asked = 0;
  const data = "x".repeat(9000);
  const handler = (request: Request) =>
    serveEvents(request, async function* () {
      for (; asked < count; asked++) {
        yield { data, id: asked };
        await Promise.resolve();
      }
    });
  await withHttp1Server(handler, async ({ port }) => {
    const client = Client.ask(port);
    await untilOpen(client);
    client.socket.pause();
    await untilSteady(() => asked);
    client.socket.resume();
    await client.until("the end", () => client.text.endsWith("\r\n0\r\n\r\n"));
    const { responses: [response] } = readHttp1Responses(client.text);
    assertEquals(
      response!.body,
      Array.from({ length: count }, (_, i) => `data: ${data}\nid: ${i}\n\n`)
        .join(""),
    );
    client.socket.destroy();
  });
});

/** What other code does with an open response, and the chunks that the client gets then. */
const DEEDS: Record<
  string,
  (
    outgoing: http.ServerResponse,
    publish: (data: string) => Promise<void>,
  ) => void | Promise<void>
> = {
  "nothing": async (_outgoing, publish) => {
    await publish("1");
  },
  "writes in the same turn, before": async (outgoing, publish) => {
    outgoing.write(":1\n\n");
    await publish("2");
  },
  "writes in the same turn, after": async (outgoing, publish) => {
    await publish("1");
    outgoing.write(":2\n\n");
  },
  "writes between two events of a turn": async (outgoing, publish) => {
    await publish("1");
    outgoing.write(":2\n\n");
    publish("3");
  },
  "corks, and uncorks in a later turn": async (outgoing, publish) => {
    outgoing.cork();
    publish("1");
    await nextTurn();
    outgoing.write(":2\n\n");
    publish("3");
    await nextTurn();
    outgoing.uncork();
    publish("4");
  },
  "corks the socket": async (outgoing, publish) => {
    outgoing.socket?.cork();
    publish("1");
    await nextTurn();
    publish("2");
    await nextTurn();
    outgoing.write(":3\n\n");
    outgoing.socket?.uncork();
    publish("4");
  },
  "replaces write() by a method that marks what it writes": async (
    outgoing,
    publish,
  ) => {
    publish("1");
    await nextTurn();
    const { write } = outgoing;
    outgoing.write = (chunk: unknown) => {
      write.call(outgoing, ":marked\n", "utf8");
      return write.call(outgoing, chunk, "utf8");
    };
    publish("2");
    await nextTurn();
    // The prototype's again.
    delete (outgoing as Partial<typeof outgoing>).write;
    publish("3");
  },
  "sends large events among small ones": async (_outgoing, publish) => {
    publish("1");
    await nextTurn();
    publish(`2${"x".repeat(40_000)}`);
    await nextTurn();
    publish("3");
    publish(`4${"x".repeat(40_000)}`);
    publish("5");
  },
  "sends characters of several bytes": async (_outgoing, publish) => {
    await publish("1 ЖӜ漢字🙂");
  },
};

for (const [what, act] of Object.entries(DEEDS)) {
  Deno.test(`toNodeHandler() keeps the order where other code does this with the response: ${what}`, async () => {
    await using channel = new EventChannel();
    const outgoings: http.ServerResponse[] = [];
    await withHttp1Server(
      (request) => channel.serve(request),
      async ({ port }) => {
        const client = Client.ask(port);
        await untilOpen(client);
        const first = client.chunks.length;
        let published = 0;
        await act(outgoings[0]!, async (data) => {
          published++;
          const { delivered } = channel.counters;
          channel.publish({ data });
          // Within the turn of the event loop, if it is the first event of the turn.
          for (let i = 0; i < 100; i++) {
            if (channel.counters.delivered > delivered) break;
            await Promise.resolve();
          }
        });
        await nextTurn();
        channel.publish({ data: "last" });
        await client.chunkWith("data: last\n");
        const text = client.chunks.slice(first).join("");
        const order = [...text.matchAll(/^(?:data: |:)(\d)/gm)].map(([, n]) =>
          n
        );
        assertEquals(order, order.toSorted(), text.slice(0, 500));
        assertEquals(text.match(/^data: /gm)?.length, published + 1);
        assertEquals(
          text.match(/^:marked\n/gm)?.length,
          what.startsWith("replaces") ? 1 : undefined,
        );
        await channel.close();
        await client.until(
          "the end",
          () => client.text.endsWith("\r\n0\r\n\r\n"),
        );
        assertEquals(readHttp1Responses(client.text).rest, "");
        client.socket.destroy();
      },
      { mount: keeping(outgoings) },
    );
  });
}

/** How an open stream ends: by what, for which reason, and whether its body is whole. */
const ENDS: Record<
  string,
  [
    end: (outgoing: http.ServerResponse, client: Client) => void,
    isWhole: boolean,
  ]
> = {
  "the client leaves": [(_outgoing, client) => client.socket.destroy(), false],
  "the client ends its side, and leaves": [
    (_outgoing, client) => client.socket.end(() => client.socket.destroy()),
    false,
  ],
  "destroy() of the response": [(outgoing) => outgoing.destroy(), false],
  "destroy() of the response, with an error": [
    (outgoing) => outgoing.destroy(new Error("hunter2")),
    false,
  ],
  "destroy() of the socket": [(outgoing) => outgoing.socket!.destroy(), false],
  "destroySoon() of the socket": [
    (outgoing) => (outgoing.socket as net.Socket).destroySoon(),
    false,
  ],
  "end() of the response": [(outgoing) => outgoing.end(), true],
  "end() of the response, with a chunk": [
    (outgoing) => outgoing.end(":end\n\n"),
    true,
  ],
};

for (const [what, [end, isWhole]] of Object.entries(ENDS)) {
  Deno.test(`toNodeHandler() writes nothing more to a connection after ${what}`, async () => {
    await using channel = new EventChannel();
    const outgoings: http.ServerResponse[] = [];
    const served = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<string>();
    const errors: unknown[] = [];
    const handler = (request: Request): Response => {
      if (request.url.endsWith("/text")) return new Response("text");
      served.resolve();
      return channel.serve(request, { onClose: closed.resolve });
    };
    await withHttp1Server(handler, async ({ port }) => {
      const [client, other] = [Client.ask(port), Client.ask(port)];
      for (const each of [client, other]) await untilOpen(each);
      const isFirst = (each: http.ServerResponse) =>
        each.socket?.remotePort === client.socket.localPort;
      channel.publish({ data: "1" });
      await client.chunkWith("data: 1\n");
      // What is published now goes out in this turn, before "close" comes.
      await nextTurn();
      end(outgoings.find(isFirst) ?? outgoings[0]!, client);
      // The server may not have noticed it yet.
      for (let i = 2; i < 5; i++) {
        channel.publish({ data: `${i}` });
        await nextTurn();
      }
      await other.chunkWith("data: 4\n");
      if (isWhole) {
        client.socket.write("GET /text HTTP/1.1\r\nhost: a\r\n\r\n");
        await client.until(
          "the next answer",
          () => readHttp1Responses(client.text).responses.length === 2,
        );
        channel.publish({ data: "5" });
        await other.chunkWith("data: 5\n");
        const { responses, rest } = readHttp1Responses(client.text);
        assertEquals([responses[1]!.body, rest], ["text", ""]);
        assert(!responses[0]!.body.includes("data: 2"));
        client.socket.destroy();
      } else {
        await within("the connection closes", client.closed);
        assertEquals(client.text.endsWith("\r\n0\r\n\r\n"), false);
      }
      if (!isWhole) {
        assertEquals(await within("onClose", closed.promise), "client");
      }
      assertEquals(errors, []);
      other.socket.destroy();
    }, {
      mount: keeping(outgoings),
      onError: (error) => void errors.push(error),
    });
  });
}

Deno.test("toNodeHandler() cuts a body off whose source fails after events were sent", async () => {
  const failure = new Error("hunter2");
  const errors: unknown[] = [];
  const handler = (request: Request) =>
    serveEvents(request, async function* () {
      for (let i = 0; i < 3; i++) {
        yield { data: `${i}` };
        await nextTurn();
      }
      throw failure;
    });
  await withHttp1Server(handler, async ({ port }) => {
    const client = Client.ask(port);
    await within("the connection closes", client.closed);
    assertEquals(client.chunks.join(""), "data: 0\n\ndata: 1\n\ndata: 2\n\n");
    assertEquals(readHttp1Responses(client.text).responses, []);
  }, { onError: (error) => void errors.push(error) });
  assertEquals(errors, [failure]);
});

/** Requests that get no chunks, and what their heads say of the framing. */
const UNFRAMED: Record<string, [request: string, framing: string | undefined]> =
  {
    "HTTP/1.0": ["GET / HTTP/1.0\r\nhost: a\r\n\r\n", undefined],
    "HTTP/1.0 with keep-alive": [
      "GET / HTTP/1.0\r\nhost: a\r\nconnection: keep-alive\r\n\r\n",
      undefined,
    ],
  };

for (const [what, [request, framing]] of Object.entries(UNFRAMED)) {
  Deno.test(`toNodeHandler() sends a body without chunks, which ends with the connection, over ${what}`, async () => {
    const handler = (request: Request) =>
      serveEvents(request, async function* () {
        for (let i = 0; i < 3; i++) {
          yield { data: `${i}` };
          await nextTurn();
        }
      });
    await withHttp1Server(handler, async ({ port }) => {
      const client = Client.ask(port, request);
      await within("the connection closes", client.closed);
      const [head = "", body] = client.text.split("\r\n\r\n");
      assertEquals(/transfer-encoding: (.*)/i.exec(head)?.[1], framing);
      assertEquals(body, "data: 0\n\ndata: 1\n\ndata: 2\n\n");
    });
  });
}

Deno.test("toNodeHandler() sends no chunk for HEAD, and leaves the connection free", async () => {
  await using channel = new EventChannel();
  await withHttp1Server(
    (request) => channel.serve(request),
    async ({ port }) => {
      const client = Client.ask(port, "HEAD / HTTP/1.1\r\nhost: a\r\n\r\n");
      await client.until("the head", () => client.text.includes("\r\n\r\n"));
      channel.publish({ data: "1" });
      await nextTurn();
      client.socket.write(GET);
      await client.until("the stream", () => client.text.includes("\r\nid: "));
      assertEquals(client.text.split("HTTP/1.1 200 OK\r\n").length, 3);
      const [, between] = client.text.split("\r\n\r\n");
      assert(between!.startsWith("HTTP/1.1 200 OK\r\n"), between);
      client.socket.destroy();
    },
  );
});

Deno.test("toNodeHandler() closes a connection after its stream where the client wants that", async () => {
  await using channel = new EventChannel();
  await withHttp1Server(
    (request) => channel.serve(request),
    async ({ port }) => {
      const client = Client.ask(
        port,
        GET.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n"),
      );
      await untilOpen(client);
      channel.publish({ data: "1" });
      await client.chunkWith("data: 1\n");
      channel.publish({ data: "2" });
      await channel.close();
      await within("the connection closes", client.closed);
      const { responses: [response], rest } = readHttp1Responses(client.text);
      assertEquals(rest, "");
      assert(
        response!.body.endsWith(
          "\n\ndata: 2\nid: " + response!.body.split("id: ").at(-1),
        ),
      );
    },
  );
});

Deno.test("toNodeHandler() waits behind the response of another handler, and then writes in its place", async () => {
  await using channel = new EventChannel();
  const handle = toNodeHandler((request) => channel.serve(request));
  const slow = Promise.withResolvers<http.ServerResponse>();
  const served = Promise.withResolvers<void>();
  const server = http.createServer((incoming, outgoing) => {
    if (incoming.url === "/slow") return slow.resolve(outgoing);
    handle(incoming, outgoing);
    served.resolve();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  const client = Client.ask(
    port,
    `GET /slow HTTP/1.1\r\nhost: a\r\n\r\n${GET}`,
  );
  const first = await within("the first request", slow.promise);
  await within("the second request", served.promise);
  channel.publish({ data: "1" });
  await nextTurn();
  channel.publish({ data: "2" });
  await nextTurn();
  assertEquals(client.text, "");
  first.end("slow");
  await client.until("the events", () => client.text.includes("data: 2\n"));
  channel.publish({ data: "3" });
  await client.until("the event", () => client.text.includes("data: 3\n"));
  await channel.close();
  await client.until("the end", () => client.text.endsWith("\r\n0\r\n\r\n"));
  const { responses, rest } = readHttp1Responses(client.text);
  assertEquals([responses.length, responses[0]!.body, rest], [2, "slow", ""]);
  assertEquals(
    [...responses[1]!.body.matchAll(/data: (\d)/g)].map(([, n]) => n),
    ["1", "2", "3"],
  );
  client.socket.destroy();
  const end = once(server, "close");
  server.close();
  server.closeAllConnections();
  await within("the server closes", end);
});

/** Changes of a head at the last moment, as by `on-headers`, and the framing that is sent. */
const HEAD_CHANGES: Record<string, (outgoing: http.ServerResponse) => void> = {
  "without Transfer-Encoding": (outgoing) =>
    outgoing.removeHeader("transfer-encoding"),
  "with a Connection header": (outgoing) =>
    void outgoing.setHeader("connection", "close"),
  "with Transfer-Encoding in capitals": (outgoing) =>
    void outgoing.setHeader("Transfer-Encoding", "Chunked"),
  "as it was": () => {},
};

for (const [what, change] of Object.entries(HEAD_CHANGES)) {
  Deno.test(`toNodeHandler() frames a body as its head says, where a middleware sends the head ${what}`, async () => {
    await using channel = new EventChannel();
    const mount = keeping([], (outgoing) => {
      const { writeHead } = outgoing;
      outgoing.writeHead = (status: number, headers: unknown) => {
        for (const [name, value] of Object.entries(headers as object)) {
          outgoing.setHeader(name, value);
        }
        change(outgoing);
        return writeHead.call(outgoing, status);
      };
    });
    await withHttp1Server(
      (request) => channel.serve(request),
      async ({ port }) => {
        const client = Client.ask(port);
        await client.until("the start", () => client.text.includes("\r\n\r\n"));
        for (let i = 0; i < 3; i++) {
          channel.publish({ data: `${i}` });
          await client.until(
            "an event",
            () => client.text.includes(`data: ${i}\n`),
          );
        }
        await channel.close();
        client.socket.write("");
        const isChunked = /\r\ntransfer-encoding: chunked/i.test(client.text);
        if (isChunked) {
          await client.until(
            "the end",
            () => client.text.endsWith("\r\n0\r\n\r\n"),
          );
        } else {
          await within("the connection closes", client.closed);
        }
        const text = client.text.replace(
          /Transfer-Encoding: Chunked/,
          "transfer-encoding: chunked",
        );
        const { responses: [response], rest } = readHttp1Responses(text);
        assertEquals(rest, "");
        assertEquals(
          response!.body.match(/^(?:data: .*|id: .*|)\n/gm)!.join(""),
          response!.body,
        );
        client.socket.destroy();
      },
      { mount },
    );
  });
}

Deno.test("toNodeHandler() writes to a response by itself whose socket is a stand-in", async () => {
  const incoming = new http.IncomingMessage(new net.Socket());
  Object.assign(incoming, {
    method: "GET",
    url: "/",
    httpVersion: "1.1",
    httpVersionMajor: 1,
    httpVersionMinor: 1,
    headers: { host: "a" },
    rawHeaders: ["host", "a"],
  });
  // Deno's has no such stand-ins.
  if (!isNode) return;
  const outgoing = new http.ServerResponse(incoming);
  let text = "";
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += chunk;
      done();
    },
  });
  outgoing.assignSocket(stream as net.Socket);
  const finished = once(outgoing, "finish");
  const handle = toNodeHandler((request) =>
    serveEvents(request, async function* () {
      yield { data: "1" };
      await nextTurn();
      yield { data: "2" };
    })
  );
  handle(incoming, outgoing);
  await within("the end", finished);
  const { responses: [response], rest } = readHttp1Responses(text);
  assertEquals([response!.body, rest], ["data: 1\n\ndata: 2\n\n", ""]);
});

Deno.test("toNodeHandler() frames compressed chunks, which are bytes of any value", async () => {
  await using channel = new EventChannel({ compression: gzip() });
  await withHttp1Server(
    (request) => channel.serve(request),
    async ({ port }) => {
      const request = GET.replace(
        "\r\n\r\n",
        "\r\naccept-encoding: gzip\r\n\r\n",
      );
      const clients = [Client.ask(port, request), Client.ask(port, request)];
      for (const client of clients) await untilOpen(client);
      for (let i = 0; i < 20; i++) {
        channel.publish({ data: `event ${i} ${"x".repeat(i * 50)}` });
        await nextTurn();
      }
      await channel.close();
      for (const client of clients) {
        await client.until(
          "the end",
          () => client.text.endsWith("\r\n0\r\n\r\n"),
        );
        const { responses: [response], rest } = readHttp1Responses(client.text);
        assertEquals(rest, "");
        const bytes = Uint8Array.from(
          response!.body,
          (each) => each.charCodeAt(0),
        );
        const stream = new Blob([bytes]).stream()
          .pipeThrough(new DecompressionStream("gzip"));
        const text = await new Response(stream).text();
        assertEquals(text.match(/^data: event \d+/gm)?.length, 20);
        client.socket.destroy();
      }
    },
  );
});
