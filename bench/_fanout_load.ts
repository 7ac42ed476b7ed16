// Copyright 2026 the Tidings authors. MIT license.

/**
 * The process of the clients: raw sockets that read and count events. It is told on
 * its standard input how many events each client is to have had in all, and answers
 * with the time at which the last of them had.
 */

import { answerLines } from "./_fanout_process.ts";

const MARK = "~".charCodeAt(0);
const CONNECTS_AT_A_TIME = 50;

/** Clients of one server. */
class Crowd {
  /** How many events each client has had. */
  readonly #events: number[] = [];
  /** How many events each client is to have, and how many clients have them. */
  #goal = Infinity;
  #done = 0;
  #onAll: () => void = () => {};

  /** Connects one more client. */
  async connect(port: number): Promise<void> {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    const request = "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";
    await connection.write(new TextEncoder().encode(request));
    const buffer = new Uint8Array(4096);
    // The head of the response, after which the server counts the client.
    await connection.read(buffer);
    this.#read(connection, buffer, this.#events.push(0) - 1);
  }

  /** Waits until every client has had so many events. */
  async untilAllHave(events: number): Promise<void> {
    this.#goal = events;
    this.#done = this.#events.filter((each) => each >= events).length;
    if (this.#done === this.#events.length) return;
    await new Promise<void>((resolve) => this.#onAll = resolve);
  }

  async #read(
    connection: Deno.Conn,
    buffer: Uint8Array,
    index: number,
  ): Promise<void> {
    for (;;) {
      const length = await connection.read(buffer);
      if (length === null) return;
      const before = this.#events[index]!;
      const after = before + countMarks(buffer.subarray(0, length));
      this.#events[index] = after;
      if (before >= this.#goal || after < this.#goal) continue;
      if (++this.#done === this.#events.length) this.#onAll();
    }
  }
}

function countMarks(bytes: Uint8Array): number {
  let count = 0;
  for (let i = bytes.indexOf(MARK); i !== -1; i = bytes.indexOf(MARK, i + 1)) {
    count++;
  }
  return count;
}

if (import.meta.main) {
  const [port, count] = Deno.args.map(Number) as [number, number];
  const crowd = new Crowd();
  for (let done = 0; done < count; done += CONNECTS_AT_A_TIME) {
    const length = Math.min(CONNECTS_AT_A_TIME, count - done);
    await Promise.all(Array.from({ length }, () => crowd.connect(port)));
  }
  console.log(count);
  await answerLines(async (events: number) => {
    await crowd.untilAllHave(events);
    return performance.timeOrigin + performance.now();
  });
}
