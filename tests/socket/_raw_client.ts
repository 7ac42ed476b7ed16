// Copyright 2026 the Tidings authors. MIT license.

import { serveSocket, type ServeSocketOptions } from "../../socket/server.ts";
import type { ServerSentEvent } from "../../event.ts";
import { readEvents } from "../../parser.ts";
import { record } from "./_kinds.ts";
import { within } from "../support/within.ts";

/** A server of sockets, and the requests of clients that do as they like. */
export class RawServer implements AsyncDisposable {
  readonly url: string;
  /** The sockets, in their order, and what they saw. */
  readonly sockets: WebSocket[] = [];
  readonly seen: string[][] = [];
  options: ServeSocketOptions;
  readonly #shutdown = new AbortController();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(options: ServeSocketOptions = {}) {
    this.options = options;
    const { signal } = this.#shutdown;
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      (request) =>
        serveSocket(request, (socket) => {
          this.sockets.push(socket);
          this.seen.push(record(socket));
        }, { signal, ...this.options }),
    );
    this.url = `http://127.0.0.1:${this.#server.addr.port}/`;
  }

  /** Sends a request, and reads the answer. */
  async request(
    method: string,
    headers: Record<string, string>,
    body?: BodyInit,
  ): Promise<{ status: number; text: string; headers: Headers }> {
    const init: RequestInit = { method, headers };
    // Fetch: a stream is sent while nothing is received.
    if (body !== undefined) Object.assign(init, { body, duplex: "half" });
    const response = await fetch(this.url, init);
    return {
      status: response.status,
      text: await within("the answer", response.text()),
      headers: response.headers,
    };
  }

  /** Opens a session. */
  async open(headers: Record<string, string> = {}): Promise<RawSession> {
    return await this.stream({ "socket-session": "new", ...headers });
  }

  /** Sends a request for a stream. */
  async stream(headers: Record<string, string>): Promise<RawSession> {
    const response = await fetch(this.url, { headers });
    const session = headers["socket-session"] ?? "";
    return new RawSession(this, response, session);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#shutdown.abort();
    await this.#server.shutdown();
  }
}

/** One stream of a session. */
export class RawSession {
  id: string;
  readonly headers: Headers;
  readonly #server: RawServer;
  readonly #events: AsyncIterableIterator<ServerSentEvent>;

  constructor(server: RawServer, response: Response, id: string) {
    this.#server = server;
    this.headers = response.headers;
    this.#events = readEvents(response);
    this.id = id;
  }

  /** Waits for the next event of the stream. */
  async next(): Promise<ServerSentEvent | undefined> {
    const { value } = await within("the next event", this.#events.next());
    if (value?.event === "open") this.id = JSON.parse(value.data).session;
    return value;
  }

  /** Posts. */
  async post(
    body: BodyInit,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; text: string }> {
    const { status, text } = await this.#server.request("POST", {
      "socket-session": this.id,
      ...headers,
    }, body);
    return { status, text };
  }

  /** Leaves the stream. */
  async leave(): Promise<void> {
    await this.#events.return?.();
  }
}
