// Copyright 2026 the Tidings authors. MIT license.

/**
 * Seats that several people book at once, shown with htmx: each change sends the whole
 * table, and the page morphs into it. Compression makes that 1/100 of its bytes.
 *
 * ```sh
 * deno run -N examples/htmx.ts
 * ```
 *
 * The first argument may be another address of the folder of htmx.
 */

import { EventChannel } from "@tidings/sse/channel";
import { compress } from "@tidings/sse/compression";
import type { ServerSentEventInit } from "@tidings/sse/event";

const HTMX = "https://cdn.jsdelivr.net/npm/htmx.org@4.0.1/dist";
const [htmx = HTMX] = Deno.args;

const isTaken: boolean[] = new Array(400).fill(false);
const channel = new EventChannel({
  compression: compress({ expectLarge: true }),
  // What a page gets first, or after it was away for too long.
  snapshot: () => [makeEvent()],
});

function makeTable(): string {
  return isTaken.map((isTaken, seat) =>
    `<button id="seat-${seat}" hx-post="/seats/${seat}" hx-swap="none">` +
    `${seat} ${isTaken ? "taken" : "free"}</button>`
  ).join("");
}

/** htmx swaps the data of events without a type into the element that is connected. */
function makeEvent(): ServerSentEventInit {
  return { data: makeTable() };
}

function makePage(): Response {
  const page = `<!DOCTYPE html><title>Seats</title>
<script src="${htmx}/htmx.min.js"></script>
<script src="${htmx}/ext/hx-sse.min.js"></script>
<main hx-sse:connect="/events" hx-swap="innerMorph"></main>`;
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
  return new Response(null, { status: 204 });
});
