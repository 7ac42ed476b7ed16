// Copyright 2026 the Tidings authors. MIT license.

/**
 * Clients that come back for a whole history, without connections: how long it takes until
 * each has all of it, and for how long at most nothing else runs.
 */

import { EventChannel } from "../../channel.ts";
import type { History } from "./_topics_logs.ts";
import { joinBySize, readHistory } from "./_topics_herd.ts";

/** What a round took, in milliseconds. */
export interface Duration {
  /** From the first request to the last byte. */
  wall: number;
  /** The longest time for which no timer ran. */
  busy: number;
}

/** Serves clients by a channel that is new; each has seen the first event alone. */
export async function returnToChannel(
  { log, ids: [lastEventId = ""] }: History,
  clients: number,
  bytes: number,
): Promise<Duration> {
  const channel = new EventChannel({ log });
  const headers = { "last-event-id": lastEventId };
  const duration = await time(() =>
    receiveAll(clients, bytes, () => {
      const request = new Request("http://localhost/", { headers });
      return channel.serve(request, { topics: "all" });
    })
  );
  await channel.close();
  return duration;
}

/** Reads the history once, and gives its bytes to as many streams: the floor. */
export async function returnToStreams(
  { log }: History,
  clients: number,
  bytes: number,
): Promise<Duration> {
  return await time(async () => {
    const chunks = joinBySize(await readHistory(log));
    await receiveAll(clients, bytes, () => {
      const waiting = chunks.values();
      const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
        pull(controller): void {
          const { value } = waiting.next();
          if (value === undefined) controller.close();
          else controller.enqueue(value);
        },
      });
      return new Response(body);
    });
  });
}

/** Reads the history once, and does nothing with it. */
export async function readOnce({ log }: History): Promise<Duration> {
  return await time(async () => {
    let cursor = await log.rewind(Infinity);
    for (;;) {
      const batch = await log.read(cursor);
      if (batch.events.length === 0) return;
      cursor = batch.cursor;
    }
  });
}

/** The bytes of all events but the first. */
export async function measureRest({ log }: History): Promise<number> {
  const [, ...frames] = await readHistory(log);
  return frames.reduce((sum, { byteLength }) => sum + byteLength, 0);
}

async function receiveAll(
  clients: number,
  bytes: number,
  serve: () => Response,
): Promise<void> {
  const served = Array.from({ length: clients }, () => receive(serve(), bytes));
  await Promise.all(served);
}

async function receive({ body }: Response, bytes: number): Promise<void> {
  // Those that are served here have bodies.
  const reader = body!.getReader();
  for (let left = bytes; left > 0;) {
    const { value } = await reader.read();
    if (value === undefined) throw new Error("A stream ended too early");
    left -= value.byteLength;
  }
  await reader.cancel();
}

async function time(run: () => Promise<void>): Promise<Duration> {
  const begin = performance.now();
  let busy = 0;
  let last = begin;
  const look = (): void => {
    const now = performance.now();
    busy = Math.max(busy, now - last);
    last = now;
  };
  let timer = setTimeout(function next() {
    look();
    timer = setTimeout(next, 0);
  }, 0);
  await run();
  look();
  clearTimeout(timer);
  return { wall: last - begin, busy };
}
