// Copyright 2026 the Tidings authors. MIT license.

/**
 * What a client that begins with a snapshot must have, as tests that run against any log:
 * the state plus the changes is what is stored, wherever its connection is cut.
 */

import { assert, assertEquals } from "@std/assert";
import {
  checkStorages,
  type MakeStorage,
  type ModelOptions,
  type Storage,
} from "./_storage.ts";
import { makeRequest } from "./_clients.ts";
import { EventChannel } from "../../channel.ts";
import type { ServerSentEventInit } from "../../event.ts";
import { EventStreamParser } from "../../parser.ts";
import type { Random } from "../support/random.ts";
import { within } from "../support/within.ts";

const KEYS = ["a", "b", "c"];
const CHANGES = 150;
const CLIENTS = 8;
/** The blocks of a snapshot: its beginning, and one for each key. */
const BLOCKS = 1 + KEYS.length;

/** What is stored, by key: the version of its value. */
class Store {
  readonly versions = new Map(KEYS.map((key) => [key, 0]));

  /** Stores a new version, and publishes its event after that. */
  async change(channel: EventChannel, key: string): Promise<void> {
    // Cannot fail: all keys are there from the beginning.
    const version = this.versions.get(key)! + 1;
    this.versions.set(key, version);
    await channel.publish({ event: "value", json: { key, version } });
  }

  readonly snapshot = (): ServerSentEventInit[] => [
    { event: "begin", data: "" },
    ...[...this.versions].map(([key, version]) => ({
      event: "value",
      json: { key, version },
    })),
  ];
}

/** What one client knows, over any number of connections. */
class Replica {
  readonly versions = new Map<string, number>();
  snapshots = 0;
  isOver = false;
  #parser = this.#makeParser("");

  get lastEventId(): string {
    return this.#parser.lastEventId;
  }

  /** Takes what has arrived of a connection. */
  push(bytes: string | Uint8Array): void {
    this.#parser.push(bytes);
  }

  /** Forgets what a connection has left unfinished. */
  reconnect(lastEventId = this.lastEventId): Request {
    this.#parser = this.#makeParser(lastEventId);
    return makeRequest(lastEventId === "" ? undefined : lastEventId);
  }

  #makeParser(lastEventId: string): EventStreamParser {
    return new EventStreamParser(({ event, data }) => {
      if (event === "end") this.isOver = true;
      if (event === "begin") {
        this.snapshots++;
        this.versions.clear();
      }
      if (event !== "value") return;
      const { key, version } = JSON.parse(data);
      // What comes once more, because it was stored while the state was read, is no news.
      const known = this.versions.get(key) ?? -1;
      if (version > known) this.versions.set(key, version);
    }, { lastEventId });
  }
}

/** Reads blocks of a stream, comments left out, until there are enough, and leaves. */
async function readBlocks(
  response: Response,
  areEnough: (blocks: string[]) => boolean,
): Promise<string[]> {
  // Cannot fail: it is a stream.
  const reader = response.body!.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const blocks = text.split("\n\n").slice(0, -1)
      .filter((block) => !block.startsWith(":"))
      .map((block) => `${block}\n\n`);
    if (areEnough(blocks)) {
      await reader.cancel();
      return blocks;
    }
    const { value, done } = await within("a block", reader.read());
    assert(!done, text);
    text += decoder.decode(value, { stream: true });
  }
}

/** Declares the tests for one log. */
export function testSnapshot(
  name: string,
  makeStorage: MakeStorage,
  { runs, ignore = false }: ModelOptions,
): void {
  const clients = { "without an ID": "", "with an ID that is gone": "gone-1" };
  for (const [client, lastEventId] of Object.entries(clients)) {
    Deno.test(
      `EventChannel gives a client ${client} the whole snapshot wherever it is cut off, with ${name}`,
      { ignore },
      () =>
        checkStorages(
          1,
          makeStorage,
          1000,
          (storage) => cutOffAfterEach(storage, lastEventId),
        ),
    );
  }

  for (const maxEvents of [10_000, 20]) {
    const history = maxEvents > CHANGES ? "a long" : "a short";
    Deno.test(
      `EventChannel gives each client state and changes that are what is stored, over ${history} history, with ${name}`,
      { ignore },
      () => checkStorages(runs, makeStorage, maxEvents, replicate),
    );
  }
}

/** Cuts a client off after each block of its snapshot, and has it come back. */
async function cutOffAfterEach(
  storage: Storage,
  lastEventId: string,
): Promise<void> {
  const store = new Store();
  await using channel = new EventChannel({
    log: storage.open(),
    snapshot: store.snapshot,
  });
  await store.change(channel, "a");
  for (let cut = 0; cut <= BLOCKS; cut++) {
    const replica = new Replica();
    const request = replica.reconnect(lastEventId);
    const blocks = await readBlocks(
      channel.serve(request),
      ({ length }) => length >= BLOCKS,
    );
    replica.push(blocks.slice(0, cut).join(""));
    const isWhole = cut === BLOCKS;
    assertEquals(replica.lastEventId === lastEventId, !isWhole);
    assertEquals(replica.snapshots, cut > 0 ? 1 : 0);
    await store.change(channel, "b");
    const response = channel.serve(replica.reconnect());
    // An event before the snapshot's cursor may come once more from a log that is far.
    let pushed = 0;
    await readBlocks(response, (blocks) => {
      for (; pushed < blocks.length; pushed++) {
        // Cannot fail: it is less than their number.
        replica.push(blocks[pushed]!);
      }
      return equal(replica.versions, store.versions);
    });
    assertEquals(replica.snapshots, 1 + (isWhole || cut === 0 ? 0 : 1));
  }
}

/** Changes, drops, slow readers and slow loads at random, in two processes. */
async function replicate(storage: Storage, random: Random): Promise<void> {
  const store = new Store();
  const snapshot = async (): Promise<ServerSentEventInit[]> => {
    if (random.onceIn(2)) await pause(random.below(5));
    const events = store.snapshot();
    if (random.onceIn(2)) await pause(random.below(5));
    return events;
  };
  const channels = [1, 2].map(() =>
    new EventChannel({
      log: storage.open(),
      liveSegmentBytes: random.pick([0, 2000, 1_000_000]),
      snapshot: random.onceIn(2)
        ? snapshot
        : { key: "state", maxAge: random.below(20), load: snapshot },
      onError: () => {},
    })
  );
  const replicas = Array.from({ length: CLIENTS }, () => new Replica());
  const all = Promise.all(replicas.map(async (replica) => {
    while (!replica.isOver) {
      const channel = random.pick(channels);
      await connect(channel.serve(replica.reconnect()), replica, random);
    }
  }));
  const publish = async (channel: EventChannel): Promise<void> => {
    for (let count = 0; count < CHANGES / 2; count++) {
      await store.change(channel, random.pick(KEYS)).catch(() => {});
      if (random.onceIn(10)) await pause(random.below(5));
    }
  };
  await Promise.all(channels.map(publish));
  // A client that comes after the end would wait for it in vain.
  let isOver = false;
  const end = (async () => {
    while (!isOver) {
      await channels[0]?.publish({ event: "end", data: "" }).catch(() => {});
      await pause(10);
    }
  })();
  await within("the clients' end", all);
  isOver = true;
  await end;
  for (const { versions } of replicas) assertEquals(versions, store.versions);
  await Promise.all(channels.map((channel) => channel.close()));
}

/** Reads one connection to its end, or drops it in the middle of a chunk. */
async function connect(
  response: Response,
  replica: Replica,
  random: Random,
): Promise<void> {
  // Cannot fail: it is a stream.
  const reader = response.body!.getReader();
  const drops = random.onceIn(2);
  while (!replica.isOver) {
    const { value, done } = await reader.read();
    if (done) break;
    if (drops && random.onceIn(5)) {
      replica.push(value.subarray(0, random.below(value.length)));
      break;
    }
    replica.push(value);
    if (random.onceIn(5)) await pause(random.below(3));
  }
  await reader.cancel();
}

function equal(
  actual: Map<string, number>,
  expected: Map<string, number>,
): boolean {
  return [...expected].every(([key, version]) => actual.get(key) === version);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
