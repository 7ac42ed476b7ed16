// Copyright 2026 the Tidings authors. MIT license.

/**
 * The process that `_contestants.ts` reads from: `/16KiB` and the like give
 * the workload again and again, in chunks of that size, and then an event of the
 * type `end`.
 */

import { encodeEvent } from "../../encoder.ts";
import {
  CLIENT_CHUNKINGS,
  type ClientChunking,
  clientWorkload,
} from "./_workload.ts";
import { answerLines } from "../_process.ts";
import { cut, cutBytes } from "../_fixtures.ts";

const workload = clientWorkload();
const end = encodeEvent({ event: "end", data: "" });

const server = Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen() {} },
  (request) => {
    const name = new URL(request.url).pathname.slice(1) as ClientChunking;
    const chunks = name === "16KiB"
      ? cut(workload, "64KiB").flatMap((chunk) => cutBytes(chunk, 16 * 1024))
      : cut(workload, name);
    return new Response(repeat(chunks, CLIENT_CHUNKINGS[name]), {
      headers: { "content-type": "text/event-stream" },
    });
  },
);
console.log(JSON.stringify(`http://127.0.0.1:${server.addr.port}`));
// Until the process that started this one has ended.
await answerLines((question) => question);
Deno.exit();

function repeat(
  chunks: Uint8Array[],
  times: number,
): ReadableStream<Uint8Array> {
  let next = 0;
  return new ReadableStream({
    pull(controller): void {
      if (next < chunks.length * times) {
        controller.enqueue(chunks[next++ % chunks.length]!);
      } else {
        controller.enqueue(end);
        controller.close();
      }
    },
  });
}
