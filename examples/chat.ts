// Copyright 2026 the Tidings authors. MIT license.

/**
 * A chat. A room is an event type, and a client names the rooms that it is in: one
 * connection for all of them. New clients get the last words of their rooms.
 *
 * ```sh
 * deno run -N examples/chat.ts
 * curl -N 'localhost:8000/?room=tea&room=rain'
 * curl localhost:8000/tea -d 'Is there any left?'
 * ```
 */

import { EventChannel } from "@tidings/sse/channel";

const MAX_LENGTH = 1000;
const ROOM_REGEXP = /^[a-z]{1,20}$/;

const channel = new EventChannel();

Deno.serve(async (request) => {
  const { pathname, searchParams } = new URL(request.url);
  if (request.method !== "POST") {
    const topics = searchParams.getAll("room");
    return channel.serve(request, { topics, replay: 100 });
  }
  const room = pathname.slice(1);
  const text = await request.text();
  if (!ROOM_REGEXP.test(room) || text.length > MAX_LENGTH) {
    return new Response(null, { status: 400 });
  }
  const id = await channel.publish({ event: room, data: text });
  return new Response(`${id}\n`, { status: 201 });
});
