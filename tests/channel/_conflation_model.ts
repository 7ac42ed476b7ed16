// Copyright 2026 the Tidings authors. MIT license.

/**
 * What clients must have got of events with conflation keys, as a property that runs against
 * any log: in order, nothing of others, nothing left out without a newer event of its key,
 * and whenever a client has caught up, the newest value of each key.
 */

import { assert, assertEquals } from "@std/assert";
import {
  checkStorages,
  type MakeStorage,
  type ModelOptions,
  type Storage,
} from "./_storage.ts";
import { makeRequest } from "./_clients.ts";
import { EventChannel, TopicSet } from "../../channel.ts";
import type { EventLog, LoggedEvent } from "../../log.ts";
import { EventStreamParser } from "../../parser.ts";
import type { Random } from "../support/random.ts";
import { within } from "../support/within.ts";

const KEYS = ["a", "b", "c", "d", "e", undefined];
const TOPICS = ["x", "y", "z"];
const TYPES = ["up", "down"];
const PHASES = 3;
const EVENTS = 60;
const CLIENTS = 8;
/** Characters of data at most, so that the events of a phase take several chunks. */
const PADDING = 6000;

/** One stream that `until` has ended. */
interface Ended {
  /** The ID that the client brought. */
  readonly after: string;
  readonly ids: readonly string[];
}

/** What one client gets, and has got over any number of connections. */
class Client {
  readonly topics: readonly string[] | TopicSet | "all";
  readonly types: readonly string[] | undefined;
  readonly filter: ((event: LoggedEvent) => boolean) | undefined;
  readonly until: ((event: LoggedEvent) => boolean) | undefined;
  /** The topics that it had all the time. */
  readonly stable: Set<string> | undefined;
  /** The topics that it had at some time. */
  readonly known: Set<string> | undefined;
  readonly ids: string[] = [];
  readonly ended: Ended[] = [];
  /** The last phase that it has seen the end of. */
  phase = -1;
  lastEventId: string;

  constructor(random: Random, start: string) {
    this.lastEventId = start;
    const topics = random.pick(["all", ["x"], ["x", "y"], TOPICS] as const);
    this.topics = topics !== "all" && random.onceIn(2)
      ? new TopicSet(topics)
      : topics;
    if (topics !== "all") {
      this.stable = new Set(topics);
      this.known = new Set(topics);
    }
    this.types = random.onceIn(3) ? ["up", "phase"] : undefined;
    this.filter = random.onceIn(3)
      ? ({ data }) => data === undefined || !data.startsWith("1")
      : undefined;
    // It names what the client gets: otherwise it would end each stream again.
    this.until = !(this.topics instanceof TopicSet) && random.onceIn(2)
      ? (event) =>
        event.data?.startsWith("8") === true && this.accepts(event, this.known)
      : undefined;
  }

  /** Adds or removes a topic, if it has a set. */
  change(topic: string): void {
    if (!(this.topics instanceof TopicSet)) return;
    this.stable?.delete(topic);
    this.known?.add(topic);
    if (!this.topics.delete(topic)) this.topics.add(topic);
  }

  /** Whether an event is for it, as far as its topics are those of a set. */
  accepts(event: LoggedEvent, topics: Set<string> | undefined): boolean {
    const isTheirs = topics === undefined || event.topics === undefined ||
      event.topics.some((topic) => topics.has(topic));
    const isOfType = this.types === undefined ||
      this.types.includes(event.event ?? "message");
    return isTheirs && isOfType && (this.filter?.(event) ?? true);
  }
}

/** Declares the property for one log. */
export function testConflation(
  name: string,
  makeStorage: MakeStorage,
  { runs, ignore = false }: ModelOptions,
): void {
  Deno.test(
    `EventChannel leaves out only events of which newer ones follow, with ${name}`,
    { ignore },
    () => checkStorages(runs, makeStorage, 10_000, run),
  );
}

async function run(storage: Storage, random: Random): Promise<void> {
  const log = storage.open();
  const channels = [0, 1].map(() =>
    new EventChannel({
      log: storage.open(),
      liveSegmentBytes: random.pick([0, 100_000, 1_000_000]),
      onError: () => {},
    })
  );
  const [first, second] = channels as [EventChannel, EventChannel];
  const start = await first.cursor();
  const clients = Array.from(
    { length: CLIENTS },
    () => new Client(random, start),
  );
  const all = Promise.all(clients.map((client) => {
    // A set belongs to one channel.
    const some = client.topics instanceof TopicSet
      ? [random.pick(channels)]
      : channels;
    return receive(client, some, random);
  }));
  try {
    for (let phase = 0; phase < PHASES; phase++) {
      await Promise.all([
        publish(first, clients, random),
        publish(second, [], random),
      ]);
      await retry(() =>
        second.publish({ event: "phase", data: `phase ${phase}` })
      );
      await within(
        "the end of a phase",
        Promise.race([all, caughtUp(clients, phase)]),
      );
      const events = await readAll(log, start);
      for (const client of clients) {
        check(client, events);
        for (const ended of client.ended) checkEnded(client, ended, events);
      }
    }
  } finally {
    await Promise.all(channels.map((channel) => channel.close()));
    await within("the clients' end", all);
  }
}

async function publish(
  channel: EventChannel,
  changing: readonly Client[],
  random: Random,
): Promise<void> {
  const writes: Promise<unknown>[] = [];
  for (let count = 0; count < EVENTS / 2; count++) {
    const conflationKey = random.pick(KEYS);
    const topics = random.pick([undefined, ["x"], ["y"], ["x", "z"]]);
    const data = `${random.below(9)}`.padEnd(random.below(PADDING), ".");
    const published = channel.publish({ event: random.pick(TYPES), data }, {
      conflationKey,
      topics,
    }).catch(() => {});
    writes.push(published);
    if (random.onceIn(3)) await published;
    if (random.onceIn(10)) await pause(random.below(5));
    if (changing.length > 0 && random.onceIn(4)) {
      random.pick(changing).change(random.pick(TOPICS));
    }
  }
  // The end of a phase comes after all of its events only if those are written.
  await Promise.all(writes);
}

/** Receives events over any number of connections, until the channels are closed. */
async function receive(
  client: Client,
  channels: readonly EventChannel[],
  random: Random,
): Promise<void> {
  const { topics, types, filter, until } = client;
  for (;;) {
    const after = client.lastEventId;
    const ids: string[] = [];
    const parser = new EventStreamParser(({ event, data, lastEventId }) => {
      client.ids.push(lastEventId);
      ids.push(lastEventId);
      if (event === "phase") client.phase = Number(data.split(" ")[1]);
    }, { lastEventId: after });
    let isEnded = false;
    const { status, body } = random.pick(channels).serve(makeRequest(after), {
      topics,
      types,
      filter,
      until,
      onClose: (reason) => isEnded = reason === "source",
    });
    if (status !== 200 || body === null) return;
    const reader = body.getReader();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) {
        if (isEnded) client.ended.push({ after, ids });
        break;
      }
      const isCut = random.onceIn(12);
      const length = isCut ? random.below(value.length) : value.length;
      parser.push(value.subarray(0, length));
      if (isCut) break;
      if (random.onceIn(2)) await pause(random.below(6));
    }
    client.lastEventId = parser.lastEventId;
    await reader.cancel();
    // Away for a while.
    if (random.onceIn(2)) await pause(random.below(20));
  }
}

async function caughtUp(
  clients: readonly Client[],
  phase: number,
): Promise<void> {
  while (clients.some((client) => client.phase < phase)) await pause(1);
}

/** Checks what a client has got up to the end of a phase, after which nothing follows. */
function check(client: Client, events: readonly LoggedEvent[]): void {
  const indices = new Map(events.map(({ id }, index) => [id, index]));
  const got = client.ids.map((id) => indices.get(id) ?? NaN);
  assertEquals(got, [...new Set(got)].sort((a, b) => a - b), "the order");
  for (const index of got) {
    const event = events[index];
    assert(
      event && client.accepts(event, client.known),
      `not for it: ${index}`,
    );
  }
  const received = new Set(got);
  /** The newest event of each key that came. */
  const newest = new Map<string, number>();
  for (const index of got) {
    const key = events[index]?.conflationKey;
    if (key !== undefined) newest.set(key, index);
  }
  for (const [index, event] of events.entries()) {
    if (received.has(index) || !client.accepts(event, client.stable)) continue;
    const { conflationKey: key } = event;
    assert(key !== undefined, `${index} is missing`);
    assert((newest.get(key) ?? -1) > index, `${index} of ${key} is missing`);
  }
}

/** Checks a stream that `until` has ended: nothing that follows counts in it. */
function checkEnded(
  client: Client,
  { after, ids }: Ended,
  events: readonly LoggedEvent[],
): void {
  const begin = events.findIndex(({ id }) => id === after) + 1;
  const rest = events.slice(begin);
  const last = rest.findIndex((event) => client.until?.(event));
  assert(last !== -1);
  const received = new Set(ids);
  const keys = new Set<string>();
  for (const event of rest.slice(0, last + 1).reverse()) {
    const { id, conflationKey: key } = event;
    if (received.has(id)) {
      if (key !== undefined) keys.add(key);
    } else if (client.accepts(event, client.stable)) {
      assert(event !== rest[last], `${id} is what until names`);
      assert(key !== undefined && keys.has(key), `${id} of ${key} is missing`);
    }
  }
}

async function readAll(log: EventLog, start: string): Promise<LoggedEvent[]> {
  const events: LoggedEvent[] = [];
  for (let cursor = start;;) {
    const batch = await retry(() => log.read(cursor));
    assert(!batch.gap);
    if (batch.events.length === 0) return events;
    events.push(...batch.events);
    cursor = batch.cursor;
  }
}

/** Calls a log that fails now and then. */
async function retry<T>(call: () => Promise<T>): Promise<T> {
  for (let attempts = 0;; attempts++) {
    try {
      return await call();
    } catch (error) {
      if (attempts === 10) throw error;
    }
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
