// Copyright 2026 the Tidings authors. MIT license.

/**
 * Clients of a compressing channel that come, read slowly, leave and come back at
 * random: what each has read of each of its streams must be what a strict reader
 * takes, and all of it together each of its events once and in order.
 */

import { assertEquals } from "@std/assert";
import { EventChannel, type EventChannelServeOptions } from "../../channel.ts";
import {
  compress,
  type EventCompression,
  gzip,
  hasZstd,
  zstd,
} from "../../compression/mod.ts";
import { MemoryEventLog } from "../../log.ts";
import { EventStreamParser } from "../../parser.ts";
import { CODINGS, SHARED_CODINGS, type TestedCoding } from "./_codings.ts";
import { Random } from "../support/random.ts";

const EVENTS = 150;
const TOPICS = ["red", "green"];

/** A kind of client, and which of the events it gets. */
interface Kind {
  options: EventChannelServeOptions;
  accepts(topic: string | undefined, index: number): boolean;
}

const KINDS: Kind[] = [
  { options: {}, accepts: (topic) => topic === undefined },
  { options: { topics: "all" }, accepts: () => true },
  ...TOPICS.map((own) => ({
    options: { topics: [own] },
    accepts: (topic: string | undefined) =>
      topic === undefined || topic === own,
  })),
  {
    options: { topics: "all", filter: ({ data }) => !data?.includes("7") },
    accepts: (_, index) => !String(index).includes("7"),
  },
];

/** A client of some kind, over as many streams as it takes. */
class Client {
  readonly kind: Kind;
  readonly received: number[] = [];
  readonly #random: Random;
  readonly #coding: TestedCoding;
  #lastEventId: string;
  #isOver = false;

  constructor(
    kind: Kind,
    coding: TestedCoding,
    random: Random,
    start: string,
  ) {
    this.kind = kind;
    this.#coding = coding;
    this.#random = random;
    this.#lastEventId = start;
  }

  /** Reads until the last event has come, from whatever channel there is. */
  async run(findChannel: () => EventChannel): Promise<void> {
    await sleep(this.#random.below(20));
    while (!this.#isOver) {
      const headers = {
        "accept-encoding": this.#coding.name,
        "last-event-id": this.#lastEventId,
      };
      const request = new Request("http://localhost/", { headers });
      const { body } = findChannel().serve(request, this.kind.options);
      // A channel that is being closed has none.
      if (body !== null) await this.#read(body.getReader());
      await sleep(this.#random.below(3));
    }
  }

  async #read(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
    const chunks: Uint8Array[] = [];
    const pause = this.#random.pick([2, 5, 1000]);
    let isWhole = false;
    while (!this.#isOver && !isWhole) {
      if (this.#random.onceIn(pause)) await sleep(this.#random.below(8));
      const { done, value } = await reader.read();
      if (done) isWhole = true;
      else chunks.push(value);
      this.#isOver = value !== undefined &&
        this.#coding.readSoFar(chunks).includes("event: end");
      if (this.#random.onceIn(40)) break;
    }
    await reader.cancel();
    if (chunks.length > 0) {
      this.#take(
        isWhole
          ? this.#coding.readWhole(chunks)
          : this.#coding.readSoFar(chunks),
      );
    }
  }

  #take(text: string): void {
    const parser = new EventStreamParser(({ event, data }) => {
      if (event === "message") this.received.push(Number(data.split(" ")[0]));
      else assertEquals(event, "end");
    }, { lastEventId: this.#lastEventId });
    parser.push(text);
    this.#lastEventId = parser.lastEventId;
  }
}

async function soak(
  random: Random,
  codings: readonly TestedCoding[],
  compressions: readonly (() => EventCompression)[],
): Promise<void> {
  const log = new MemoryEventLog();
  const open = () =>
    new EventChannel({
      log,
      liveSegmentBytes: random.pick([0, 2000, 1_000_000]),
      keepAlive: random.pick([2, 10, 1000]),
      retry: 1,
      compression: compressions[random.below(compressions.length)]!(),
    });
  let channel = open();
  const start = await log.rewind(0);
  const clients = Array.from(
    { length: 12 },
    () => new Client(random.pick(KINDS), random.pick(codings), random, start),
  );
  const runs = clients.map((client) => client.run(() => channel));
  const topics: (string | undefined)[] = [];
  while (topics.length < EVENTS) {
    const index = topics.length;
    const topic = random.pick([undefined, ...TOPICS]);
    topics.push(topic);
    const data = `${index} ` +
      random.text(["tick ", "tock "], random.below(40));
    const options = topic === undefined ? {} : { topics: [topic] };
    channel.publish({ data }, options);
    if (random.onceIn(3)) await sleep(random.below(4));
    if (random.onceIn(50)) {
      const old = channel;
      channel = open();
      await old.close();
    }
  }
  await channel.publish({ event: "end", data: "end" });
  await Promise.all(runs);
  await channel.close();
  for (const { kind, received } of clients) {
    const expected = [...topics.keys()]
      .filter((index) => kind.accepts(topics[index], index));
    assertEquals(received, expected);
  }
}

function sleep(delay: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delay));
}

/** What each channel may be made with, by the codings that its clients ask for. */
const SOAKS: Record<
  string,
  [codings: readonly TestedCoding[], (() => EventCompression)[]]
> = {
  gzip: [
    CODINGS.filter(({ name }) => name === "gzip"),
    [9, 11, 13].map((windowBits) => () => gzip({ windowBits })),
  ],
  ...hasZstd() && {
    zstd: [
      CODINGS.filter(({ name }) => name === "zstd"),
      [0, 1, 3, 64].map((maxCompressors) => () =>
        zstd({ windowBits: 14, maxCompressors })
      ),
    ],
  },
  "compress()": [
    SHARED_CODINGS,
    [() => compress(), () => compress({ expectLarge: true })],
  ],
};

for (const [name, [codings, compressions]] of Object.entries(SOAKS)) {
  Deno.test(`EventChannel compresses for clients that come and go and read slowly, over restarts, without a loss: ${name}`, async () => {
    const first = Number(
      Deno.env.get("SEED") ?? Math.floor(Math.random() * 2 ** 31),
    );
    for (let seed = first; seed < first + 4; seed++) {
      try {
        await soak(new Random(seed), codings, compressions);
      } catch (error) {
        throw new Error(`Failed, run again with SEED=${seed}: ${error}`, {
          cause: error,
        });
      }
    }
  });
}
