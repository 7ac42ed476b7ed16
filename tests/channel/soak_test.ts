// Copyright 2026 the Tidings authors. MIT license.

/**
 * Clients that drop at random while events are published, over real sockets: each
 * must get every event once and in order, or be told of a gap.
 */

import { assert, assertEquals } from "@std/assert";
import { EventChannel } from "../../channel.ts";
import { gzip } from "../../compression/mod.ts";
import { type EventLog, MemoryEventLog } from "../../log.ts";
import { EventStreamParser } from "../../parser.ts";
import { startServer, until } from "./_clients.ts";
import { checkAsyncProperty, type Random } from "../support/random.ts";
import { RemoteLog } from "../support/remote_log.ts";

const EVENTS = 200;

for (const engine of ["MemoryEventLog", "RemoteLog"] as const) {
  Deno.test(`EventChannel gives each event once over drops, with ${engine}`, async () => {
    await checkAsyncProperty(10, async (random) => {
      const log = makeLog(engine, random, EVENTS + 1);
      for (const { received, isFromStart } of await soak(log, random)) {
        const first = isFromStart ? 0 : Number(received[0] ?? EVENTS);
        assertEquals(received, numbers(EVENTS).slice(first));
      }
    });
  });

  Deno.test(`EventChannel passes over no event in silence, with ${engine}`, async () => {
    await checkAsyncProperty(10, async (random) => {
      const log = makeLog(engine, random, 20);
      for (const { received } of await soak(log, random)) {
        assertNoSilence(received);
      }
    });
  });
}

function makeLog(
  engine: "MemoryEventLog" | "RemoteLog",
  random: Random,
  maxEvents: number,
): EventLog {
  if (engine === "MemoryEventLog") return new MemoryEventLog({ maxEvents });
  const log = new RemoteLog({ maxEvents });
  log.failsOnce = (part) =>
    log.calls.append > 0 && part !== "append" && random.onceIn(50);
  log.batchSize = () => 1 + random.below(20);
  return log;
}

/** Runs clients and a publisher, until each client has seen the end. */
async function soak(log: EventLog, random: Random): Promise<DroppingClient[]> {
  const channel = new EventChannel({
    log,
    liveSegmentBytes: random.pick([0, 1000, 10_000, 1_000_000]),
    // What `fetch` asks for by itself.
    compression: random.pick([undefined, gzip({ windowBits: 9 })]),
    onError: () => {},
  });
  await using server = startServer((request) => channel.serve(request));
  const start = await log.rewind(0);
  const clients = Array.from({ length: 6 }, (_, index) => {
    const lastEventId = index < 3 ? start : "";
    return new DroppingClient(server.port, random, lastEventId);
  });
  const runs = clients.map((client) => client.run());
  for (let published = 0; published < EVENTS;) {
    const burst = Math.min(EVENTS - published, 1 + random.below(10));
    const data = numbers(published + burst).slice(published);
    await Promise.all(data.map((data) => channel.publish({ data })));
    published += burst;
    if (random.onceIn(3)) await sleep(random.below(4));
  }
  // A client without a cursor would wait for what came before it.
  await until(() => clients.every((client) => client.lastEventId !== ""));
  await channel.publish({ event: "end", data: "" });
  await Promise.all(runs);
  await channel.close();
  return clients;
}

function assertNoSilence(received: readonly string[]): void {
  let last: number | undefined;
  for (const data of received) {
    if (data === "gap") {
      last = undefined;
    } else {
      assert(last === undefined || Number(data) === last + 1, received.join());
      last = Number(data);
    }
  }
}

/** A client that drops at random, and comes back until it has seen the end. */
class DroppingClient {
  /** The data of the events, and "gap" for each gap that it was told of. */
  readonly received: string[] = [];
  readonly isFromStart: boolean;
  lastEventId: string;
  readonly #url: string;
  readonly #random: Random;
  #isOver = false;

  constructor(port: number, random: Random, lastEventId: string) {
    this.#url = `http://127.0.0.1:${port}/`;
    this.#random = random;
    this.lastEventId = lastEventId;
    this.isFromStart = lastEventId !== "";
  }

  async run(): Promise<void> {
    await sleep(this.#random.below(20));
    while (!this.#isOver) {
      const controller = new AbortController();
      const { signal } = controller;
      const headers = new Headers();
      if (this.lastEventId !== "") {
        headers.set("last-event-id", this.lastEventId);
      }
      const response = await fetch(this.#url, { headers, signal });
      assertEquals(response.status, 200);
      await this.#read(response.body!, () => controller.abort());
    }
  }

  async #read(
    body: ReadableStream<Uint8Array>,
    drop: () => void,
  ): Promise<void> {
    const parser = new EventStreamParser((event) => {
      if (event.event === "end") this.#isOver = true;
      else if (event.event === "gap") this.received.push("gap");
      else this.received.push(event.data);
    }, { lastEventId: this.lastEventId });
    const reader = body.getReader();
    for (;;) {
      if (this.#random.onceIn(4)) await sleep(this.#random.below(8));
      const { done, value } = await reader.read();
      if (done) break;
      const drops = this.#random.onceIn(4);
      const length = drops ? this.#random.below(value.length) : value.length;
      parser.push(value.subarray(0, length));
      this.lastEventId = parser.lastEventId;
      if (this.#isOver || drops) break;
    }
    // Also where the stream has come to its end, for nothing is to be left of it.
    drop();
    await reader.cancel().catch(() => {});
  }
}

function numbers(count: number): string[] {
  return Array.from({ length: count }, (_, index) => String(index));
}

function sleep(delay: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delay));
}
