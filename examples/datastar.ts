// Copyright 2026 the Tidings authors. MIT license.

/**
 * Seats that several people book at once, shown with Datastar: each change sends the whole
 * table, and the page morphs into it. Compression makes that 1/100 of its bytes.
 *
 * ```sh
 * deno run -N examples/datastar.ts
 * ```
 *
 * The first argument may be another address of Datastar's folder.
 */

import { EventChannel } from "@tidings/sse/channel";
import { compress } from "@tidings/sse/compression";
import type { ServerSentEventInit } from "@tidings/sse/event";

const DATASTAR =
  "https://cdn.jsdelivr.net/npm/@starfederation/datastar@1.0.0-beta.11/dist";
const [datastar = DATASTAR] = Deno.args;

const isTaken: boolean[] = new Array(400).fill(false);
const channel = new EventChannel({
  compression: compress({ expectLarge: true }),
  // What a page gets first, or after it was away for too long.
  snapshot: () => [makeEvent()],
});

function makeTable(): string {
  const buttons = isTaken.map((isTaken, seat) =>
    `<button id="seat-${seat}" data-on-click="@post('/seats/${seat}')">` +
    `${seat} ${isTaken ? "taken" : "free"}</button>`
  );
  return `<main id="seats">${buttons.join("")}</main>`;
}

/** Datastar replaces the element with this ID, and keeps what has not changed. */
function makeEvent(): ServerSentEventInit {
  return {
    event: "datastar-merge-fragments",
    data: `fragments ${makeTable()}`,
  };
}

function makePage(): Response {
  const page = `<!DOCTYPE html><title>Seats</title>
<script type="module" src="${datastar}/datastar.js"></script>
<body data-on-load="@get('/events')"><main id="seats"></main></body>`;
  const headers = { "content-type": "text/html; charset=utf-8" };
  return new Response(page, { headers });
}

// Anyone who reaches this server may write. Remove `hostname` when it authenticates.
Deno.serve({ hostname: "127.0.0.1" }, async (request) => {
  const { pathname } = new URL(request.url);
  if (pathname === "/events") return channel.serve(request);
  if (request.method !== "POST") return makePage();
  const seat = Number(/^\/seats\/(\d+)$/.exec(pathname)?.[1]);
  if (!(seat in isTaken)) return new Response(null, { status: 404 });
  isTaken[seat] = !isTaken[seat];
  await channel.publish(makeEvent());
  // Datastar reads the answer to an action as an event stream: this one is empty.
  return new Response(null, {
    headers: { "content-type": "text/event-stream" },
  });
});
