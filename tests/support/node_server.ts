// Copyright 2026 the Tidings authors. MIT license.

/** Servers of `node:http` and `node:http2` with our listener, and clients of theirs. */

import { assert } from "@std/assert";
import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import net, { type AddressInfo } from "node:net";
import type { Readable, Writable } from "node:stream";
import {
  type FetchHandler,
  toNodeHandler,
  type ToNodeHandlerOptions,
} from "../../node/mod.ts";
import { within } from "./within.ts";

/** What a request can be given. */
export interface ClientRequestInit {
  method?: string;
  path?: string;
  headers?: Record<string, string>;
}

/** A request that has been begun, with its own connection. */
export interface ClientExchange {
  /** The body of the request, to be ended. */
  upload: Writable;
  /** Status and headers, once they are there. */
  head: Promise<{ status: number; headers: http.IncomingHttpHeaders }>;
  /** The body of the response; its head has to be awaited before. */
  body: () => Readable;
  /** Breaks the connection off. */
  leave: () => void;
}

/** A server that runs, as a client sees it. */
export interface NodeServer {
  port: number;
  begin: (init?: ClientRequestInit) => ClientExchange;
}

/** A listener for the requests of a server, of either protocol. */
export type RequestListener = (
  incoming: http.IncomingMessage,
  outgoing: http.ServerResponse,
) => void;

/** How a server is made. */
export interface NodeServerOptions extends ToNodeHandlerOptions {
  /** Puts a middleware before our listener. */
  mount?: (listener: RequestListener) => RequestListener;
}

/** Runs `test` with a server, and waits until the server has closed. */
export type WithNodeServer = (
  handler: FetchHandler,
  test: (server: NodeServer) => Promise<void>,
  options?: NodeServerOptions,
) => Promise<void>;

/** One way to serve for each protocol. */
export const PROTOCOLS: Record<string, WithNodeServer> = {
  async "HTTP/1.1"(handler, test, options) {
    const server = http.createServer(makeListener(handler, options));
    const port = await listen(server);
    try {
      await test({ port, begin: (init) => beginHttp1(port, init) });
    } finally {
      server.closeAllConnections();
      await close(server);
    }
  },
  async "HTTP/2"(handler, test, options) {
    // The types differ, the members that are used do not.
    const server = http2.createServer(
      makeListener(handler, options) as unknown as Parameters<
        typeof http2.createServer
      >[1],
    );
    const port = await listen(server);
    const sessions: http2.ClientHttp2Session[] = [];
    const begin = (init?: ClientRequestInit): ClientExchange => {
      const session = http2.connect(`http://127.0.0.1:${port}`);
      session.on("error", () => {});
      sessions.push(session);
      return beginHttp2(session, init);
    };
    try {
      await test({ port, begin });
    } finally {
      for (const session of sessions) session.destroy();
      await close(server);
    }
  },
};

/** Runs `test` with a server of HTTP/1.1, which there is. */
export const withHttp1Server: WithNodeServer = PROTOCOLS["HTTP/1.1"]!;

function makeListener(
  handler: FetchHandler,
  { mount = (listener) => listener, ...options }: NodeServerOptions = {},
): RequestListener {
  return mount(toNodeHandler(handler, options));
}

/** Reads a body to its end. */
export async function readText(body: Readable): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return await new Blob(chunks as BlobPart[]).text();
}

async function listen(
  server: http.Server | http2.Http2Server,
): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function close(server: http.Server | http2.Http2Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  await within("the server closes", closed);
}

function beginHttp1(
  port: number,
  { method = "GET", path = "/", headers = {} }: ClientRequestInit = {},
): ClientExchange {
  const request = http.request({
    host: "127.0.0.1",
    port,
    method,
    path,
    headers,
    agent: false,
  });
  let response: http.IncomingMessage;
  const head = new Promise<http.IncomingMessage>((resolve, reject) => {
    request.on("response", resolve);
    request.on("error", reject);
  }).then((incoming) => {
    response = incoming;
    return { status: incoming.statusCode ?? 0, headers: incoming.headers };
  });
  head.catch(() => {});
  return {
    upload: request,
    head,
    body: () => response,
    leave: () => request.destroy(),
  };
}

function beginHttp2(
  session: http2.ClientHttp2Session,
  { method = "GET", path = "/", headers = {} }: ClientRequestInit = {},
): ClientExchange {
  const stream = session.request(
    { ":method": method, ":path": path, ...headers },
    { endStream: false },
  );
  const head = new Promise<http.IncomingHttpHeaders>((resolve, reject) => {
    stream.on("response", resolve);
    stream.on("error", reject);
  }).then((headers) => ({ status: Number(headers[":status"]), headers }));
  head.catch(() => {});
  return {
    upload: stream,
    head,
    body: () => stream,
    leave: () => session.destroy(),
  };
}

/** Sends a request without a body, and gives the whole answer. */
export async function exchangeRaw(port: number, head: string): Promise<string> {
  const socket = net.connect(port, "127.0.0.1");
  socket.write(`${head}\r\nconnection: close\r\n\r\n`);
  return await within("the answer", readText(socket));
}

/** Waits until a number has grown, and then has not for some turns. */
export async function untilSteady(read: () => number): Promise<void> {
  let last = 0;
  let steadyTurns = 0;
  for (let turn = 0; turn < 2000 && steadyTurns < 20; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    steadyTurns = read() === last && last > 0 ? steadyTurns + 1 : 0;
    last = read();
  }
  assert(steadyTurns >= 20, `${last} is not steady`);
}
