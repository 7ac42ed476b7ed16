// Copyright 2026 the Tidings authors. MIT license.

/**
 * The process of one server in Node, or in what can run the same: on `node:http`, or
 * on `node:http2` if that is the second argument.
 */

import { getRequestListener } from "@hono/node-server";
import { createChannel, createSession, type Session } from "better-sse";
import { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import http from "node:http";
import http2 from "node:http2";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { EventChannel } from "../../channel.ts";
import { encodeEvent } from "../../encoder.ts";
import type { ServerSentEventInit } from "../../event.ts";
import { toNodeHandler } from "../../node/mod.ts";
import { serveEvents } from "../../server.ts";
import { answerCommands, type MeasuredServer } from "./_fanout_answers.ts";

type Incoming = http.IncomingMessage & http2.Http2ServerRequest;
type Outgoing = http.ServerResponse & http2.Http2ServerResponse;

interface NodeFanoutServer extends MeasuredServer {
  listener: (incoming: Incoming, outgoing: Outgoing) => void;
}

/** The headers that a channel sends. */
const FULL_HEADERS = {
  "cache-control": "no-store, no-transform",
  "content-type": "text/event-stream",
  "x-accel-buffering": "no",
};
const HEADERS = { "content-type": "text/event-stream" };

const CONTESTANTS: Readonly<Record<string, () => NodeFanoutServer>> = {
  tidings: serveTidings,
  bare: serveBare,
  "by hand": serveByHand,
  "better-sse": serveBetterSse,
  "tidings-iterate": iterateTidings,
  "bare-iterate": iterateBare,
  "better-sse-iterate": iterateBetterSse,
  "hono-iterate": iterateHono,
};

function serveTidings(): NodeFanoutServer {
  // Where a machine is slow, comments would count as a part of accepting.
  const channel = new EventChannel({ keepAlive: 120_000 });
  return {
    listener: toNodeHandler((request) => channel.serve(request)),
    publish: (data, id) => void channel.publish({ event: "tick", data, id }),
    size: () => channel.size,
  };
}

/** The least that a server can do: no history, no backpressure. */
function serveBare(): NodeFanoutServer {
  const responses = new Set<Outgoing>();
  return {
    listener: (_incoming, outgoing) => {
      outgoing.writeHead(200, HEADERS);
      outgoing.write(encodeEvent({ comment: "hello" }));
      responses.add(outgoing);
      outgoing.on("close", () => responses.delete(outgoing));
    },
    publish: (data, id) => {
      const chunk = encodeEvent({ event: "tick", data, id });
      for (const outgoing of responses) outgoing.write(chunk);
    },
    size: () => responses.size,
  };
}

/** A client of a channel that is written by hand. */
interface Member {
  outgoing: Outgoing;
  hasRoom: boolean;
  /** Milliseconds, on the clock of `performance`. */
  lastWrite: number;
}

/**
 * What no server with the same guarantees can leave out for a client, in one function:
 * checks of the request, the same head and first event ID, back-pressure, comments that keep
 * it alive, and its departure.
 */
function serveByHand(): NodeFanoutServer {
  const members = new Set<Member>();
  const cursor = encodeEvent({ id: crypto.randomUUID() });
  const comment = encodeEvent({ comment: "" });
  const write = (member: Member, chunk: Uint8Array): void => {
    member.lastWrite = performance.now();
    member.hasRoom = member.outgoing.write(chunk);
  };
  setInterval(() => {
    const before = performance.now() - 60_000;
    for (const member of members) {
      if (member.lastWrite < before && member.hasRoom) write(member, comment);
    }
  }, 60_000).unref();
  return {
    listener: (incoming, outgoing) => {
      const { method, url = "/", headers } = incoming;
      const { accept = "*/*", host = "localhost" } = headers;
      const isServed = method === "GET" && /event-stream|\*/.test(accept) &&
        URL.canParse(`http://${host}${url}`);
      if (!isServed || headers["last-event-id"] !== undefined) {
        outgoing.writeHead(406).end();
        return;
      }
      outgoing.writeHead(200, FULL_HEADERS);
      const member = { outgoing, hasRoom: true, lastWrite: 0 };
      const leave = (): void => void members.delete(member);
      members.add(member);
      outgoing.on("close", leave);
      outgoing.on("error", leave);
      // What a slow client has missed would be written here.
      outgoing.on("drain", () => member.hasRoom = true);
      write(member, cursor);
    },
    publish: (data, id) => {
      const chunk = encodeEvent({ event: "tick", data, id });
      for (const member of members) if (member.hasRoom) write(member, chunk);
    },
    size: () => members.size,
  };
}

function serveBetterSse(): NodeFanoutServer {
  const channel = createChannel();
  return {
    listener: async (incoming, outgoing) => {
      channel.register(await createSession(incoming, outgoing));
    },
    publish: (data, id) =>
      void channel.broadcast(data, "tick", { eventId: String(id) }),
    size: () => channel.sessionCount,
  };
}

/** Where every client iterates over events of its own, which come at the same time. */
class Ticks {
  size = 0;
  #waiting: ((event: ServerSentEventInit) => void)[] = [];

  readonly publish = (data: string, id: number): void => {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve({ event: "tick", data, id });
  };

  async *events(): AsyncGenerator<ServerSentEventInit> {
    this.size++;
    yield { event: "hello", data: "" };
    for (;;) yield await new Promise((resolve) => this.#waiting.push(resolve));
  }
}

function iterate(
  makeListener: (ticks: Ticks) => NodeFanoutServer["listener"],
): NodeFanoutServer {
  const ticks = new Ticks();
  return {
    listener: makeListener(ticks),
    publish: ticks.publish,
    size: () => ticks.size,
  };
}

function iterateTidings(): NodeFanoutServer {
  return iterate((ticks) =>
    toNodeHandler((request) => serveEvents(request, () => ticks.events()))
  );
}

/** The least that a server can do: no backpressure, no end. */
function iterateBare(): NodeFanoutServer {
  return iterate((ticks) => async (_incoming, outgoing) => {
    outgoing.writeHead(200, HEADERS);
    for await (const { event, data, id } of ticks.events()) {
      if (outgoing.destroyed) break;
      outgoing.write(`event: ${event}\\ndata: ${data}\\nid: ${id}\\n\\n`);
    }
  });
}

function iterateBetterSse(): NodeFanoutServer {
  return iterate((ticks) => async (incoming, outgoing) => {
    const session: Session = await createSession(incoming, outgoing);
    // It throws once the client has left.
    await session.iterate(ticks.events()).catch(() => {});
  });
}

function iterateHono(): NodeFanoutServer {
  const app = new Hono();
  return iterate((ticks) => {
    app.get("/", (context) =>
      streamSSE(context, async (stream) => {
        for await (const { event, data, id } of ticks.events()) {
          await stream.writeSSE({
            data: data ?? "",
            ...(event === undefined ? {} : { event }),
            ...(id === undefined ? {} : { id: String(id) }),
          });
        }
      }));
    return getRequestListener(app.fetch);
  });
}

const [name = "", protocol = "http"] = process.argv.slice(2);
const { listener, ...server } = CONTESTANTS[name]!();
const listening = protocol === "http"
  ? http.createServer(listener as http.RequestListener)
  : http2.createServer(listener as Parameters<typeof http2.createServer>[0]);
listening.listen(0, "127.0.0.1", () => {
  console.log((listening.address() as AddressInfo).port);
});
await answerCommands(server);
