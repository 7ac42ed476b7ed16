// Copyright 2026 the Tidings authors. MIT license.

/**
 * The process of the clients: raw sockets that read and count events. It is told on
 * its standard input how many events each client is to have had in all, and answers
 * with the time at which the last of them had.
 */

import { answerLines } from "./_fanout_process.ts";

const MARK = "~".charCodeAt(0);
const CONNECTS_AT_A_TIME = 50;

if (import.meta.main) {
  const [port, count] = Deno.args.map(Number) as [number, number];
  const clients: Client[] = [];
  while (clients.length < count) {
    const length = Math.min(CONNECTS_AT_A_TIME, count - clients.length);
    const connects = Array.from({ length }, () => Client.connect(port));
    clients.push(...await Promise.all(connects));
  }
  console.log(clients.length);
  await answerLines(async (events: number) => {
    await Client.untilAllHave(events, count);
    return performance.timeOrigin + performance.now();
  });
}

class Client {
  /** How many clients have the events that are waited for. */
  static #done = 0;
  static #goal = Infinity;
  static #onDone = () => {};
  static #all: Client[] = [];
  #events = 0;

  static async connect(port: number): Promise<Client> {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    const request = "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";
    await connection.write(new TextEncoder().encode(request));
    const buffer = new Uint8Array(4096);
    // The head, and the first chunk, which may come with it.
    await connection.read(buffer);
    const client = new Client();
    client.#run(connection, buffer);
    Client.#all.push(client);
    return client;
  }

  static async untilAllHave(events: number, clients: number): Promise<void> {
    Client.#goal = events;
    Client.#done = Client.#all.filter((each) => each.#events >= events).length;
    if (Client.#done === clients) return;
    await new Promise<void>((resolve) => {
      Client.#onDone = () => {
        if (Client.#done === clients) resolve();
      };
    });
  }

  async #run(connection: Deno.Conn, buffer: Uint8Array): Promise<void> {
    for (;;) {
      const length = await connection.read(buffer);
      if (length === null) return;
      const before = this.#events;
      this.#events += countMarks(buffer.subarray(0, length));
      if (before < Client.#goal && this.#events >= Client.#goal) {
        Client.#done++;
        Client.#onDone();
      }
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
