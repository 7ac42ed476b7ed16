// Copyright 2026 the Tidings authors. MIT license.

/**
 * A server on a port of its own, and a client that speaks HTTP over a bare socket,
 * so that it can leave, or stop reading, at any moment.
 */

import { within } from "./within.ts";

/** Serves with the handler while `test` runs, then waits until every response has ended. */
export async function withServer(
  handler: (request: Request) => Response | Promise<Response>,
  test: (port: number, server: Deno.HttpServer<Deno.NetAddr>) => Promise<void>,
): Promise<void> {
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    handler,
  );
  try {
    await test(server.addr.port, server);
  } finally {
    await within("shutdown()", server.shutdown());
  }
}

/** One request over one socket. */
export class RawClient implements Disposable {
  readonly #connection: Deno.Conn;
  readonly #decoder = new TextDecoder();
  #isOpen = true;
  /** All that was read: status line, headers, and the body with its chunk sizes. */
  received = "";

  constructor(connection: Deno.Conn) {
    this.#connection = connection;
  }

  /** Connects and sends a request; header values are sent as UTF-8. */
  static async request(
    port: number,
    { method = "GET", path = "/", headers = {} }: {
      method?: string;
      path?: string;
      headers?: Record<string, string>;
    } = {},
  ): Promise<RawClient> {
    const connection = await Deno.connect({ port, hostname: "127.0.0.1" });
    const lines = [`${method} ${path} HTTP/1.1`, "host: localhost"];
    for (const [name, value] of Object.entries(headers)) {
      lines.push(`${name}: ${value}`);
    }
    const bytes = new TextEncoder().encode(lines.join("\r\n") + "\r\n\r\n");
    await connection.write(bytes);
    return new RawClient(connection);
  }

  /** Reads until `text` has arrived, and fails if the connection ends before. */
  async readUntil(text: string): Promise<void> {
    while (!this.received.includes(text)) {
      if (!await within(`reading ${JSON.stringify(text)}`, this.#read())) {
        throw new Error(
          `The connection ended before ${JSON.stringify(text)}: ${
            JSON.stringify(this.received.slice(-500))
          }`,
        );
      }
    }
  }

  /** Closes the socket at once, with whatever was not read. */
  leave(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#connection.close();
  }

  [Symbol.dispose](): void {
    this.leave();
  }

  async #read(): Promise<boolean> {
    const buffer = new Uint8Array(65_536);
    const count = await this.#connection.read(buffer);
    if (count === null) return false;
    this.received += this.#decoder.decode(buffer.subarray(0, count), {
      stream: true,
    });
    return true;
  }
}

/** What ends a chunked body that is complete. */
export const LAST_CHUNK = "\r\n0\r\n\r\n";
