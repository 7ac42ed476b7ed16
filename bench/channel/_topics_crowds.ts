// Copyright 2026 the Tidings authors. MIT license.

/** Many clients with topics, without connections, of ours and of a peer. */

import { createChannel, createResponse } from "better-sse";
import { EventChannel } from "../../channel.ts";
import { encodeEvent } from "../../encoder.ts";

/** Clients that wait for what is published. */
export interface Crowd {
  /** Adds a client of some topics, which waits for its next chunk. */
  park(topics: readonly string[]): Promise<void>;
  /** Publishes an event to one topic. */
  publish(topic: string): void;
  /** How many events have been read. */
  readonly received: number;
  close(): Promise<void>;
}

/** The servers by the names of their rows. */
export const CROWDS: Readonly<Record<string, () => Crowd>> = {
  tidings: () => new TidingsCrowd(),
  "better-sse": () => new BetterSseCrowd(),
};

/** The least that a server can do: no history, no backpressure. */
export function makeBareCrowd(): Crowd {
  return new BareCrowd();
}

// 250 bytes with the rest of the frame; the "~" is counted.
const DATA = "~".padEnd(216, "x");
const MARK = "~".charCodeAt(0);

/** Ours, where each event has its topic as its conflation key. */
export function makeKeyedCrowd(): Crowd {
  return new TidingsCrowd((topic) => topic);
}

/** Reads bodies, and counts what comes. */
class Readers {
  received = 0;
  /** Reads what a client gets first, and goes on in the background. */
  async add(response: Response): Promise<void> {
    // Those that are made here have bodies.
    const reader = response.body!.getReader();
    await reader.read();
    this.#run(reader).catch(() => {});
  }

  async #run(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      let from = value.indexOf(MARK);
      for (; from !== -1; from = value.indexOf(MARK, from + 1)) this.received++;
    }
  }
}

class TidingsCrowd implements Crowd {
  readonly channel = new EventChannel();
  readonly #readers = new Readers();
  readonly #keyOf: (topic: string) => string | undefined;

  constructor(keyOf: (topic: string) => string | undefined = () => undefined) {
    this.#keyOf = keyOf;
  }

  get received(): number {
    return this.#readers.received;
  }

  async park(topics: readonly string[]): Promise<void> {
    const request = new Request("http://localhost/");
    await this.#readers.add(this.channel.serve(request, { topics }));
  }

  publish(topic: string): void {
    this.channel.publish({ event: "tick", data: DATA }, {
      topics: [topic],
      conflationKey: this.#keyOf(topic),
    });
  }

  close(): Promise<void> {
    return this.channel.close();
  }
}

/** A channel for each topic, as its documentation suggests for rooms. */
class BetterSseCrowd implements Crowd {
  readonly #channels = new Map<string, ReturnType<typeof createChannel>>();
  readonly #readers = new Readers();

  get received(): number {
    return this.#readers.received;
  }

  async park(topics: readonly string[]): Promise<void> {
    const request = new Request("http://localhost/");
    const response = await createResponse(request, (session) => {
      for (const topic of topics) this.#obtain(topic).register(session);
      // Ours says something first, too.
      session.push("hello");
    });
    await this.#readers.add(response);
  }

  publish(topic: string): void {
    this.#obtain(topic).broadcast(DATA, "tick");
  }

  close(): Promise<void> {
    // A session whose stream is cancelled rejects where nobody can catch it.
    return Promise.resolve();
  }

  #obtain(topic: string): ReturnType<typeof createChannel> {
    let channel = this.#channels.get(topic);
    if (channel === undefined) {
      channel = createChannel();
      this.#channels.set(topic, channel);
    }
    return channel;
  }
}

class BareCrowd implements Crowd {
  readonly #byTopic = new Map<string, Set<Controller>>();
  readonly #readers = new Readers();

  get received(): number {
    return this.#readers.received;
  }

  async park(topics: readonly string[]): Promise<void> {
    const start = (controller: Controller): void => {
      controller.enqueue(encodeEvent({ comment: "hello" }));
      for (const topic of topics) {
        const known = this.#byTopic.get(topic);
        if (known !== undefined) known.add(controller);
        else this.#byTopic.set(topic, new Set([controller]));
      }
    };
    await this.#readers.add(new Response(new ReadableStream({ start })));
  }

  publish(topic: string): void {
    const chunk = encodeEvent({ event: "tick", data: DATA });
    for (const controller of this.#byTopic.get(topic) ?? []) {
      controller.enqueue(chunk);
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

type Controller = ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
