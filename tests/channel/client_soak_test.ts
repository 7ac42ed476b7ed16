// Copyright 2026 the Tidings authors. MIT license.

/**
 * Our client and our server together: connections are cut at random, in the middle
 * of a line too, and the client must give every event once and in order.
 */

import { assertEquals } from "@std/assert";
import { EventChannel } from "../../channel.ts";
import { connect } from "../../client.ts";
import { startServer } from "./_clients.ts";
import { Random } from "../support/random.ts";

const EVENTS = 150;

Deno.test("connect() gives each event of a channel once over drops", async () => {
  const first = Number(
    Deno.env.get("SEED") ?? Math.floor(Math.random() * 2 ** 31),
  );
  for (let seed = first; seed < first + 8; seed++) {
    try {
      await soak(new Random(seed));
    } catch (error) {
      throw new Error(`Failed, run again with SEED=${seed}: ${error}`, {
        cause: error,
      });
    }
  }
});

async function soak(random: Random): Promise<void> {
  const channel = new EventChannel({
    liveSegmentBytes: random.pick([0, 2000, 1_000_000]),
  });
  await using server = startServer((request) =>
    cut(channel.serve(request, { replay: "all" }), random)
  );
  const expected = Array.from({ length: EVENTS }, (_, index) => `${index}`);
  const readers = Array.from(
    { length: 4 },
    () => readAll(`http://127.0.0.1:${server.port}/`, random),
  );
  for (let published = 0; published < EVENTS;) {
    const end = Math.min(EVENTS, published + 1 + random.below(8));
    const burst = expected.slice(published, end);
    await Promise.all(burst.map((data) => channel.publish({ data })));
    published = end;
    if (random.onceIn(3)) await sleep(random.below(4));
  }
  for (const received of await Promise.all(readers)) {
    assertEquals(received, expected);
  }
  await channel.close();
}

async function readAll(url: string, random: Random): Promise<string[]> {
  const received: string[] = [];
  const options = { reconnectionTime: 1, backoff: { maxDelay: 5 } };
  for await (const event of connect(url, options)) {
    received.push(event.data);
    if (received.length === EVENTS) break;
    if (random.onceIn(20)) await sleep(random.below(8));
  }
  return received;
}

/** Ends a response after some bytes, in the middle of a line more often than not. */
function cut(response: Response, random: Random): Response {
  let left = 1 + random.below(3000);
  const limit = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      controller.enqueue(chunk.slice(0, left));
      left -= chunk.byteLength;
      if (left <= 0) controller.terminate();
    },
  });
  return new Response(response.body!.pipeThrough(limit), response);
}

function sleep(delay: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delay));
}
