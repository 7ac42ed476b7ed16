// Copyright 2026 the Tidings authors. MIT license.

/**
 * The process of the clients: raw sockets that ask for a coding. It is told on its
 * standard input how many events each client is to have had in all, and answers with
 * the time at which the last of them had, and with the bytes of all.
 *
 * A server sends one event at a time, so what a client reads is the next one, in
 * whatever form. The first client looks what it is: it must be that event. What is not
 * compressed may come in several parts, and ends with an empty line.
 */

import { EventStreamParser } from "../../parser.ts";
import { Decompressor } from "./_decompressor.ts";
import { answerLines } from "../_process.ts";

/** What the clients have had. */
export interface LoadReport {
  /** Milliseconds since the epoch, when the last client had the event. */
  time: number;
  /** Bytes of all bodies so far. */
  bytes: number;
}

const CONNECTS_AT_A_TIME = 50;
/** A compressed event fits in. */
const BUFFER_SIZE = 16_384;
const LINE_FEED = 10;

/** Clients of one server. */
class Crowd {
  /** How many chunks each client has had. */
  readonly #chunks: number[] = [];
  #bytes = 0;
  #goal = Infinity;
  #done = 0;
  #onAll: () => void = () => {};
  /** How many events the first client has had. */
  #events = 0;
  readonly #coding: string;
  /** Reads what the first client gets; `undefined` if that is not compressed. */
  #decompressor: Decompressor | undefined;

  constructor(coding: string) {
    this.#coding = coding;
  }

  /** Connects one more client. */
  async connect(port: number): Promise<void> {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    // With HTTP/1.0 the body comes as it is, without the frame of its chunks.
    const request =
      `GET / HTTP/1.0\r\naccept-encoding: ${this.#coding}\r\n\r\n`;
    await connection.write(new TextEncoder().encode(request));
    const buffer = new Uint8Array(BUFFER_SIZE);
    let head = "";
    while (!head.includes("\r\n\r\n")) {
      const length = await connection.read(buffer) ?? 0;
      head += String.fromCharCode(...buffer.subarray(0, length));
    }
    const index = this.#chunks.push(0) - 1;
    const isCompressed = /content-encoding:/i.test(head);
    if (isCompressed && index === 0) {
      const parser = new EventStreamParser(() => this.#events++);
      this.#decompressor = new Decompressor(
        this.#coding,
        (chunk) => parser.push(chunk),
      );
      const rest = head.slice(head.indexOf("\r\n\r\n") + 4);
      this.#decompressor.write(Uint8Array.from(rest, (c) => c.charCodeAt(0)));
    }
    this.#read(connection, buffer, index, isCompressed);
  }

  /** Forgets what has come so far: headers, places and greetings. */
  start(): LoadReport {
    this.#chunks.fill(0);
    this.#events = 0;
    this.#bytes = 0;
    return { time: 0, bytes: 0 };
  }

  /** Waits until every client has had so many events. */
  async untilAllHave(events: number): Promise<LoadReport> {
    this.#goal = events;
    this.#done = this.#chunks.filter((each) => each >= events).length;
    if (this.#done < this.#chunks.length) {
      await new Promise<void>((resolve) => this.#onAll = resolve);
    }
    const time = performance.timeOrigin + performance.now();
    while (this.#decompressor !== undefined && this.#events < events) {
      await this.#decompressor.next();
    }
    return { time, bytes: this.#bytes };
  }

  async #read(
    connection: Deno.Conn,
    buffer: Uint8Array<ArrayBuffer>,
    index: number,
    isCompressed: boolean,
  ): Promise<void> {
    const decompressor = index === 0 ? this.#decompressor : undefined;
    for (;;) {
      const length = await connection.read(buffer);
      if (length === null) return;
      this.#bytes += length;
      decompressor?.write(buffer.slice(0, length));
      // The rest of the event is still to come.
      if (!isCompressed && buffer[length - 1] !== LINE_FEED) continue;
      // It was set when the client connected.
      if (++this.#chunks[index]! !== this.#goal) continue;
      if (++this.#done === this.#chunks.length) this.#onAll();
    }
  }
}

if (import.meta.main) {
  const [port = NaN, count = NaN] = Deno.args.map(Number);
  const crowd = new Crowd(Deno.args[2] ?? "gzip");
  for (let done = 0; done < count; done += CONNECTS_AT_A_TIME) {
    const length = Math.min(CONNECTS_AT_A_TIME, count - done);
    await Promise.all(Array.from({ length }, () => crowd.connect(port)));
  }
  console.log(count);
  await answerLines(async (events: number) => {
    if (events === 0) return crowd.start();
    return await crowd.untilAllHave(events);
  });
}
