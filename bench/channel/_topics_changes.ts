// Copyright 2026 the Tidings authors. MIT license.

/**
 * Clients whose topics change, and clients that come at once for a snapshot, without
 * connections.
 */

import process from "node:process";
import { EventChannel, type EventSnapshot, TopicSet } from "../../channel.ts";

/** Clients that change in each crowd, however large it is: they come from all over it. */
const CHANGING = 100;
/** Changes of one sample: each client enters as many rooms and leaves them. */
const ROOMS = 40;

/** Clients with a topic of their own, in a `TopicSet` each. */
export class ChangingCrowd {
  readonly #channel = new EventChannel();
  readonly #sets: TopicSet[] = [];
  /** No room is entered twice. */
  #rooms = 0;

  /** Makes a crowd whose clients are live. */
  static async gather(clients: number): Promise<ChangingCrowd> {
    const crowd = new ChangingCrowd();
    for (let client = 0; client < clients; client++) {
      const topics = new TopicSet([`user:${client}`]);
      crowd.#sets.push(topics);
      await readFirst(crowd.#channel.serve(makeRequest(), { topics }));
    }
    return crowd;
  }

  /** Has some clients enter rooms and leave them; microseconds of CPU for each change. */
  sample(): number {
    const step = this.#sets.length / CHANGING;
    const usage = process.cpuUsage();
    for (let room = 0; room < ROOMS; room++) {
      for (let client = 0; client < CHANGING; client++) {
        // The index is less than their number.
        const topics = this.#sets[Math.floor(client * step)]!;
        const topic = `room:${this.#rooms++}`;
        topics.add(topic);
        topics.delete(topic);
      }
    }
    return microsecondsSince(usage) / (2 * ROOMS * CHANGING);
  }

  close(): Promise<void> {
    return this.#channel.close();
  }
}

/** Loads a state of some 2 KB, once for all that come at once. */
export const SHARED_SNAPSHOT: EventSnapshot = {
  key: "board",
  load: async () => {
    await new Promise((resolve) => setTimeout(resolve, 0));
    return [{ event: "board", data: "x".repeat(2000) }];
  },
};

/**
 * Serves clients that come at once, until each has got its first chunk; microseconds of
 * CPU for each client.
 */
export async function serveAtOnce(
  clients: number,
  snapshot?: EventSnapshot,
): Promise<number> {
  const channel = new EventChannel({ snapshot });
  await readFirst(channel.serve(makeRequest()));
  const usage = process.cpuUsage();
  await Promise.all(
    Array.from(
      { length: clients },
      () => readFirst(channel.serve(makeRequest())),
    ),
  );
  const microseconds = microsecondsSince(usage) / clients;
  await channel.close();
  return microseconds;
}

function makeRequest(): Request {
  return new Request("http://localhost/");
}

async function readFirst(response: Response): Promise<void> {
  // Those that are made here have bodies.
  const reader = response.body!.getReader();
  await reader.read();
}

function microsecondsSince(usage: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(usage);
  return user + system;
}
