// Copyright 2026 the Tidings authors. MIT license.

/** Clients of a channel for the tests: in the process, and over real sockets. */

import type { ServerSentEvent } from "../../event.ts";
import { EventStreamParser } from "../../parser.ts";

// Far more than any test takes: a test that waits in vain is to fail, not to hang.
const PATIENCE = 10_000;

/** What a client has received so far, and the wait for more of it. */
export class Inbox {
  readonly events: ServerSentEvent[] = [];
  readonly comments: string[] = [];
  /** The number of chunks, as the client came to read them. */
  chunks = 0;
  /** The bytes of the largest of them. */
  largest = 0;
  isOver = false;
  readonly #parser: EventStreamParser;
  #onChange: () => void = () => {};

  /** Makes an empty inbox, for a client that comes with this ID. */
  constructor(lastEventId = "") {
    this.#parser = new EventStreamParser(
      (event) => this.events.push(event),
      {
        lastEventId,
        onComment: (comment) => this.comments.push(comment),
      },
    );
  }

  get data(): string[] {
    return this.events.map((event) => event.data);
  }

  get lastEventId(): string {
    return this.#parser.lastEventId;
  }

  get reconnectionTime(): number | undefined {
    return this.#parser.reconnectionTime;
  }

  push(chunk: Uint8Array): void {
    this.chunks++;
    this.largest = Math.max(this.largest, chunk.byteLength);
    this.#parser.push(chunk);
    this.#onChange();
  }

  finish(): void {
    this.isOver = true;
    this.#onChange();
  }

  /** Waits until a condition holds, which must come before the stream is over. */
  async until(condition: () => boolean): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`In vain: ${this.#describe()}`)),
        PATIENCE,
      );
    });
    try {
      while (!condition()) {
        if (this.isOver) throw new Error(`It is over: ${this.#describe()}`);
        const change = new Promise<void>((resolve) => this.#onChange = resolve);
        await Promise.race([change, tooLate]);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Waits until so many events have come in all. */
  untilEvents(count: number): Promise<void> {
    return this.until(() => this.events.length >= count);
  }

  #describe(): string {
    return `${this.events.length} events, the last are ${
      JSON.stringify(this.data.slice(-3))
    }`;
  }
}

/** A client that reads the body of a response, in this process. */
export class BodyClient implements AsyncDisposable {
  readonly inbox: Inbox;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  /** Settles when the body is over; set while it is read. */
  #run: Promise<void> | undefined;

  /** Makes a client of a response. It reads nothing yet. */
  constructor(response: Response, lastEventId?: string) {
    this.inbox = new Inbox(lastEventId);
    // Every response that is given here has a body.
    this.#reader = response.body!.getReader();
  }

  /** Reads one chunk; `false` if there is none any more. */
  async read(): Promise<boolean> {
    const { done, value } = await this.#reader.read();
    if (done) this.inbox.finish();
    else this.inbox.push(value);
    return !done;
  }

  /** Reads on and on. */
  run(): this {
    this.#run ??= (async () => {
      while (await this.read());
    })();
    return this;
  }

  /** Waits for the end of the body, and rejects if it fails. */
  async end(): Promise<void> {
    await this.run().#run;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reader.cancel().catch(() => {});
    await this.#run?.catch(() => {});
  }
}

/** What a socket sends in its request. */
export interface SocketRequest {
  path?: string;
  lastEventId?: string;
}

/** A client with a socket of its own, which it reads from only when told to. */
export class SocketClient implements AsyncDisposable {
  readonly inbox: Inbox;
  /** The head of the response, as far as it was read. */
  head = "";
  readonly #connection: Deno.TcpConn;
  /** Settles when the socket is closed; set while it is read. */
  #run: Promise<void> | undefined;

  private constructor(connection: Deno.TcpConn, lastEventId?: string) {
    this.#connection = connection;
    this.inbox = new Inbox(lastEventId);
  }

  /** Connects, and sends the request. */
  static async connect(
    port: number,
    { path = "/", lastEventId }: SocketRequest = {},
  ): Promise<SocketClient> {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    const client = new SocketClient(connection, lastEventId);
    // With HTTP/1.0 the body comes as it is, without the frame of its chunks.
    const header = lastEventId === undefined
      ? ""
      : `last-event-id: ${lastEventId}\r\n`;
    await connection.write(
      new TextEncoder().encode(`GET ${path} HTTP/1.0\r\n${header}\r\n`),
    );
    return client;
  }

  /** Reads on and on, until the socket is closed by either side. */
  run(): this {
    this.#run ??= this.#read();
    return this;
  }

  /** Waits for the end of the response. */
  async end(): Promise<void> {
    await this.run().#run;
  }

  /** Closes the socket, whatever is under way. */
  close(): void {
    try {
      this.#connection.close();
    } catch {
      // The other side was quicker.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.#run;
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(16_384);
    let isHead = true;
    try {
      for (;;) {
        const count = await this.#connection.read(buffer);
        if (count === null) break;
        const chunk = buffer.subarray(0, count);
        if (isHead) isHead = this.#readHead(chunk);
        else this.inbox.push(chunk);
      }
    } catch {
      // A reset, or a socket that was closed here: either way it is over.
    }
    this.close();
    this.inbox.finish();
  }

  #readHead(chunk: Uint8Array): boolean {
    // The head is ASCII, and characters stand for bytes.
    const text = String.fromCharCode(...chunk);
    const end = (this.head + text).indexOf("\r\n\r\n");
    if (end === -1) {
      this.head += text;
      return true;
    }
    const rest = end + 4 - this.head.length;
    this.head = (this.head + text).slice(0, end);
    if (rest < chunk.length) this.inbox.push(chunk.subarray(rest));
    return false;
  }
}

/** A server on a port of its own, until it is disposed of. */
export function startServer(
  handler: (request: Request) => Response | Promise<Response>,
): { port: number; server: Deno.HttpServer } & AsyncDisposable {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    handler,
  ) as Deno.HttpServer<Deno.NetAddr>;
  return {
    port: server.addr.port,
    server,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** A request for a channel in this process. */
export function makeRequest(lastEventId?: string): Request {
  const headers = new Headers();
  if (lastEventId !== undefined) headers.set("last-event-id", lastEventId);
  return new Request("http://localhost/", { headers });
}

/** Waits for a condition, looking at it after each turn of the event loop. */
export async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + PATIENCE;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`In vain: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
