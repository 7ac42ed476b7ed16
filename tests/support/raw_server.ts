// Copyright 2026 the Tidings authors. MIT license.

import { writeAll } from "./write_all.ts";

/** One connection to a {@linkcode RawServer}. */
export interface RawExchange {
  /** The request's head, one character for each byte. */
  head: string;
  /** Sends text, one byte for each character. */
  send(text: string): Promise<void>;
  /** Sends the head of a response that is an event stream until the connection ends. */
  begin(): Promise<void>;
  /** Resolves when the client has left. */
  left(): Promise<void>;
}

/**
 * A server that speaks HTTP by hand: for exact bytes, and for bad manners. The
 * connection is closed when the answer's promise resolves.
 */
export class RawServer implements AsyncDisposable {
  readonly url: string;
  /** The heads of the requests so far. */
  readonly heads: string[] = [];
  readonly #listener: Deno.TcpListener;
  readonly #answer: (exchange: RawExchange, index: number) => Promise<void>;
  readonly #connections = new Set<Promise<void>>();
  readonly #accepting: Promise<void>;

  constructor(
    answer: (exchange: RawExchange, index: number) => Promise<void>,
    port = 0,
  ) {
    this.#answer = answer;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port });
    this.url = `http://127.0.0.1:${this.#listener.addr.port}/`;
    this.#accepting = this.#accept();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#accepting;
    await Promise.all(this.#connections);
  }

  async #accept(): Promise<void> {
    for await (const connection of this.#listener) {
      this.#connections.add(this.#serve(connection));
    }
  }

  async #serve(connection: Deno.TcpConn): Promise<void> {
    try {
      const head = await readHead(connection);
      if (head === undefined) return;
      const send = (text: string) => writeAll(connection, toBytes(text));
      await this.#answer({
        head,
        send,
        begin: () =>
          send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"),
        left: () => readToEnd(connection),
      }, this.heads.push(head) - 1);
    } catch {
      // The client has left in the middle of it, which is up to the client.
    } finally {
      connection.close();
    }
  }
}

async function readHead(connection: Deno.TcpConn): Promise<string | undefined> {
  const buffer = new Uint8Array(4096);
  let head = "";
  while (!head.includes("\r\n\r\n")) {
    const count = await connection.read(buffer);
    if (count === null) return undefined;
    head += String.fromCharCode(...buffer.subarray(0, count));
  }
  return head;
}

async function readToEnd(connection: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(4096);
  // A reset is an end as well.
  while (await connection.read(buffer).catch(() => null) !== null);
}

/** One byte for each character. */
function toBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
