// Copyright 2026 the Tidings authors. MIT license.

/**
 * What `disconnect()` does to a client in each state, for any log: two channels on it are
 * two processes, of which one calls it.
 */

import { assert, assertEquals } from "@std/assert";
import {
  EventChannel,
  type EventChannelOptions,
  type EventChannelServeOptions,
  TopicSet,
} from "../../channel.ts";
import { gzip } from "../../compression/mod.ts";
import type { EventLog } from "../../log.ts";
import { within } from "../support/within.ts";
import { BodyClient, makeRequest } from "./_clients.ts";

/** A log as each process has it. */
export interface SharedLog {
  open(): EventLog;
  close?(): Promise<void> | void;
}

/** A client with the topic `t`, unless it has others, and what became of it. */
class Client {
  readonly reasons: string[] = [];
  readonly body: BodyClient;

  constructor(
    channel: EventChannel,
    options: EventChannelServeOptions = {},
    lastEventId?: string,
  ) {
    const response = channel.serve(makeRequest(lastEventId), {
      topics: ["t"],
      ...options,
      onClose: (reason) => this.reasons.push(reason),
    });
    this.body = new BodyClient(response, lastEventId);
  }

  get data(): string[] {
    return this.body.inbox.data;
  }

  get lastEventId(): string {
    return this.body.inbox.lastEventId;
  }

  /** Reads until the stream ends, because of `disconnect()`. */
  async end(): Promise<void> {
    await within("the end of a stream", this.body.end());
    assertEquals(this.reasons, ["disconnected"]);
  }

  /** Reads until an event has come. */
  async until(data: string): Promise<void> {
    const { inbox } = this.body.run();
    await inbox.until(() => inbox.data.includes(data));
    assertEquals(this.reasons, []);
  }
}

/** Two processes with one log. */
class World {
  readonly #log: SharedLog;
  readonly #channels: EventChannel[] = [];
  readonly #clients: Client[] = [];
  /** The one that calls `disconnect()`, and another. */
  readonly here: EventChannel;
  readonly there: EventChannel;

  constructor(log: SharedLog, options: EventChannelOptions = {}) {
    this.#log = log;
    this.here = this.start(options);
    this.there = this.start(options);
  }

  /** Starts one more process. */
  start(options: EventChannelOptions = {}): EventChannel {
    const channel = new EventChannel({
      log: this.#log.open(),
      keepAlive: 0,
      ...options,
    });
    this.#channels.push(channel);
    return channel;
  }

  /** Serves a client. */
  serve(
    channel: EventChannel,
    options: EventChannelServeOptions = {},
    lastEventId?: string,
  ): Client {
    const client = new Client(channel, options, lastEventId);
    this.#clients.push(client);
    return client;
  }

  /** Waits until a process has followed the log to its present end. */
  async catchUp(channel: EventChannel): Promise<string> {
    const witness = this.serve(channel, { topics: ["witness"] });
    witness.body.run();
    await witness.body.inbox.until(() => witness.lastEventId !== "");
    const data = `until here: ${crypto.randomUUID()}`;
    const id = await channel.publish({ data }, { topics: ["witness"] });
    await witness.until(data);
    await witness.body[Symbol.asyncDispose]();
    return id;
  }

  async close(): Promise<void> {
    for (const channel of this.#channels) await channel.close();
    for (const { body } of this.#clients) await body[Symbol.asyncDispose]();
    await this.#log.close?.();
  }
}

type Process = "here" | "there";
const PROCESSES: readonly Process[] = ["here", "there"];

async function publish(
  channel: EventChannel,
  ...data: string[]
): Promise<void> {
  await Promise.all(
    data.map((data) => channel.publish({ data }, { topics: ["t"] })),
  );
}

/** A client that comes back gets the rest: each event once, and none is missing. */
async function comeBack(
  world: World,
  channel: EventChannel,
  client: Client,
  expected: string[],
): Promise<void> {
  // It may have got all of them already.
  const last = `until here: ${crypto.randomUUID()}`;
  await publish(channel, last);
  const options = { replay: "all" } as const;
  const id = client.lastEventId || undefined;
  const again = world.serve(channel, id ? {} : options, id);
  await again.until(last);
  const own = [...client.data, ...again.data].filter((data) =>
    !data.startsWith("until")
  );
  assertEquals(own, expected);
}

/** The clients whose options do not matter to it. */
const KINDS: Record<string, () => EventChannelServeOptions> = {
  "topics alone": () => ({}),
  "other topics, too": () => ({ topics: ["a", "t", "t"] }),
  "a TopicSet": () => ({ topics: new TopicSet(["t"]) }),
  "types": () => ({ types: ["never"] }),
  "a filter": () => ({
    filter: (event) => {
      assert(event.data !== undefined, "it was asked about no event");
      return true;
    },
  }),
  "an until": () => ({
    until: (event) => {
      assert(event.data !== undefined, "it was asked about no event");
      return false;
    },
  }),
};

interface Row {
  name: string;
  options?: EventChannelOptions;
  run(world: World, process: Process): Promise<void>;
}

const ROWS: Row[] = [{
  name: "ends a client that is live, and tells it the ID of the entry",
  async run(world, process) {
    const channel = world[process];
    for (const [kind, makeOptions] of Object.entries(KINDS)) {
      const client = world.serve(channel, makeOptions());
      client.body.run();
      await client.body.inbox.until(() => client.lastEventId !== "");
      await world.catchUp(channel);
      const id = await world.here.disconnect("t");
      await client.end();
      assertEquals([kind, client.data, client.lastEventId], [kind, [], id]);
    }
  },
}, {
  name: "ends a client between two events of one turn",
  async run(world, process) {
    await world.catchUp(world[process]);
    const client = world.serve(world[process]);
    await publish(world.here, "first");
    await client.until("first");
    const published = publish(world.here, "a", "b");
    const ended = world.here.disconnect("t");
    await Promise.all([published, ended, publish(world.here, "c", "d")]);
    await client.end();
    assertEquals(client.data, ["first", "a", "b"]);
    assertEquals(client.lastEventId, await ended);
    await comeBack(world, world[process], client, [
      "first",
      "a",
      "b",
      "c",
      "d",
    ]);
  },
}, {
  name: "ends a client with a compressed stream, which is whole",
  options: { compression: gzip() },
  async run(world, process) {
    const serve = (): Response => {
      const headers = { "accept-encoding": "gzip" };
      const request = new Request("http://localhost/", { headers });
      return world[process].serve(request, { topics: ["t"] });
    };
    const clients = [serve(), serve()].map((response) => {
      assertEquals(response.headers.get("content-encoding"), "gzip");
      const gunzip = new DecompressionStream("gzip");
      return new BodyClient(new Response(response.body!.pipeThrough(gunzip)))
        .run();
    });
    for (const { inbox } of clients) {
      await inbox.until(() => inbox.lastEventId !== "");
    }
    await publish(world.here, "a");
    for (const { inbox } of clients) await inbox.untilEvents(1);
    const id = await world.here.disconnect("t");
    for (const client of clients) {
      await within("the end of a compressed stream", client.end());
      assertEquals(client.inbox.data, ["a"]);
      assertEquals(client.inbox.lastEventId, id);
    }
  },
}, {
  name: "ends a client that has not begun to read, which misses nothing",
  async run(world, process) {
    await world.catchUp(world[process]);
    const client = world.serve(world[process]);
    await publish(world.here, "a");
    await world.here.disconnect("t");
    await publish(world.here, "b");
    await world.catchUp(world[process]);
    assertEquals(client.reasons, ["disconnected"]);
    await client.end();
    await comeBack(world, world[process], client, ["a", "b"]);
  },
}, {
  name: "ends a slow client at once, which misses nothing",
  async run(world, process) {
    const channel = world[process];
    await world.catchUp(channel);
    const client = world.serve(channel);
    const text = "x".repeat(20_000);
    const expected: string[] = [];
    await client.body.read();
    for (let i = 0; i < 30; i++) {
      expected.push(`${i} ${text}`);
      await publish(world.here, `${i} ${text}`);
    }
    await world.here.disconnect("t");
    await publish(world.here, "end");
    expected.push("end");
    await world.catchUp(channel);
    assertEquals(client.reasons, ["disconnected"]);
    await client.end();
    assert(client.data.length < 30, "it was not slow");
    await comeBack(world, channel, client, expected);
  },
}, {
  name: "ends a client that catches up, which misses nothing",
  options: { liveSegmentBytes: 0 },
  async run(world, process) {
    const start = await world.here.publish({ data: "0" }, { topics: ["t"] });
    const expected = Array.from({ length: 50 }, (_, i) => `${i + 1}`);
    await publish(world.here, ...expected);
    await world.catchUp(world[process]);
    const clients = Array.from(
      { length: 5 },
      () => world.serve(world[process], {}, start),
    );
    for (const { body } of clients) body.run();
    await world.here.disconnect("t");
    await publish(world.here, "end");
    expected.push("end");
    for (const client of clients) {
      await client.end();
      await comeBack(world, world[process], client, expected);
    }
  },
}, {
  name: "ends a client whose snapshot is being loaded, and aborts that",
  async run(world, process) {
    const signals: AbortSignal[] = [];
    const client = world.serve(world[process], {
      snapshot: ({ signal }) => {
        signals.push(signal);
        return new Promise(() => {});
      },
    });
    client.body.run();
    await world.catchUp(world[process]);
    await within("the snapshot", waitFor(() => signals.length === 1));
    await world.here.disconnect("t");
    await client.end();
    assertEquals(signals.map(({ aborted }) => aborted), [true]);
    // Without an ID, it gets a snapshot when it comes back.
    assertEquals([client.data, client.lastEventId], [[], ""]);
    const again = world.serve(world[process], {
      snapshot: () => [{ data: "state" }],
    });
    await again.until("state");
  },
}, {
  name: "ends a client whose gap is being described",
  options: { onGap: () => new Promise(() => {}) },
  async run(world, process) {
    await publish(world.here, "a");
    await world.catchUp(world[process]);
    const client = world.serve(world[process], {}, "elsewhere");
    client.body.run();
    await world.catchUp(world[process]);
    await world.here.disconnect("t");
    await client.end();
    assertEquals([client.data, client.lastEventId], [[], "elsewhere"]);
  },
}, {
  name: "leaves other clients alone, which get nothing of it",
  async run(world, process) {
    const channel = world[process];
    const all: EventChannelServeOptions[] = [
      { topics: ["other"] },
      { topics: new TopicSet(["other"]) },
      { topics: "all" },
      { topics: "all", types: ["message"] },
      { topics: "all", ...KINDS["a filter"]?.() },
      { topics: "all", ...KINDS["an until"]?.() },
      { topics: [] },
    ];
    const clients = all.map((options) => world.serve(channel, options));
    for (const { body } of clients) {
      body.run();
      await body.inbox.until(() => body.inbox.lastEventId !== "");
    }
    await world.here.disconnect("t");
    await world.here.publish({ data: "end" });
    for (const client of clients) {
      await client.until("end");
      assertEquals(client.data, ["end"]);
    }
  },
}, {
  name: "leaves a client alone that came after it",
  async run(world, process) {
    const channel = world[process];
    const before = await world.catchUp(channel);
    const id = await world.here.disconnect("t");
    // Another process may be behind the log; this one need not wait.
    if (process === "there") await world.catchUp(channel);
    const clients = [undefined, before, id].map((lastEventId) =>
      world.serve(channel, {}, lastEventId)
    );
    for (const { body } of clients) {
      body.run();
      await body.inbox.until(() => body.inbox.lastEventId !== "");
    }
    await world.catchUp(channel);
    await publish(world.here, "a");
    for (const client of clients) {
      await client.until("a");
      assertEquals(client.data, ["a"]);
    }
  },
}, {
  name: "ends the clients that came after the last one",
  async run(world, process) {
    const channel = world[process];
    for (let i = 0; i < 3; i++) {
      await world.catchUp(channel);
      const client = world.serve(channel);
      client.body.run();
      await client.body.inbox.until(() => client.lastEventId !== "");
      const id = await world.here.disconnect("t");
      await client.end();
      assertEquals(client.lastEventId, id);
    }
  },
}, {
  name: "serves a client that comes back with an ID from before it, past it",
  async run(world, process) {
    for (const liveSegmentBytes of [0, 1_000_000]) {
      const channel = process === "here"
        ? world.here
        : world.start({ liveSegmentBytes });
      await world.catchUp(channel);
      const start = await world.here.publish({ data: "0" }, { topics: ["t"] });
      await publish(world.here, "a");
      await world.here.disconnect("t");
      await world.here.disconnect("t");
      await publish(world.here, "b");
      const id = await world.here.disconnect("t");
      await world.catchUp(channel);
      const client = world.serve(channel, {}, start);
      await client.until("b");
      const { inbox } = client.body;
      await inbox.until(() => inbox.lastEventId !== start);
      await publish(world.here, "c");
      await client.until("c");
      assertEquals(client.data, ["a", "b", "c"]);
      // One that was told its ID goes on after it.
      const other = world.serve(channel, {}, id);
      await other.until("c");
      assertEquals(other.data, ["c"]);
      // A process that starts later meets it in the history.
      const restarted = world.start({ liveSegmentBytes });
      for (const makeOptions of Object.values(KINDS)) {
        const { delivered } = restarted.counters;
        const late = world.serve(restarted, makeOptions(), start);
        const types = ["message"];
        if (makeOptions === KINDS["types"]) {
          const { inbox } = late.body.run();
          await inbox.until(() => inbox.lastEventId !== start);
          continue;
        }
        await late.until("c");
        assertEquals(late.data, ["a", "b", "c"]);
        // Nothing but the events was handed to it.
        assertEquals(restarted.counters.delivered - delivered, 3);
        const options = { ...makeOptions(), types, topics: "all" } as const;
        const all = world.serve(restarted, options, start);
        await all.until("c");
        const own = all.data.filter((data) => !data.startsWith("until"));
        assertEquals(own, ["a", "b", "c"]);
      }
    }
  },
}, {
  name: "is no event of a replay",
  async run(world, process) {
    const channel = world[process];
    await publish(world.here, "a", "b");
    await world.here.disconnect("t");
    await world.here.disconnect("t");
    await world.catchUp(channel);
    for (const topics of [["t"], "all"] as const) {
      for (const [replay, count] of [[1, 1], [2, 2], ["all", 2]] as const) {
        const types = ["message"];
        const filter = ({ data }: { data?: string | undefined }): boolean =>
          !data?.startsWith("until");
        const client = world.serve(channel, { topics, types, filter, replay });
        await client.until("b");
        assertEquals(client.data, ["a", "b"].slice(-count));
      }
    }
  },
}, {
  name: "counts with a TopicSet as it is when the entry comes",
  async run(world, process) {
    const channel = world[process];
    const [lost, gained, late] = [["t"], ["a"], ["a"]].map((topics) =>
      new TopicSet(topics)
    );
    const serve = (topics: TopicSet | undefined): Client =>
      world.serve(channel, { topics });
    const clients = [serve(lost), serve(gained), serve(late)];
    for (const { body } of clients) {
      body.run();
      await body.inbox.until(() => body.inbox.lastEventId !== "");
    }
    lost?.delete("t");
    gained?.add("t");
    await world.here.disconnect("t");
    await clients[1]?.end();
    late?.add("t");
    lost?.add("t");
    await world.catchUp(channel);
    await publish(world.here, "b");
    for (const index of [0, 2]) {
      await clients[index]?.until("b");
      assertEquals(clients[index]?.data, ["b"]);
    }
  },
}, {
  name: "ends all clients of a topic",
  async run(world, process) {
    const channel = world[process];
    const clients = Array.from(
      { length: 60 },
      (_, index) =>
        world.serve(channel, {
          topics: index % 2 === 0 ? ["t"] : ["t", `user:${index}`],
        }),
    );
    for (const { body } of clients) {
      body.run();
      await body.inbox.until(() => body.inbox.lastEventId !== "");
    }
    assertEquals(channel.count("t"), 60);
    await world.here.disconnect("t");
    for (const client of clients) await client.end();
    assertEquals([channel.count("t"), channel.size], [0, 0]);
  },
}];

async function waitFor(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** Declares the table for one log. */
export function testDisconnect(
  name: string,
  open: () => Promise<SharedLog> | SharedLog,
  { ignore = false }: { ignore?: boolean } = {},
): void {
  for (const row of ROWS) {
    for (const process of PROCESSES) {
      const where = process === "here" ? "this process" : "another process";
      Deno.test(
        `EventChannel.disconnect() ${row.name}: in ${where}, with ${name}`,
        { ignore },
        async () => {
          const world = new World(await open(), row.options);
          try {
            await row.run(world, process);
          } finally {
            await world.close();
          }
        },
      );
    }
  }
}
