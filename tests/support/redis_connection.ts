// Copyright 2026 the Tidings authors. MIT license.

/** A Redis client that does what the tests need, and nothing else. */

import type { RedisClient } from "../../logs/redis_streams.ts";
import { writeAll } from "./write_all.ts";

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();

/** One connection. When it is lost, all that waits fails, and so does all that comes. */
export class RedisConnection implements RedisClient {
  readonly #port: number;
  readonly #connection: Deno.TcpConn;
  readonly #waiting: PromiseWithResolvers<unknown>[] = [];
  readonly #run: Promise<void>;
  /** The writes, one after the other. */
  #written: Promise<unknown> = Promise.resolve();
  #buffer = new Uint8Array(0);
  #isOpen = true;

  private constructor(port: number, connection: Deno.TcpConn) {
    this.#port = port;
    this.#connection = connection;
    this.#run = this.#read();
  }

  /** Opens a connection to a server on this machine. */
  static async open(port: number): Promise<RedisConnection> {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    return new RedisConnection(port, connection);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  send(command: [name: string, ...args: string[]]): Promise<unknown> {
    const waiting = Promise.withResolvers<unknown>();
    if (!this.#isOpen) {
      waiting.reject(new Error("The connection is lost"));
      return waiting.promise;
    }
    this.#waiting.push(waiting);
    const words = command.map((word) =>
      `$${ENCODER.encode(word).length}\r\n${word}\r\n`
    );
    const bytes = ENCODER.encode(`*${command.length}\r\n${words.join("")}`);
    this.#written = this.#written.then(() => this.#write(bytes));
    return waiting.promise;
  }

  duplicate(): Promise<RedisConnection> {
    return RedisConnection.open(this.#port);
  }

  async close(): Promise<void> {
    if (this.#isOpen) {
      this.#isOpen = false;
      this.#connection.close();
    }
    await this.#run;
    await this.#written;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #write(bytes: Uint8Array): Promise<void> {
    try {
      await writeAll(this.#connection, bytes);
    } catch {
      // Whoever waits for the reply is told by the end of the reading.
    }
  }

  async #read(): Promise<void> {
    try {
      for (;;) {
        const reply = await this.#readReply();
        const waiting = this.#waiting.shift();
        if (reply instanceof Error) waiting?.reject(reply);
        else waiting?.resolve(reply);
      }
    } catch (error) {
      if (this.#isOpen) this.#connection.close();
      this.#isOpen = false;
      for (const { reject } of this.#waiting) reject(error);
    }
  }

  async #readReply(): Promise<unknown> {
    const line = DECODER.decode(await this.#take(await this.#findLine()));
    const rest = line.slice(1, -2);
    switch (line[0]) {
      case "+":
        return rest;
      case "-":
        return new Error(rest);
      case ":":
        return Number(rest);
      case "$": {
        if (rest === "-1") return null;
        const bytes = await this.#take(Number(rest) + 2);
        return DECODER.decode(bytes.subarray(0, -2));
      }
      default: {
        if (rest === "-1") return null;
        const replies: unknown[] = [];
        for (let left = Number(rest); left > 0; left--) {
          replies.push(await this.#readReply());
        }
        return replies;
      }
    }
  }

  /** Gives the length of the next line. */
  async #findLine(): Promise<number> {
    for (;;) {
      const end = this.#buffer.indexOf(10);
      if (end !== -1) return end + 1;
      await this.#fill();
    }
  }

  async #take(length: number): Promise<Uint8Array> {
    while (this.#buffer.length < length) await this.#fill();
    const bytes = this.#buffer.subarray(0, length);
    this.#buffer = this.#buffer.subarray(length);
    return bytes;
  }

  async #fill(): Promise<void> {
    const chunk = new Uint8Array(65_536);
    const length = await this.#connection.read(chunk);
    if (length === null) throw new Error("The connection is lost");
    const buffer = new Uint8Array(this.#buffer.length + length);
    buffer.set(this.#buffer);
    buffer.set(chunk.subarray(0, length), this.#buffer.length);
    this.#buffer = buffer;
  }
}

/** A client that connects again when its connection is lost, as most do. */
export class RedisReconnecting implements RedisClient {
  #port: number;
  #connection: Promise<RedisConnection> | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  /** Goes on with another server, as after a failover. */
  async moveTo(port: number): Promise<void> {
    this.#port = port;
    const connection = await this.#connection?.catch(() => undefined);
    this.#connection = undefined;
    await connection?.close();
  }

  async send(command: [name: string, ...args: string[]]): Promise<unknown> {
    // Commands must not pass one another: they wait for the same promise.
    const opening = this.#connection ??= RedisConnection.open(this.#port);
    try {
      return await (await opening).send(command);
    } catch (error) {
      const connection = await opening.catch(() => undefined);
      if (!connection?.isOpen && this.#connection === opening) {
        this.#connection = undefined;
      }
      throw error;
    }
  }

  duplicate(): Promise<RedisConnection> {
    return RedisConnection.open(this.#port);
  }

  async close(): Promise<void> {
    const connection = await this.#connection?.catch(() => undefined);
    await connection?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
