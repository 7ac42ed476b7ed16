// Copyright 2026 the Tidings authors. MIT license.

/** IDs of a server, or of a user, that count nothing: no POST brings them back. */

import { assertEquals } from "@std/assert";
import {
  EventStreamSocket,
  type EventStreamSocketOptions,
} from "../../socket/mod.ts";
import { eventStream } from "../support/event_server.ts";
import { within } from "../support/within.ts";

const OPENING = JSON.stringify({
  session: "a",
  protocol: "",
  sessionTimeout: 60_000,
  maxBatchSize: 1_000_000,
  acknowledgeAfter: 1_000_000,
});

/** A socket whose server sends one block after the opening, and what it POSTs. */
function connectTo(
  block: string,
  headers?: EventStreamSocketOptions["headers"],
) {
  const posts: Headers[] = [];
  const posted = Promise.withResolvers<void>();
  let server!: ReadableStreamDefaultController<Uint8Array>;
  const send = (text: string): void =>
    server.enqueue(new TextEncoder().encode(text));
  const streams: Headers[] = [];
  const socket = new EventStreamSocket("http://localhost/", [], {
    headers,
    reconnectionTime: 1,
    backoff: { maxDelay: 1 },
    fetch: (url, init) => {
      if (init.method === "POST") {
        // What a real fetch refuses, it refuses here as well.
        posts.push(new Request(url, init).headers);
        posted.resolve();
        return Promise.resolve(new Response(null, { status: 204 }));
      }
      streams.push(new Request(url, init).headers);
      const stream = new ReadableStream<Uint8Array>({
        start(controller): void {
          server = controller;
          send(`event: open\ndata: ${OPENING}\n\n${block}`);
        },
      });
      return Promise.resolve(eventStream(stream));
    },
  });
  const closed = new Promise<CloseEvent>((resolve) => socket.onclose = resolve);
  return { socket, send, streams, posts, posted: posted.promise, closed };
}

for (const id of ["é", "€", "\x01", "\x7f", "a\tb", " ", "-1", "1e3"]) {
  const name = JSON.stringify(id);

  Deno.test(`EventStreamSocket fails on a message with the ID ${name}`, async () => {
    const { posts, closed } = connectTo(`id: ${id}\ndata: a\n\n`);

    const { code, wasClean } = await within("the end", closed);

    assertEquals([code, wasClean], [1002, false]);
    assertEquals(posts.map((post) => post.get("last-event-id")), [null]);
  });

  Deno.test(`EventStreamSocket sends back nothing of the ID ${name} without a message`, async () => {
    const { socket, send, posts, posted, closed } = connectTo(`id: ${id}\n\n`);
    socket.onopen = () => setTimeout(() => socket.send("a"));

    await within("the POST", posted);
    send('id: 1\nevent: close\ndata: {"code":1000,"reason":""}\n\n');
    const { code } = await within("the end", closed);

    assertEquals(code, 1000);
    assertEquals(posts[0]?.get("last-event-id"), null);
  });
}

for (
  const [name, headers] of [
    ["an object", { "last-event-id": "7" }],
    ["Headers", new Headers({ "Last-Event-ID": "7" })],
    ["a function", () => [["LAST-EVENT-ID", "7"]]],
  ] satisfies [string, EventStreamSocketOptions["headers"]][]
) {
  Deno.test(`EventStreamSocket sends no Last-Event-ID of the user's, in ${name}`, async () => {
    const { socket, send, streams, posts, posted, closed } = connectTo(
      "",
      headers,
    );
    socket.onopen = () => socket.send("a");

    await within("the POST", posted);
    send('id: 1\nevent: close\ndata: {"code":1000,"reason":""}\n\n');
    await within("the end", closed);

    const sent = [...streams, ...posts].map((headers) =>
      headers.get("last-event-id")
    );
    assertEquals(sent, [null, null, "1"]);
  });
}
