// Copyright 2026 the Tidings authors. MIT license.

/**
 * `Deno.serve()` for runtimes that cannot listen. The ports are open in the process
 * that runs the tests (`scripts/_tunnel.ts`); each request to them comes here over a
 * WebSocket, and the answer goes back the same way, a chunk when the client has room.
 */

import { headerValueOf } from "../support/header_value.ts";
import { standIn } from "./deno_stand_in.ts";

type Handler = (request: Request) => Response | Promise<Response>;

/** What comes in: a request, or how the client takes the answer to it. */
export type TunnelMessage =
  | {
    type: "request";
    id: number;
    port: number;
    method: string;
    url: string;
    headers: [string, string][];
    body: string;
  }
  | { type: "pull" | "cancel"; id: number }
  | { type: "listening"; ports: number[] }
  | { type: "closed"; port: number };

/** What goes out, beside the chunks of bodies: four bytes of the ID, then the bytes. */
export type TunnelAnswer =
  | {
    type: "head";
    id: number;
    status: number;
    headers: [string, string][];
    hasBody: boolean;
  }
  | { type: "end" | "error"; id: number }
  | { type: "close"; port: number };

/** Opens the tunnel and puts `Deno.serve()` in place. */
export async function openTunnel(url: string): Promise<void> {
  const socket = new WebSocket(url);
  const tunnel = new Tunnel(socket);
  await tunnel.ready;
  Object.assign(standIn, {
    serve: (_options: object, handler: Handler) => tunnel.serve(handler),
  });
}

class Tunnel {
  /** Resolves when there are ports. */
  readonly ready: Promise<void>;
  readonly #socket: WebSocket;
  readonly #ports: number[] = [];
  readonly #handlers = new Map<number, Handler>();
  readonly #bodies = new Map<number, ReadableStreamDefaultReader<Uint8Array>>();
  readonly #closing = new Map<number, () => void>();

  constructor(socket: WebSocket) {
    this.#socket = socket;
    this.ready = new Promise((resolve, reject) => {
      socket.onmessage = ({ data }) => {
        this.#receive(JSON.parse(data));
        resolve();
      };
      socket.onerror = () => reject(new Error("There is no tunnel"));
    });
  }

  serve(handler: Handler): object {
    const port = this.#ports.shift();
    if (port === undefined) throw new Error("Too many servers in one turn");
    this.#handlers.set(port, handler);
    const shutdown = (): Promise<void> =>
      new Promise((resolve) => {
        this.#closing.set(port, resolve);
        this.#send({ type: "close", port });
      });
    return {
      addr: { hostname: "127.0.0.1", port },
      shutdown,
      [Symbol.asyncDispose]: shutdown,
    };
  }

  #receive(message: TunnelMessage): void {
    switch (message.type) {
      case "listening":
        this.#ports.push(...message.ports);
        break;
      case "closed":
        this.#handlers.delete(message.port);
        this.#closing.get(message.port)!();
        break;
      case "request":
        this.#answer(message);
        break;
      case "pull":
        this.#sendChunk(message.id);
        break;
      case "cancel":
        this.#bodies.get(message.id)?.cancel().catch(() => {});
        this.#bodies.delete(message.id);
        break;
    }
  }

  async #answer(
    { id, port, method, url, headers, body }: TunnelMessage & {
      type: "request";
    },
  ): Promise<void> {
    const request = new Request(url, { method, ...(body && { body }) });
    // A request of one's own may not have all headers that one received has.
    const value = new Headers(
      headers.map(([name, bytes]) => [name, headerValueOf(bytes)]),
    );
    Object.defineProperty(request, "headers", { value });
    try {
      const response = await this.#handlers.get(port)!(request);
      const { status } = response;
      const reader = response.body?.getReader();
      if (reader !== undefined) this.#bodies.set(id, reader);
      const head = { id, status, hasBody: reader !== undefined };
      this.#send({ type: "head", ...head, headers: [...response.headers] });
    } catch {
      this.#send({ type: "error", id });
    }
  }

  async #sendChunk(id: number): Promise<void> {
    try {
      const result = await this.#bodies.get(id)?.read();
      if (result === undefined) return;
      if (result.done) return this.#send({ type: "end", id });
      const frame = new Uint8Array(4 + result.value.length);
      new DataView(frame.buffer).setUint32(0, id);
      frame.set(result.value, 4);
      this.#socket.send(frame);
    } catch {
      this.#send({ type: "error", id });
    }
  }

  #send(message: TunnelAnswer): void {
    this.#socket.send(JSON.stringify(message));
  }
}
