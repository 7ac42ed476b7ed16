// Copyright 2026 the Tidings authors. MIT license.

/**
 * A server in a process of its own, which a test can kill. It counts from the event
 * after the one that the client has seen, and prints its port once it listens.
 */

import type { ServerSentEventInit } from "../../event.ts";
import { type EventSession, serveEvents } from "../../server.ts";

async function* ticks(
  { lastEventId = "-1" }: EventSession,
): AsyncGenerator<ServerSentEventInit> {
  for (let id = Number(lastEventId) + 1;; id++) {
    yield { event: "tick", data: `tick ${id}`, id };
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

Deno.serve({
  hostname: "127.0.0.1",
  port: Number(Deno.args[0]),
  onListen: ({ port }) => console.log(port),
}, (request) => {
  if (new URL(request.url).pathname === "/ticks") {
    return serveEvents(request, ticks, { retry: 20 });
  }
  return new Response("<!doctype html>", {
    headers: { "content-type": "text/html" },
  });
});
