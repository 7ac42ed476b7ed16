// Copyright 2026 the Tidings authors. MIT license.

/** The process of the clients over HTTP/2, many on each connection, as `_fanout_load.ts`. */

import http2 from "node:http2";
import process from "node:process";
import { Crowd } from "./_fanout_crowd.ts";

const STREAMS_OF_A_CONNECTION = 100;

const [port, count] = process.argv.slice(2).map(Number) as [number, number];
const crowd = new Crowd();
let session!: http2.ClientHttp2Session;
for (let i = 0; i < count; i++) {
  if (i % STREAMS_OF_A_CONNECTION === 0) {
    session = http2.connect(`http://127.0.0.1:${port}`);
  }
  const stream = session.request({ ":path": "/" });
  const client = crowd.add();
  await new Promise<void>((resolve, reject) => {
    stream.on("error", reject);
    // The first chunk, after which the server counts the client.
    stream.once("data", () => {
      resolve();
      stream.on("data", (chunk: Uint8Array) => crowd.take(client, chunk));
    });
  });
}
console.log(count);
await crowd.answer();
