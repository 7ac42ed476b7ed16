// Copyright 2026 the Tidings authors. MIT license.

/**
 * What the tests use of Deno and of the web platform, for Node and Bun: servers and
 * sockets over `node:net`. In Node the servers go through our own `toNodeHandler`,
 * in Bun through its own server. Importing this file puts them in place.
 */

import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import process from "node:process";
import { type FetchHandler, toNodeHandler } from "../../node/mod.ts";
import { standIn } from "./deno_stand_in.ts";

interface Address {
  hostname: string;
  port: number;
}

interface Server extends AsyncDisposable {
  addr: Address;
  shutdown: () => Promise<void>;
}

/** What is used of Bun, which gives no types here. */
interface BunServer {
  port: number;
  stop: () => Promise<void>;
}

declare const Bun: { serve: (options: object) => BunServer } | undefined;

/**
 * Servers that listen in advance: those of Deno have a port at once, those of
 * Node have one later.
 */
class Reserve<T extends net.Server> {
  readonly #create: () => T;
  readonly #servers: T[] = [];

  constructor(create: () => T) {
    this.#create = create;
  }

  async fill(): Promise<void> {
    while (this.#servers.length < 8) {
      const server = this.#create().listen(0, "127.0.0.1");
      await once(server, "listening");
      this.#servers.push(server);
    }
  }

  take(): { server: T; port: number } {
    const server = this.#servers.shift();
    if (server === undefined) throw new Error("Too many servers in one turn");
    this.fill();
    return { server, port: (server.address() as net.AddressInfo).port };
  }
}

const httpServers = new Reserve(() => http.createServer());
const netServers = new Reserve(() => net.createServer());

Object.assign(standIn, {
  serve: (_options: object, handler: FetchHandler) =>
    typeof Bun === "undefined" ? serveInNode(handler) : serveInBun(handler),
  listen: ({ port }: Address) => new Listener(port),
  async connect({ hostname, port }: Address) {
    const socket = net.connect(port, hostname);
    await once(socket, "connect");
    return new Connection(socket);
  },
  memoryUsage: () => process.memoryUsage(),
});

await httpServers.fill();
await netServers.fill();

function serveInBun(fetch: FetchHandler): Server {
  const bun = Bun!.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch,
  });
  const shutdown = (): Promise<void> => bun.stop();
  return {
    addr: { hostname: "127.0.0.1", port: bun.port },
    shutdown,
    [Symbol.asyncDispose]: shutdown,
  };
}

function serveInNode(handler: FetchHandler): Server {
  const { server, port } = httpServers.take();
  // What the tests make fail on purpose is not to be printed.
  server.on("request", toNodeHandler(handler, { onError() {} }));
  const sockets = new Set<net.Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  const closeIdleConnections = (): void => {
    server.closeIdleConnections();
    // To Node 20, one is not idle that the client opened to have it at hand.
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  };
  const shutdown = async (): Promise<void> => {
    const closed = once(server, "close");
    server.close();
    const timer = setInterval(closeIdleConnections, 5);
    await closed;
    clearInterval(timer);
  };
  return {
    addr: { hostname: "127.0.0.1", port },
    shutdown,
    [Symbol.asyncDispose]: shutdown,
  };
}

class Listener implements AsyncIterable<Connection> {
  readonly addr: Address;
  readonly #server: net.Server;
  readonly #connections: Connection[] = [];
  #isClosed = false;
  #wake = (): void => {};

  constructor(port: number) {
    const { server, port: ownPort } = port === 0
      ? netServers.take()
      : { server: net.createServer().listen(port, "127.0.0.1"), port };
    this.#server = server;
    this.addr = { hostname: "127.0.0.1", port: ownPort };
    server.on("connection", (socket) => {
      this.#connections.push(new Connection(socket));
      this.#wake();
    });
  }

  close(): void {
    this.#server.close();
    this.#isClosed = true;
    this.#wake();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Connection> {
    for (;;) {
      const connection = this.#connections.shift();
      if (connection !== undefined) yield connection;
      else if (this.#isClosed) return;
      else await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }
}

class Connection {
  readonly #socket: net.Socket;
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(socket: net.Socket) {
    this.#socket = socket;
    this.#chunks = socket[Symbol.asyncIterator]();
    // What goes wrong is thrown by the call that is under way.
    socket.on("error", () => {});
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    if (this.#rest.length === 0) {
      const { done, value } = await this.#chunks.next();
      if (done) return null;
      this.#rest = value;
    }
    const part = this.#rest.subarray(0, buffer.length);
    this.#rest = this.#rest.subarray(part.length);
    buffer.set(part);
    return part.length;
  }

  write(bytes: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#socket.write(bytes, (error) => {
        if (error) reject(error);
        else resolve(bytes.length);
      });
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Node tells of these through `process`, not through events. */
const GLOBAL_EVENTS: Record<string, string> = {
  error: "uncaughtException",
  unhandledrejection: "unhandledRejection",
  unload: "exit",
};

if (typeof Bun !== "undefined" || !("addEventListener" in globalThis)) {
  const listeners = new Map<unknown, (reason: unknown) => void>();
  Object.assign(globalThis, {
    addEventListener(type: string, listener: (event: object) => void) {
      const onReason = (reason: unknown): void =>
        listener({ type, reason, error: reason, preventDefault() {} });
      listeners.set(listener, onReason);
      process.on(GLOBAL_EVENTS[type]!, onReason);
    },
    removeEventListener(type: string, listener: unknown) {
      process.off(GLOBAL_EVENTS[type]!, listeners.get(listener)!);
    },
  });
}
