// Copyright 2026 the Tidings authors. MIT license.

/**
 * The kinds of sockets that have to behave alike, and a server that does what its
 * clients ask it to.
 */

import { EventStreamSocket } from "../../socket/mod.ts";
import { serveSocket, type ServeSocketOptions } from "../../socket/server.ts";
import { within } from "../support/within.ts";

/** Makes a client's socket. */
export type OpenSocket = (
  url: string,
  protocols?: string | string[],
) => WebSocket;

/** What serves the requests of a kind of socket. */
export type ServeSocket = (
  request: Request,
  onSocket: (socket: WebSocket) => void,
  options?: ServeSocketOptions,
) => Response | Promise<Response>;

/** One kind of client and server. */
export interface SocketKind {
  name: string;
  open: OpenSocket;
  serve: ServeSocket;
}

/** The runtime's own on both sides, which shows that a row is right. */
export const OWN: SocketKind = {
  name: "the runtime's own WebSocket",
  open: (url, protocols) => new WebSocket(url, protocols),
  serve(request, onSocket, options) {
    const offered = request.headers.get("sec-websocket-protocol") ?? "";
    const protocol = options?.protocols?.find((name) => offered.includes(name));
    const { socket, response } = Deno.upgradeWebSocket(
      request,
      protocol === undefined ? {} : { protocol },
    );
    onSocket(socket);
    return response;
  },
};

export const STREAM: SocketKind = {
  name: "an event stream",
  open: (url, protocols) => new EventStreamSocket(url, protocols),
  serve: serveSocket,
};

export const UPGRADE: SocketKind = {
  name: "a WebSocket upgrade",
  open: (url, protocols) =>
    new EventStreamSocket(url, protocols, { webSocketTimeout: 20_000 }),
  serve: serveSocket,
};

/** A server whose sockets do what messages such as `"send hello"` say. */
export class ObeyingServer implements AsyncDisposable {
  readonly url: string;
  /** What the server's sockets saw, one line for each event. */
  readonly seen: string[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #closed = Promise.withResolvers<void>();
  readonly #sockets: WebSocket[] = [];
  readonly #shutdown = new AbortController();

  constructor({ serve }: SocketKind, options?: ServeSocketOptions) {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      (request) => {
        // For a response that is not a WebSocket.
        if (new URL(request.url).pathname === "/refuse") {
          return new Response(null, { status: 404 });
        }
        const { signal } = this.#shutdown;
        return serve(request, (socket) => this.#obey(socket), {
          signal,
          ...options,
        });
      },
    );
    this.url = `ws://127.0.0.1:${this.#server.addr.port}/`;
  }

  /** Waits until the server's socket is closed. */
  async closed(): Promise<void> {
    await within("the server's socket is closed", this.#closed.promise);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // What a test that failed has left open.
    this.#shutdown.abort();
    for (const socket of this.#sockets) socket.close();
    await this.#server.shutdown();
  }

  #obey(socket: WebSocket): void {
    this.#sockets.push(socket);
    record(socket, this.seen);
    socket.addEventListener("close", () => this.#closed.resolve());
    socket.addEventListener("message", ({ data }) => {
      if (typeof data !== "string") return socket.send(data);
      const [verb = "", ...rest] = data.split(" ");
      if (verb === "send") socket.send(rest.join(" "));
      if (verb === "count") {
        for (let i = 0; i < Number(rest[0]); i++) socket.send(`${i}`);
      }
      if (verb === "close") {
        const [code, reason] = rest;
        socket.close(code === undefined ? undefined : Number(code), reason);
      }
    });
  }
}

/** Writes a line for each event of a socket. */
export function record(socket: WebSocket, lines: string[] = []): string[] {
  const name = () => ["connecting", "open", "closing", "closed"];
  const state = () => name()[socket.readyState];
  socket.addEventListener("open", () => lines.push(`open (${state()})`));
  socket.addEventListener("error", () => lines.push(`error (${state()})`));
  socket.addEventListener("message", ({ data }) => {
    const text = typeof data === "string"
      ? JSON.stringify(data)
      : data instanceof ArrayBuffer
      ? `bytes ${new Uint8Array(data)}`
      : `blob of ${data.size}`;
    lines.push(`message ${text}`);
  });
  socket.addEventListener("close", ({ code, reason, wasClean }) => {
    // Deno says 0 where the standard says 1006.
    const clean = wasClean ? "clean" : "unclean";
    const end = `close ${code || 1006} ${JSON.stringify(reason)} ${clean}`;
    lines.push(`${end} (${state()})`);
  });
  return lines;
}

/** Waits for an event. */
export async function event<K extends keyof WebSocketEventMap>(
  socket: WebSocket,
  type: K,
): Promise<WebSocketEventMap[K]> {
  const promise = new Promise<WebSocketEventMap[K]>((resolve) => {
    socket.addEventListener(type, resolve, { once: true });
  });
  return await within(`the event ${type}`, promise);
}
