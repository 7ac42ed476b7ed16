// Copyright 2026 the Tidings authors. MIT license.

/**
 * The process of clients that come back all at once: raw sockets, each with the last
 * event ID and the topic that it is told. It answers once each has what it is owed.
 */

import { answerLines } from "../_process.ts";

/** A client that comes back, or that is new. */
export interface Returning {
  /** The last event that it has seen; a new client has none. */
  lastEventId?: string;
  topic: string;
  /** How many events it is owed. */
  owed: number;
}

/** What the process is told. */
export interface LoadOrder {
  port: number;
  clients: readonly Returning[];
}

const MARK = "~".charCodeAt(0);
const CONNECTS_AT_A_TIME = 50;

if (import.meta.main) {
  await answerLines(async ({ port, clients }: LoadOrder) => {
    const waiting = clients.values();
    const served: Promise<void>[] = [];
    // Several at a time take from one list.
    await Promise.all(
      Array.from({ length: CONNECTS_AT_A_TIME }, async () => {
        for (const client of waiting) {
          served.push(receive(await open(port, client), client.owed));
        }
      }),
    );
    await Promise.all(served);
    return served.length;
  });
}

async function open(
  port: number,
  { lastEventId, topic }: Returning,
): Promise<Deno.TcpConn> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const id = lastEventId === undefined
    ? ""
    : `last-event-id: ${lastEventId}\r\n`;
  const request =
    `GET /?topic=${topic} HTTP/1.1\r\nhost: localhost\r\n${id}\r\n`;
  await connection.write(new TextEncoder().encode(request));
  return connection;
}

async function receive(connection: Deno.TcpConn, owed: number): Promise<void> {
  const buffer = new Uint8Array(65_536);
  for (let count = 0; count < owed;) {
    const length = await connection.read(buffer);
    if (length === null) throw new Error("A stream ended too early");
    const bytes = buffer.subarray(0, length);
    let from = bytes.indexOf(MARK);
    for (; from !== -1; from = bytes.indexOf(MARK, from + 1)) count++;
  }
  connection.close();
}
