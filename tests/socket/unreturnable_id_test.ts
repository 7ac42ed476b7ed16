// Copyright 2026 the Tidings authors. MIT license.

/** A server's ID that counts nothing closes the socket: it would fail each POST for ever. */

import { assertEquals } from "@std/assert";
import { EventStreamSocket } from "../../socket/mod.ts";
import { eventStream } from "../support/event_server.ts";
import { within } from "../support/within.ts";

const OPENING = JSON.stringify({
  session: "a",
  protocol: "",
  sessionTimeout: 60_000,
  maxBatchSize: 1_000_000,
  acknowledgeAfter: 1_000_000,
});

for (const id of ["é", "€", "\x01", "\x7f", "a\tb", " ", "-1", "1e3"]) {
  for (const event of [`id: ${id}\ndata: a\n\n`, `id: ${id}\n\n`]) {
    Deno.test(`EventStreamSocket fails on the server's ID in ${JSON.stringify(event)}`, async () => {
      const stream = new ReadableStream<Uint8Array>({
        start(controller): void {
          controller.enqueue(
            new TextEncoder().encode(
              `id: 1\nevent: open\ndata: ${OPENING}\n\n${event}`,
            ),
          );
        },
      });
      let posts = 0;
      const socket = new EventStreamSocket("http://localhost/", [], {
        reconnectionTime: 1,
        backoff: { maxDelay: 1 },
        fetch: (url, init) => {
          if (init.method !== "POST") {
            return Promise.resolve(eventStream(stream));
          }
          posts++;
          // What a real fetch refuses, it refuses here as well.
          new Request(url, init);
          return Promise.resolve(new Response(null, { status: 204 }));
        },
      });
      socket.onopen = () => setTimeout(() => socket.send("a"));
      const closed = new Promise<CloseEvent>((resolve) =>
        socket.onclose = resolve
      );
      const { code, wasClean } = await within("the end", closed);
      assertEquals([code, wasClean, posts], [1002, false, 0]);
    });
  }
}
