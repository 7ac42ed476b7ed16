// Copyright 2026 the Tidings authors. MIT license.

/**
 * The limits that `SECURITY.md` names: each is in a table here, with what holds it, and
 * those are tried that no other test tries as large as they are by default.
 */

import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { once } from "node:events";
import net from "node:net";
import { EventChannel } from "../../channel.ts";
import { brotli, gzip } from "../../compression/mod.ts";
import { MemoryEventLog, MemoryEventLogs } from "../../log.ts";
import { DenoKvEventLogs } from "../../logs/deno_kv.ts";
import { RedisEventLogs } from "../../logs/redis_streams.ts";
import { EventRuns } from "../../runs/mod.ts";
import { type EventSession, serveEvents } from "../../server.ts";
import { serveSocket } from "../../socket/server.ts";
import { BodyClient, makeRequest, until } from "../channel/_clients.ts";
import { RawServer } from "../socket/_raw_client.ts";
import { withHttp1Server } from "../support/node_server.ts";
import { RemoteLog } from "../support/remote_log.ts";
import { within } from "../support/within.ts";

/** A limit, with the default that the page gives, and the test that holds it. */
type LimitRow = [limit: string, value: string, test: string];

const HERE = "package/limits";
const ROWS: LimitRow[] = [
  ["`maxEventSize`, of an event", "16 777 216 UTF-16 units", "parser/limit"],
  ["beginning of a refused response", "1024 bytes, 1 second", "client/refusal"],
  ["`backoff.maxDelay`", "30 seconds", "client/backoff"],
  ["`idleTimeout`, of a client", "none", "client/idle"],
  [
    "events that each tab of a shared connection keeps",
    "1 048 576 UTF-16 units",
    "shared/recent_events",
  ],
  ["`maxBuffered`, of `session.send()`", "1 048 576 bytes", HERE],
  ["`maxUnshared`, compressors of `gzip()`", "1000, of 49 152 bytes", HERE],
  [
    "`maxCompressors`, compressors of `zstd()`",
    "64, of 2.5 MiB",
    "compression/zstd",
  ],
  ["`maxCompressors`, clients of `brotli()`", "32, of 10 MiB", HERE],
  ["`maxDuration`, of one response", "none", "channel/lifetime"],
  [
    "`startTimeout`, of a response that nobody reads",
    "10 seconds",
    "channel/departure",
  ],
  [
    "`maxEvents`, `maxBytes` of `MemoryEventLog`",
    "10 000 events, 16 777 216 bytes",
    HERE,
  ],
  ["`liveSegmentBytes`, of a channel", "1 048 576 bytes", HERE],
  ["`maxSubscribers`, of a channel", "none", "channel/close"],
  ["`maxSubscribersPerKey`, of a channel", "none", "channel/close"],
  ["`maxTopicsPerSubscriber`, of a channel", "1000", "channel/topics"],
  ["`maxTopicsPerEvent`, of a channel", "100", "channel/topics"],
  ["`maxTopicLength`, of a channel", "256 UTF-16 units", "channel/topics"],
  ["`conflationKey`, of an event", "256 UTF-16 units", "channel/conflation"],
  ["ID of a run", "1024 bytes of UTF-8", HERE],
  ["name of a log", "1040 bytes of UTF-8", HERE],
  ["`maxRuns`, produced by one process", "10 000", "runs/limits"],
  [
    "`maxEvents`, `maxBytes`, `maxRunTime` of a run",
    "100 000 events, 16 777 216 bytes, 1 hour",
    "runs/limits",
  ],
  ["`keepFor`, of a run that has ended", "15 minutes", "runs/limits"],
  [
    "what a process keeps of a run that it produces",
    "1000 events or 1 048 576 bytes",
    "runs/redis_loss",
  ],
  ["requests behind an open one", "16", HERE],
  ["`maxMessageSize`, of a message", "1 048 576 bytes", HERE],
  ["`maxBatchSize`, of a POST", "4 194 304 bytes", HERE],
  ["POSTs of one session that are read", "1", "socket/post"],
  ["`sessionTimeout`, of the body of a POST", "30 seconds", "socket/post"],
  ["`maxBuffered`, of what is not confirmed", "16 777 216 bytes", HERE],
  ["`sessionTimeout`, of a client that is", "30 seconds", HERE],
  ["`maxSessions`, in the process", "10 000", HERE],
  ["`maxSessionsPerKey`", "none", "socket/refusal"],
];

Deno.test("SECURITY.md: each limit has its default in the table, and a test", async () => {
  const page = await Deno.readTextFile(
    new URL("../../SECURITY.md", import.meta.url),
  );
  const limits: string[][] = [];
  for (const [, table = ""] of page.matchAll(/^\| Limit .*\n((?:\|.*\n)+)/gm)) {
    const [, ...rows] = table.trim().split("\n");
    for (const row of rows) {
      limits.push(row.split("|").map((cell) => cell.trim()));
    }
  }
  assertEquals(limits.length, ROWS.length);
  for (const [index, [name, value, test]] of ROWS.entries()) {
    const [, limit = "", standard] = limits[index] ?? [];
    assert(limit.startsWith(name), `${limit} is not ${name}`);
    assertEquals(standard, value, name);
    const file = new URL(`../${test}_test.ts`, import.meta.url);
    assert((await Deno.stat(file)).isFile);
  }
});

Deno.test("limits: session.send() overflows beyond 1 048 576 bytes that wait", async () => {
  const opened = Promise.withResolvers<EventSession>();
  const response = serveEvents(makeRequest(), opened.resolve, { keepAlive: 0 });
  // A response that is given an event source has a body.
  const reader = response.body!.getReader();
  const first = reader.read();
  const session = await opened.promise;
  // 64 KiB with its field name and line breaks.
  const event = { data: "x".repeat(65_536 - 8) };
  let taken = 0;
  while (!session.signal.aborted && taken < 100) {
    session.send(event);
    if (!session.signal.aborted) taken++;
  }
  // What has left for the stream at once does not wait.
  assert(taken >= 16 && taken <= 18, `${taken} events`);
  assertEquals(await session.closed, "overflow");
  await first;
  await reader.cancel().catch(() => {});
});

Deno.test("limits: 32 clients of brotli() have a compressor, and a further one gets its stream uncompressed", async () => {
  const compression = brotli();
  const request = new Request("http://localhost/", {
    headers: { "accept-encoding": "br" },
  });
  const open = async () => {
    const sessions: EventSession[] = [];
    const response = serveEvents(
      request,
      (session) => {
        session.comment("open");
        sessions.push(session);
      },
      { compression, keepAlive: 0 },
    );
    // A response that is given an event source has a body.
    const reader = response.body!.getReader();
    await reader.read();
    const isCompressed = response.headers.get("content-encoding") === "br";
    return { isCompressed, reader };
  };
  const clients = [];
  for (let count = 0; count < 33; count++) clients.push(await open());
  assertEquals(clients.map(({ isCompressed }) => isCompressed), [
    ...new Array(32).fill(true),
    false,
  ]);

  // One that leaves makes room.
  await clients.shift()!.reader.cancel();
  clients.push(await open());
  assertEquals(clients.at(-1)!.isCompressed, true);
  for (const { reader } of clients) await reader.cancel();

  await using channel = new EventChannel({ compression, keepAlive: 0 });
  const left = channel.serve(request).body!.getReader();
  await left.read();
  await left.cancel();
  const later = [];
  for (let count = 0; count < 32; count++) later.push(await open());
  assert(later.every(({ isCompressed }) => isCompressed));
  for (const { reader } of later) await reader.cancel();
});

Deno.test("limits: 1000 clients of gzip() have a compressor of their own", async () => {
  await using channel = new EventChannel({
    compression: gzip(),
    keepAlive: 0,
  });
  const request = new Request("http://localhost/", {
    headers: { "accept-encoding": "gzip" },
  });
  const readers = Array.from({ length: 1001 }, (_, index) => {
    const { body } = channel.serve(request, { topics: [`${index}`] });
    // The channel's responses have bodies.
    const reader = body!.getReader();
    const run = async () => {
      while (!(await reader.read()).done);
    };
    return { reader, over: run() };
  });
  const bytes = crypto.getRandomValues(new Uint8Array(600));
  const data = btoa(String.fromCharCode(...bytes));

  /** Publishes, and gives the bytes that were sent. */
  async function publish(topics: string[] | undefined): Promise<number> {
    const { bytes, delivered } = channel.counters;
    await channel.publish({ data }, { topics });
    const count = topics === undefined ? readers.length : topics.length;
    await until(() => channel.counters.delivered === delivered + count);
    return channel.counters.bytes - bytes;
  }

  for (let i = 0; i < 3; i++) await publish(undefined);
  // It refers to the events before.
  assert(await publish(["0"]) < 200);
  assert(await publish(["999"]) < 200);
  assert(await publish(["1000"]) > 500);
  for (const { reader, over } of readers) {
    await reader.cancel();
    await over;
  }
});

Deno.test("limits: MemoryEventLog keeps 10 000 events and 16 777 216 bytes", async () => {
  for (
    const { data, count, options } of [
      { data: "", count: 10_100, options: { maxEvents: 10_000 } },
      { data: "x".repeat(2 ** 18), count: 100, options: { maxBytes: 2 ** 24 } },
    ]
  ) {
    const kept: number[] = [];
    for (const each of [undefined, options]) {
      const log = new MemoryEventLog(each);
      for (let i = 0; i < count; i++) await log.append({ data });
      const begin = await log.rewind(Infinity);
      const bounds = { limit: Infinity, maxBytes: Infinity };
      kept.push((await log.read(begin, bounds)).events.length);
    }
    assertEquals(kept[0], kept[1]);
    assert(kept[0]! > 0 && kept[0]! < count, `${kept[0]} events`);
  }
});

Deno.test("limits: EventChannel keeps 1 048 576 bytes of the log's end", async () => {
  const log = new RemoteLog();
  await using channel = new EventChannel({ log, keepAlive: 0 });
  await using first = new BodyClient(channel.serve(makeRequest())).run();
  const ids: string[] = [];
  for (let i = 0; i < 60; i++) {
    ids.push(await channel.publish({ data: "x".repeat(2 ** 15) }));
  }
  await first.inbox.untilEvents(60);

  /** Has a client come back after so many events; gives how often the log was read. */
  async function comeBack(missed: number): Promise<number> {
    const before = log.calls.read;
    const request = makeRequest(ids[ids.length - 1 - missed]);
    await using client = new BodyClient(channel.serve(request)).run();
    await client.inbox.untilEvents(missed);
    return log.calls.read - before;
  }

  // Its frame counts, and its text in memory may as well.
  assertEquals(await comeBack(9), 0);
  assert(await comeBack(33) > 0);
});

Deno.test("limits: the ID of a run has 1024 bytes of UTF-8", async () => {
  await using runs = new EventRuns();
  for (const id of ["x".repeat(1024), "é".repeat(512)]) {
    assertEquals(await runs.start(id, () => []), true);
    await assertRejects(() => runs.start(`${id}x`, () => []), RangeError);
  }
});

Deno.test("limits: the name of a log has 1040 bytes of UTF-8", async () => {
  using kv = await Deno.openKv(":memory:");
  using memory = new MemoryEventLogs();
  const redis = new RedisEventLogs({
    send: () => Promise.reject(),
    duplicate: () => Promise.reject(),
    close: () => {},
  }, "");
  for (const logs of [memory, new DenoKvEventLogs(kv, []), redis]) {
    // U+0000 counts twice, since an engine escapes it.
    for (const most of ["x".repeat(1040), "é".repeat(520), "\0".repeat(520)]) {
      logs.open(most);
      assertThrows(() => logs.open(`${most}x`), RangeError, "1040");
    }
  }
});

for (const [requests, isOpen] of [[17, true], [18, false]] as const) {
  Deno.test(`limits: toNodeHandler() ${isOpen ? "keeps" : "closes"} a connection with ${requests - 1} requests behind an open one`, async () => {
    const opened = Promise.withResolvers<void>();
    const end = Promise.withResolvers<Response>();
    let count = 0;
    const handler = (): Response | Promise<Response> => {
      if (++count > 1) return new Response("next");
      opened.resolve();
      return end.promise;
    };
    await withHttp1Server(handler, async ({ port }) => {
      const socket = net.connect(port, "127.0.0.1");
      socket.on("error", () => {});
      const closed = once(socket, "close");
      let text = "";
      socket.on("data", (chunk: Uint8Array) => {
        text += new TextDecoder().decode(chunk);
      });
      const get = "GET / HTTP/1.1\r\nhost: a\r\n";
      socket.write(`${get}\r\n`);
      await within("the first request", opened.promise);
      const last = `${get}connection: close\r\n\r\n`;
      socket.write(`${get}\r\n`.repeat(requests - 2) + last);
      // An answer shows that the server has dealt with all that came before.
      const other = await fetch(`http://127.0.0.1:${port}/`);
      assertEquals(await other.text(), "next");
      if (isOpen) end.resolve(new Response("first"));
      await within("the connection is closed", closed);
      end.resolve(new Response("first"));
      assertEquals(text.split("HTTP/1.1 200").length - 1, isOpen ? 17 : 0);
    });
  });
}

Deno.test("limits: serveSocket() tells its client the limits that it begins with", async () => {
  await using server = new RawServer();
  const session = await server.open();
  const opening = JSON.parse((await session.next())?.data ?? "");
  assertEquals(opening.sessionTimeout, 30_000);
  assertEquals(opening.maxBatchSize, 4_194_304);
  // An eighth of `maxBuffered`.
  assertEquals(opening.acknowledgeAfter, 16_777_216 / 8);
  await session.leave();
});

Deno.test("limits: serveSocket() takes a message of 1 048 576 bytes, and closes after a larger one", async () => {
  await using server = new RawServer();
  const session = await server.open();
  await session.next();
  const data = "x".repeat(1_048_576);
  const { status } = await session.post(`data: ${data}\nid: 1\n\n`);
  assert(status < 300, `${status}`);
  const refused = await session.post(`data: ${data}x\nid: 2\n\n`);
  assertEquals(refused.status, 413);
  await session.leave();
});

Deno.test("limits: serveSocket() has 10 000 sessions, and answers the next with 503", async () => {
  const shutdown = new AbortController();
  const { signal } = shutdown;
  const open = async (): Promise<Response> =>
    await serveSocket(
      new Request("http://localhost/", {
        headers: { "socket-session": "new" },
      }),
      () => {},
      { signal, keepAlive: 0 },
    );
  const responses: Response[] = [];
  for (let i = 0; i < 10_000; i++) responses.push(await open());
  assert(responses.every(({ status }) => status === 200));
  const refused = await open();
  assertEquals(refused.status, 503);
  await refused.body?.cancel();
  shutdown.abort();
  for (const { body } of responses) await body?.cancel();
});

Deno.test("limits: serveSocket() closes a WebSocket with 1013 whose client is slow", async () => {
  await using server = new RawServer({ maxBuffered: 1_000_000 });
  const client = new WebSocket(server.url.replace("http", "ws"));
  await within("the socket", once(client, "open"));
  const [socket] = server.sockets;
  // Nothing is sent before the end of this turn.
  socket!.send("x".repeat(600_000));
  assertEquals(socket!.readyState, WebSocket.OPEN);
  socket!.send("x".repeat(600_000));
  assert(socket!.readyState >= WebSocket.CLOSING);
  await within("the close", once(client, "close"));
  assertStringIncludes(server.seen[0]?.at(-1) ?? "", "close 1013");
});
