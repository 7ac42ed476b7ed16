// Copyright 2026 the Tidings authors. MIT license.

/** The process of the clients: raw sockets that read and count events. */

import { Crowd } from "./_fanout_crowd.ts";

const CONNECTS_AT_A_TIME = 50;

/** Connects one more client. */
async function connect(crowd: Crowd, port: number): Promise<void> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const request = "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";
  await connection.write(new TextEncoder().encode(request));
  const buffer = new Uint8Array(4096);
  // The head of the response, after which the server counts the client.
  await connection.read(buffer);
  read(crowd, connection, buffer);
}

async function read(
  crowd: Crowd,
  connection: Deno.Conn,
  buffer: Uint8Array,
): Promise<void> {
  const client = crowd.add();
  for (;;) {
    const length = await connection.read(buffer);
    if (length === null) return;
    crowd.take(client, buffer.subarray(0, length));
  }
}

if (import.meta.main) {
  const [port, count] = Deno.args.map(Number) as [number, number];
  const crowd = new Crowd();
  for (let done = 0; done < count; done += CONNECTS_AT_A_TIME) {
    const length = Math.min(CONNECTS_AT_A_TIME, count - done);
    await Promise.all(Array.from({ length }, () => connect(crowd, port)));
  }
  console.log(count);
  await crowd.answer();
}
