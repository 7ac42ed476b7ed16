// Copyright 2026 the Tidings authors. MIT license.

/**
 * Listens for tests in runtimes that cannot listen: see `tests/runtimes/tunnel.ts`.
 *
 * @module
 */

import type { TunnelAnswer, TunnelMessage } from "../tests/runtimes/tunnel.ts";

/** Ports that listen in advance, so that a test has one at once. */
const RESERVE = 8;

/**
 * Milliseconds until a server counts as closed though a client keeps its connection, as
 * Firefox does after its own EventSource was closed.
 */
const CLOSE_TIME_LIMIT = 1000;

const LOOPBACK = { hostname: "127.0.0.1", port: 0, onListen() {} };

/** The answer to one request, on its way through the tunnel. */
interface Exchange {
  respond: (response: Response) => void;
  /** The response's body, once there is one. */
  controller?: ReadableStreamDefaultController<Uint8Array>;
  /** Ends the pull under way. */
  endPull: () => void;
}

/** The end of the tunnel that listens, for one runtime. */
export class Tunnel implements AsyncDisposable {
  /** Where `openTunnel()` connects to. */
  readonly url: string;
  readonly #entrance: Deno.HttpServer<Deno.NetAddr>;
  readonly #allowsOrigins: boolean;
  readonly #servers = new Map<number, Deno.HttpServer>();
  readonly #exchanges = new Map<number, Exchange>();
  #socket!: WebSocket;
  #count = 0;

  /**
   * @param allowsOrigins Whether pages of any origin are allowed to read the answers, for
   * browsers that cannot be told to take no heed of origins.
   */
  constructor(allowsOrigins = false) {
    this.#allowsOrigins = allowsOrigins;
    this.#entrance = Deno.serve(LOOPBACK, (request) => {
      const { socket, response } = Deno.upgradeWebSocket(request);
      socket.binaryType = "arraybuffer";
      socket.onopen = () => {
        const ports = Array.from({ length: RESERVE }, () => this.#listen());
        this.#send({ type: "listening", ports });
      };
      socket.onmessage = ({ data }) => {
        if (typeof data === "string") this.#receive(JSON.parse(data));
        else this.#receiveChunk(data);
      };
      this.#socket = socket;
      return response;
    });
    this.url = `ws://127.0.0.1:${this.#entrance.addr.port}/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket?.close();
    // Nobody reads what would still be answered.
    await Promise.all([
      this.#entrance.shutdown(),
      ...[...this.#servers.values()].map((server) => server.shutdown()),
    ]);
  }

  #listen(): number {
    const server: Deno.HttpServer<Deno.NetAddr> = Deno.serve(
      LOOPBACK,
      (request) =>
        this.#allowsOrigins
          ? this.#askAcrossOrigins(request, server.addr.port)
          : this.#ask(request, server.addr.port),
    );
    this.#servers.set(server.addr.port, server);
    return server.addr.port;
  }

  async #close(port: number): Promise<void> {
    const server = this.#servers.get(port)!;
    this.#servers.delete(port);
    this.#send({ type: "listening", ports: [this.#listen()] });
    await Promise.race([server.shutdown(), delay(CLOSE_TIME_LIMIT)]);
    this.#send({ type: "closed", port });
  }

  async #askAcrossOrigins(request: Request, port: number): Promise<Response> {
    const allowed = allowOrigin(request.headers);
    const isPreflight = request.headers.has("access-control-request-method");
    const response = isPreflight
      ? new Response(null, { status: 204 })
      : await this.#ask(request, port);
    for (const [name, value] of Object.entries(allowed)) {
      response.headers.set(name, value);
    }
    return response;
  }

  async #ask(request: Request, port: number): Promise<Response> {
    const id = this.#count++;
    const { method, url } = request;
    const headers = [...request.headers];
    const body = await request.text();
    return await new Promise((respond) => {
      this.#exchanges.set(id, { respond, endPull() {} });
      this.#send({ type: "request", id, port, method, url, headers, body });
    });
  }

  #receive(message: TunnelAnswer): void {
    if (message.type === "close") {
      this.#close(message.port);
      return;
    }
    const exchange = this.#exchanges.get(message.id);
    if (exchange === undefined) return;
    if (message.type === "head") {
      const { id, status, headers, hasBody } = message;
      const body = hasBody ? this.#makeBody(id, exchange) : null;
      exchange.respond(new Response(body, { status, headers }));
      return;
    }
    this.#exchanges.delete(message.id);
    if (message.type === "end") exchange.controller?.close();
    else exchange.controller?.error(new Error("The answer failed"));
    exchange.endPull();
  }

  #receiveChunk(data: ArrayBuffer): void {
    const exchange = this.#exchanges.get(new DataView(data).getUint32(0));
    exchange?.controller?.enqueue(new Uint8Array(data, 4));
    exchange?.endPull();
  }

  #makeBody(id: number, exchange: Exchange): ReadableStream<Uint8Array> {
    return new ReadableStream({
      start: (controller) => {
        exchange.controller = controller;
      },
      pull: () =>
        new Promise((resolve) => {
          exchange.endPull = resolve;
          this.#send({ type: "pull", id });
        }),
      cancel: () => {
        this.#exchanges.delete(id);
        this.#send({ type: "cancel", id });
      },
    }, { highWaterMark: 0 });
  }

  #send(message: TunnelMessage): void {
    if (this.#socket.readyState === WebSocket.OPEN) {
      this.#socket.send(JSON.stringify(message));
    }
  }
}

/** The headers that allow what a request, or the one that it asks for, does. */
function allowOrigin(headers: Headers): Record<string, string> {
  return {
    "access-control-allow-origin": headers.get("origin") ?? "*",
    "access-control-allow-credentials": "true",
    "access-control-allow-methods":
      headers.get("access-control-request-method") ?? "*",
    "access-control-allow-headers":
      headers.get("access-control-request-headers") ?? "*",
    "access-control-expose-headers": "*",
  };
}

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
