// Copyright 2026 the Tidings authors. MIT license.

/** Clients that all come back at once, and the least that this can cost. */

import { EventChannel } from "../channel.ts";
import { encodeEvent } from "../encoder.ts";
import type { EventLog } from "../log.ts";
import { joinChunks } from "../_server/body.ts";

/** A client that comes back. */
export interface Returning {
  /** The last event that it has seen. */
  lastEventId: string;
  topics: readonly string[];
  /** How many events it is owed. */
  owed: number;
}

const MARK = "~".charCodeAt(0);
const CHUNK_SIZE = 65_536;

/** Serves all of them by a channel that is new, until each has what it is owed. */
export async function serveHerd(
  log: EventLog,
  herd: readonly Returning[],
): Promise<void> {
  const channel = new EventChannel({ log });
  const counts = herd.map(({ lastEventId, topics, owed }) => {
    const headers = { "last-event-id": lastEventId };
    const request = new Request("http://localhost/", { headers });
    return readUntil(channel.serve(request, { topics }), owed);
  });
  await Promise.all(counts);
  await channel.close();
}

/** Reads the history once, and answers as many requests with one small chunk. */
export async function serveBare(
  log: EventLog,
  clients: number,
): Promise<void> {
  await readHistory(log, () => {});
  const hello = encodeEvent({ comment: "hello", data: "~" });
  const counts = Array.from({ length: clients }, () => {
    // The request is no part of the answer, and is made for both.
    const headers = { "last-event-id": "1" };
    new Request("http://localhost/", { headers });
    return readUntil(respond([hello]), 1);
  });
  await Promise.all(counts);
}

/** Reads the history once, and hands its bytes to as many streams. */
export async function serveBareHistory(
  log: EventLog,
  clients: number,
): Promise<void> {
  const frames: Uint8Array<ArrayBuffer>[] = [];
  await readHistory(log, (frame) => frames.push(frame));
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for (let begin = 0; begin < frames.length;) {
    let end = begin;
    let size = 0;
    while (end < frames.length && size < CHUNK_SIZE) {
      size += frames[end++]!.byteLength;
    }
    chunks.push(joinChunks(frames.slice(begin, end)));
    begin = end;
  }
  const counts = Array.from({ length: clients }, () => {
    new Request("http://localhost/");
    return readUntil(respond(chunks), frames.length - 1);
  });
  await Promise.all(counts);
}

/** Reads a log from its beginning to its end, and encodes it. */
async function readHistory(
  log: EventLog,
  onFrame: (frame: Uint8Array<ArrayBuffer>) => void,
): Promise<void> {
  let cursor = await log.rewind(Infinity);
  for (;;) {
    const batch = await log.read(cursor, { limit: 256, maxBytes: Infinity });
    if (batch.events.length === 0) return;
    for (const event of batch.events) onFrame(encodeEvent(event));
    cursor = batch.cursor;
  }
}

/** A stream that gives chunks at the pace of its reader, and stays open. */
function respond(chunks: readonly Uint8Array<ArrayBuffer>[]): Response {
  let next = 0;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller): Promise<void> | undefined {
      const chunk = chunks[next++];
      if (chunk === undefined) return new Promise(() => {});
      controller.enqueue(chunk);
      return undefined;
    },
  });
  return new Response(body, {
    headers: {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
    },
  });
}

/** Reads until so many events have come, and leaves. */
async function readUntil(response: Response, owed: number): Promise<void> {
  const reader = response.body!.getReader();
  for (let count = 0; count < owed;) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`it ended after ${count} of ${owed} events`);
    let from = value.indexOf(MARK);
    for (; from !== -1; from = value.indexOf(MARK, from + 1)) count++;
  }
  await reader.cancel();
}
