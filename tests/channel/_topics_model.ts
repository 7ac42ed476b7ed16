// Copyright 2026 the Tidings authors. MIT license.

/**
 * What each client of a channel must have got, as a property that runs against any log:
 * random topics and types, publishes, drops, slow readers, restarts and trims. Nobody
 * gets what is not theirs, and nobody misses what is: each event once and in order, or a
 * gap.
 */

import { assert, assertEquals } from "@std/assert";
import { EventChannel, type EventChannelServeOptions } from "../../channel.ts";
import { EventStreamParser } from "../../parser.ts";
import { makeRequest, until } from "./_clients.ts";
import {
  checkStorages,
  type MakeStorage,
  type ModelOptions,
  type Storage,
} from "./_storage.ts";
import type { Random } from "../support/random.ts";
import { within } from "../support/within.ts";

const TOPICS = ["a", "b", "c", "d", "e"];
const TYPES = ["x", "y", "message"];
const EVENTS = 120;
const CLIENTS = 8;
/** What everybody gets at the end. */
const END = "end";

interface Published {
  id: string;
  topics: readonly string[] | undefined;
  type: string;
}

interface Client {
  lastEventId: string;
  /** Whether it has had the last event. */
  isOver: boolean;
}

/** Declares the property for one log. */
export function testTopics(
  name: string,
  makeStorage: MakeStorage,
  { runs, ignore = false }: ModelOptions,
): void {
  for (const maxEvents of [10_000, 20]) {
    const behaviour = maxEvents > EVENTS
      ? "gives each client its own, each event once"
      : "passes over nothing of a client's own in silence";
    Deno.test(
      `EventChannel ${behaviour}, with ${name}`,
      { ignore },
      () =>
        checkStorages(runs, makeStorage, maxEvents, async (storage, random) => {
          const gaps = await new Run(storage, random).run();
          if (maxEvents > EVENTS) assertEquals(gaps, 0);
        }),
    );
  }
}

/** One run: two processes, a publisher, and clients that go from one to the other. */
class Run {
  readonly #storage: Storage;
  readonly #random: Random;
  readonly #published: Published[] = [];
  /** How many events there are before a cursor. */
  readonly #positions = new Map<string, number>();
  readonly #channels: EventChannel[] = [];
  /** How many gaps clients were told of that know their cursor. */
  #gaps = 0;

  constructor(storage: Storage, random: Random) {
    this.#storage = storage;
    this.#random = random;
  }

  /** Lets it all happen, and gives the number of gaps. */
  async run(): Promise<number> {
    const start = await this.#storage.open().rewind(0);
    this.#positions.set(start, 0);
    this.#channels.push(this.#makeChannel(), this.#makeChannel());
    const clients = Array.from({ length: CLIENTS }, (_, index): Client => ({
      lastEventId: index % 2 === 0 ? start : "",
      isOver: false,
    }));
    const runs = Promise.all(clients.map((client) => this.#runClient(client)));
    await Promise.race([runs, this.#publishAll()]);
    // A client without a cursor would wait for what came before it.
    const haveCome = (): boolean =>
      clients.every(({ lastEventId }) => lastEventId !== "");
    await Promise.race([runs, until(haveCome)]);
    await this.#publishEnd();
    await within("the clients' end", runs);
    await Promise.all(this.#channels.map((channel) => channel.close()));
    return this.#gaps;
  }

  #makeChannel(): EventChannel {
    return new EventChannel({
      log: this.#storage.open(),
      liveSegmentBytes: this.#random.pick([0, 2000, 10_000, 1_000_000]),
      keepAlive: this.#random.pick([0, 3, 15_000]),
      onError: () => {},
    });
  }

  async #publishAll(): Promise<void> {
    const random = this.#random;
    while (this.#published.length < EVENTS) {
      const burst = 1 + random.below(12);
      // One after the other, so that their order is known.
      const channel = random.pick(this.#channels);
      await Promise.all(
        Array.from({ length: burst }, () => this.#publish(channel)),
      );
      if (random.onceIn(3)) await sleep(random.below(4));
      if (random.onceIn(12)) await this.#restart();
    }
  }

  async #publishEnd(): Promise<void> {
    const id = await this.#channels[0]!.publish({ event: END, data: "" });
    this.#add({ id, topics: undefined, type: END });
  }

  async #publish(channel: EventChannel): Promise<void> {
    const random = this.#random;
    const topics = random.onceIn(4)
      ? undefined
      : TOPICS.filter(() => random.onceIn(3));
    const type = random.pick(TYPES);
    const event = { event: type, data: "" };
    this.#add({ id: await channel.publish(event, { topics }), topics, type });
  }

  #add(published: Published): void {
    this.#published.push(published);
    this.#positions.set(published.id, this.#published.length);
  }

  async #restart(): Promise<void> {
    const index = this.#random.below(this.#channels.length);
    const [old] = this.#channels.splice(index, 1, this.#makeChannel());
    await old!.close();
  }

  async #runClient(client: Client): Promise<void> {
    const random = this.#random;
    await sleep(random.below(20));
    while (!client.isOver) {
      const topics = random.onceIn(8)
        ? "all"
        : TOPICS.filter(() => random.onceIn(3));
      const options: EventChannelServeOptions = { topics };
      // With these the client cannot miss the end.
      if (random.onceIn(4)) options.types = [random.pick(TYPES), END];
      if (random.onceIn(6)) options.filter = () => true;
      if (random.onceIn(3)) options.replay = random.pick([0, 3, "all"]);
      const request = makeRequest(client.lastEventId || undefined);
      const { status, body } = random.pick(this.#channels)
        .serve(request, options);
      if (status === 200) {
        // Every response with this status has a body.
        await this.#read(body!.getReader(), client, options);
      }
    }
  }

  /** Reads until the client drops, or the stream is over. */
  async #read(
    reader: ReadableStreamDefaultReader<Uint8Array>,
    client: Client,
    options: EventChannelServeOptions,
  ): Promise<void> {
    const random = this.#random;
    let ids: string[] = [];
    let isTold = client.lastEventId === "";
    const parser = new EventStreamParser((event) => {
      if (event.event === "gap") {
        this.#gaps++;
        isTold = true;
        assertEquals(ids, []);
      } else {
        ids.push(event.lastEventId);
      }
      if (event.event === END) client.isOver = true;
    }, { lastEventId: client.lastEventId });
    do {
      const read = reader.read();
      // Some do not read for a while, and others have only a part of a broadcast.
      if (random.onceIn(6)) await sleep(random.below(8));
      const { done, value } = await read;
      if (done) return;
      const drops = random.onceIn(8);
      const length = drops ? random.below(value.length) : value.length;
      parser.push(value.subarray(0, length));
      // What was published is known a little later than to the clients.
      while (
        parser.lastEventId !== "" && this.#placeOf(parser.lastEventId) === -1
      ) await sleep(1);
      this.#check(client.lastEventId, parser.lastEventId, ids, isTold, options);
      isTold &&= parser.lastEventId === client.lastEventId;
      ids = [];
      client.lastEventId = parser.lastEventId;
      if (drops) break;
    } while (!client.isOver);
    await reader.cancel();
  }

  /** Checks what a client got between two cursors of its own. */
  #check(
    from: string,
    to: string,
    ids: readonly string[],
    isTold: boolean,
    options: EventChannelServeOptions,
  ): void {
    if (to === "") return assertEquals(ids, []);
    const begin = from === "" ? 0 : this.#placeOf(from);
    const end = this.#placeOf(to);
    assert(begin <= end, `the cursor goes back from ${from} to ${to}`);
    const owed = this.#published.slice(begin, end)
      .filter((event) => isFor(event, options))
      .map(({ id }) => id);
    // After a gap, and where a client had no cursor, the first ones may be missing.
    const expected = isTold ? owed.slice(owed.length - ids.length) : owed;
    assertEquals(ids, expected);
  }

  /** How many events there are before a cursor, -1 if it is not known yet. */
  #placeOf(cursor: string): number {
    // Redis has cursors before an event, too.
    const before = cursor.startsWith("<") ? 1 : 0;
    const position = this.#positions.get(cursor.slice(before));
    return position === undefined ? -1 : position - before;
  }
}

function isFor(
  { topics, type }: Published,
  options: EventChannelServeOptions,
): boolean {
  const has = topics === undefined || options.topics === "all" ||
    topics.some((topic) => [...options.topics ?? []].includes(topic));
  return has && (options.types?.includes(type) ?? true);
}

function sleep(delay: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delay));
}
