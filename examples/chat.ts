// Copyright 2026 the Tidings authors. MIT license.

/**
 * A chat. Each room is a topic, and a client names its rooms. It has one connection
 * for all of them and gets only the messages of its rooms. A new client gets the last
 * messages of its rooms. Anyone may join any room; `notifications.ts` shows how the
 * server decides that instead.
 *
 * ```sh
 * deno run -N examples/chat.ts
 * curl -N 'localhost:8000/?room=tea&room=rain'
 * curl localhost:8000/tea -d 'Is there any left?'
 * ```
 */

import { EventChannel } from "@tidings/sse/channel";

const MAX_LENGTH = 1000;
const MAX_ROOMS = 50;
const ROOM_REGEXP = /^[a-z]{1,20}$/;

const channel = new EventChannel();

// Anyone who reaches this server may write. Remove `hostname` when it authenticates.
Deno.serve({ hostname: "127.0.0.1" }, async (request) => {
  const { pathname, searchParams } = new URL(request.url);
  if (request.method !== "POST") {
    const rooms = searchParams.getAll("room");
    if (rooms.length > MAX_ROOMS || !rooms.every(isRoom)) return refuse();
    const topics = rooms.map((room) => `room:${room}`);
    return channel.serve(request, { topics, replay: 100 });
  }
  const room = pathname.slice(1);
  const text = await request.text();
  if (!isRoom(room) || text.length > MAX_LENGTH) return refuse();
  // Topics are never sent, so the event type tells the room.
  const event = { event: room, data: text };
  const id = await channel.publish(event, { topics: [`room:${room}`] });
  return new Response(`${id}\n`, { status: 201 });
});

function isRoom(name: string): boolean {
  return ROOM_REGEXP.test(name);
}

function refuse(): Response {
  return new Response(null, { status: 400 });
}
