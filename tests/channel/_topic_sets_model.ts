// Copyright 2026 the Tidings authors. MIT license.

/**
 * What clients with changing topics must have got, as a property that runs against any
 * log: every event of a topic that was in their set from before it was published, once
 * and in order, and none of a topic that was not in it since.
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
import { EventStreamParser } from "../../parser.ts";
import type { Random } from "../support/random.ts";
import { within } from "../support/within.ts";

const TOPICS = ["a", "b", "c", "d"];
const SETS = 3;
const CLIENTS = 6;
const STEPS = 150;

/** A set, and when each topic was added and removed the last time. */
class Subject {
  readonly topics = new TopicSet(TOPICS.slice(0, 2));
  readonly added = new Map<string, number>();
  readonly removed = new Map<string, number>();

  change(topic: string, step: number): void {
    if (this.topics.delete(topic)) this.removed.set(topic, step);
    else {
      this.topics.add(topic);
      this.added.set(topic, step);
    }
  }
}

/** Declares the property for one log. */
export function testTopicSets(
  name: string,
  makeStorage: MakeStorage,
  { runs, ignore = false }: ModelOptions,
): void {
  Deno.test(
    `TopicSet gives each client its own while the topics change, with ${name}`,
    { ignore },
    () => checkStorages(runs, makeStorage, 10_000, change),
  );
}

async function change(storage: Storage, random: Random): Promise<void> {
  await using channel = new EventChannel({
    log: storage.open(),
    liveSegmentBytes: random.pick([0, 2000, 1_000_000]),
    onError: () => {},
  });
  const start = await channel.cursor();
  const subjects = Array.from({ length: SETS }, () => new Subject());
  const published: string[] = [];
  const all = Promise.all(Array.from({ length: CLIENTS }, async (_, index) => {
    // Cannot fail: it is less than their number.
    const subject = subjects[index % SETS]!;
    const data = await receive(channel, subject, start, random);
    check(data, subject, published);
  }));
  for (let step = 0; step < STEPS; step++) {
    if (random.onceIn(4)) {
      random.pick(subjects).change(random.pick(TOPICS), step);
    } else {
      const topic = random.pick(TOPICS);
      const isPublished = channel.publish({ data: `${step} ${topic}` }, {
        topics: [topic],
      }).then(() => published.push(`${step} ${topic}`), () => {});
      if (random.onceIn(2)) await isPublished;
    }
    if (random.onceIn(10)) await pause(random.below(5));
  }
  let isOver = false;
  const end = (async () => {
    while (!isOver) {
      await channel.publish({ event: "end", data: "" }).catch(() => {});
      await pause(10);
    }
  })();
  try {
    await within("the clients' end", all);
  } finally {
    isOver = true;
    await end;
  }
}

function check(
  data: readonly string[],
  { topics, added, removed }: Subject,
  published: readonly string[],
): void {
  const steps = data.map((text) => Number(text.split(" ")[0]));
  assertEquals(steps, [...new Set(steps)].sort((a, b) => a - b));
  for (const text of data) {
    const [step = "", topic = ""] = text.split(" ");
    const isTheirs = topics.has(topic) ||
      (removed.get(topic) ?? -1) > Number(step);
    assert(isTheirs, `${text} was removed at ${removed.get(topic)}`);
  }
  for (const text of published) {
    const [step = "", topic = ""] = text.split(" ");
    const isDue = topics.has(topic) &&
      (added.get(topic) ?? -1) < Number(step);
    if (isDue) assert(data.includes(text), `${text} is missing`);
  }
}

/** Receives events over any number of connections, until the last one. */
async function receive(
  channel: EventChannel,
  { topics }: Subject,
  start: string,
  random: Random,
): Promise<string[]> {
  const data: string[] = [];
  let lastEventId = start;
  let isOver = false;
  while (!isOver) {
    const parser = new EventStreamParser((event) => {
      if (event.event === "end") isOver = true;
      else if (!isOver) data.push(event.data);
    }, { lastEventId });
    const { body } = channel.serve(makeRequest(lastEventId), { topics });
    // Cannot fail: it is a stream.
    const reader = body!.getReader();
    while (!isOver) {
      const { value, done } = await reader.read();
      if (done) break;
      const isCut = random.onceIn(10);
      parser.push(
        isCut ? value.subarray(0, random.below(value.length)) : value,
      );
      if (isCut) break;
      if (random.onceIn(3)) await pause(random.below(5));
    }
    lastEventId = parser.lastEventId;
    await reader.cancel();
  }
  return data;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
