// Copyright 2026 the Tidings authors. MIT license.

import type { Random } from "./random.ts";
import { writeAll } from "./write_all.ts";

/**
 * A proxy that breaks each connection after some bytes, in either direction, as a
 * bad network does. It draws how many from a seeded generator.
 */
export class DroppingProxy implements AsyncDisposable {
  /** Where it listens. */
  readonly port: number;
  /** How many connections it has broken. */
  drops = 0;
  /** The most bytes that a connection carries; Infinity breaks none. */
  limit = Infinity;
  readonly #target: number;
  readonly #random: Random;
  readonly #listener: Deno.TcpListener;
  readonly #accepting: Promise<void>;
  readonly #connections = new Set<Connection>();

  constructor(target: number, random: Random) {
    this.#target = target;
    this.#random = random;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = this.#listener.addr.port;
    this.#accepting = this.#accept();
  }

  /** Breaks all connections at once. */
  drop(): void {
    for (const connection of this.#connections) this.#break(connection);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#accepting;
    const ends = [...this.#connections].map(({ end }) => end);
    this.drop();
    await Promise.all(ends);
  }

  async #accept(): Promise<void> {
    for await (const near of this.#listener) {
      const far = await Deno.connect({
        hostname: "127.0.0.1",
        port: this.#target,
      });
      const connection: Connection = {
        sides: [near, far],
        bytes: 0,
        isBroken: false,
        end: Promise.resolve(),
      };
      this.#connections.add(connection);
      connection.end = Promise.all([
        this.#pipe(connection, near, far),
        this.#pipe(connection, far, near),
      ]).then(() => void this.#connections.delete(connection));
    }
  }

  async #pipe(
    connection: Connection,
    from: Deno.Conn,
    to: Deno.Conn,
  ): Promise<void> {
    const buffer = new Uint8Array(4096);
    try {
      for (;;) {
        const count = await from.read(buffer);
        if (count === null) break;
        connection.bytes += count;
        if (this.#isEnough(connection.bytes)) {
          this.drops++;
          // Half of what came, so that events are torn.
          await writeAll(to, buffer.slice(0, count >> 1));
          break;
        }
        await writeAll(to, buffer.slice(0, count));
      }
    } catch {
      // The other direction has broken it.
    }
    this.#break(connection);
  }

  #isEnough(bytes: number): boolean {
    return this.limit !== Infinity &&
      this.#random.below(this.limit) < bytes - this.limit / 2;
  }

  #break(connection: Connection): void {
    if (connection.isBroken) return;
    connection.isBroken = true;
    for (const side of connection.sides) side.close();
  }
}

interface Connection {
  sides: Deno.Conn[];
  bytes: number;
  isBroken: boolean;
  end: Promise<void>;
}
