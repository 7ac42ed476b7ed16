// Copyright 2026 the Tidings authors. MIT license.

/**
 * Several servers on one engine, of which some part is always being killed, paused or
 * started again, while clients publish and subscribe through whichever answers.
 */

import { assert, assertEquals } from "@std/assert";
import { connect, type EventStreamConnection } from "../../client.ts";
import type { LoggedEvent } from "../../log.ts";
import { ChaosServer, disturb, type EngineServer, sleep } from "./_process.ts";
import { type ChaosEngine, openLog } from "./_server.ts";
import type { Random } from "../support/random.ts";
import { within } from "../support/within.ts";

/** What a run is made of. */
export interface ChaosOptions {
  engine: ChaosEngine;
  /** The server of the engine, if it has one that can be killed. */
  database?: EngineServer | undefined;
  random: Random;
  /** Milliseconds of chaos, before all is left in peace to come to its end. */
  duration: number;
}

/** What came of a run. */
export interface ChaosReport {
  events: number;
  delivered: number;
  /** How often a subscriber was told of a gap. */
  gaps: number;
  kills: number;
  /** Requests of all subscribers. */
  attempts: number;
}

const SERVERS = 3;
const PUBLISHERS = 3;
const SUBSCRIBERS = 5;
/** The event that ends a run. */
const LAST = "last";

/** Runs chaos, and checks that nothing was lost, repeated or out of order. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { engine, database, random, duration } = options;
  const { log, close } = await openLog(engine);
  const start = await log.rewind(0);
  const servers = Array.from(
    { length: SERVERS },
    () => new ChaosServer("_server.ts", { engine }),
  );
  try {
    await within(
      "servers start",
      Promise.all(servers.map((each) => each.ready())),
    );
    const witness = new Witness();
    const watching = witness.watch(log, start);
    const subscribers = Array.from(
      { length: SUBSCRIBERS },
      () => new Subscriber(servers, random, start),
    );
    const running = subscribers.map((each) => each.run());
    const controller = new AbortController();
    const publishers = Array.from(
      { length: PUBLISHERS },
      (_, index) => publish(index, servers, random, controller.signal),
    );
    const kills = await disturb(servers, database, random, duration);
    controller.abort();
    const outcomes = (await within("publishers end", Promise.all(publishers)))
      .flat();
    await within(
      "servers answer",
      Promise.all(servers.map((each) => each.ready())),
    );
    await log.append({ data: LAST });
    await within("subscribers see the end", Promise.all(running));
    await within("the witness sees the end", watching);
    checkOutcomes(outcomes, witness.events);
    for (const { received } of subscribers) {
      checkReceived(received, witness.events);
    }
    return {
      events: witness.events.length,
      delivered: sum(subscribers.map(({ received }) => received.length)),
      gaps: sum(
        subscribers.map(({ received }) => received.filter(isGap).length),
      ),
      kills,
      attempts: sum(subscribers.map(({ attempts }) => attempts)),
    };
  } finally {
    for (const server of servers) await server.end();
    await close();
  }
}

/** What one who subscribes has got. */
interface Received {
  event: string;
  data: string;
  lastEventId: string;
}

/** What a publisher knows of an event: its ID, or that it was refused, or nothing. */
interface Outcome {
  data: string;
  id: string | undefined;
  isRefused: boolean;
}

/** Sees the log itself, from beginning to end. */
class Witness {
  readonly events: LoggedEvent[] = [];

  async watch(
    log: Awaited<ReturnType<typeof openLog>>["log"],
    cursor: string,
  ): Promise<void> {
    while (this.events.at(-1)?.data !== LAST) {
      try {
        const batch = await log.read(cursor, {
          limit: 1000,
          maxBytes: Infinity,
        });
        assert(
          !batch.gap,
          "The witness has missed events: the log is too short",
        );
        this.events.push(...batch.events);
        cursor = batch.cursor;
      } catch (error) {
        if (error instanceof Error && error.name === "AssertionError") {
          throw error;
        }
      }
      await sleep(20);
    }
  }
}

/** A client that comes back to any of the servers. */
class Subscriber {
  readonly received: Received[] = [];
  attempts = 0;
  readonly #servers: readonly ChaosServer[];
  readonly #random: Random;
  readonly #start: string;

  constructor(
    servers: readonly ChaosServer[],
    random: Random,
    start: string,
  ) {
    this.#servers = servers;
    this.#random = random;
    this.#start = start;
  }

  /** Receives until the end, over as many subscriptions as it takes. */
  async run(): Promise<void> {
    let cursor = this.#start;
    while (this.received.at(-1)?.data !== LAST) {
      for await (const { event, data, lastEventId } of this.#connect(cursor)) {
        this.received.push({ event, data, lastEventId });
        cursor = lastEventId;
        if (data === LAST || this.#random.onceIn(500)) break;
      }
      // Long enough for a short history to move on.
      await sleep(this.#random.below(1500));
    }
  }

  #connect(lastEventId: string): EventStreamConnection {
    return connect("http://chaos.invalid/", {
      fetch: (_, init) => {
        this.attempts++;
        return fetch(this.#random.pick(this.#servers).url, init);
      },
      lastEventId,
      reconnectionTime: 20,
      idleTimeout: 2000,
      backoff: { maxDelay: 200 },
    });
  }
}

/** Publishes events, each once, through any of the servers. */
async function publish(
  index: number,
  servers: readonly ChaosServer[],
  random: Random,
  signal: AbortSignal,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  while (!signal.aborted) {
    const count = random.onceIn(5) ? 20 : 1;
    const posts = Array.from({ length: count }, (_, post) => {
      const number = outcomes.length + post;
      const text = `${index}-${number} ${"x".repeat(random.below(500))}`;
      return publishOnce(text, random.pick(servers).url);
    });
    outcomes.push(...await Promise.all(posts));
    await sleep(random.below(20));
  }
  return outcomes;
}

async function publishOnce(data: string, url: string): Promise<Outcome> {
  try {
    const response = await fetch(url, {
      method: "POST",
      body: data,
      signal: AbortSignal.timeout(8000),
    });
    const text = await response.text();
    if (response.ok) return { data, id: text, isRefused: false };
    return { data, id: undefined, isRefused: text !== "TimeoutError" };
  } catch {
    return { data, id: undefined, isRefused: false };
  }
}

/** What was confirmed is in the log once, under its ID; what was refused is not. */
function checkOutcomes(
  outcomes: readonly Outcome[],
  events: readonly LoggedEvent[],
): void {
  const ids = new Map(events.map(({ id, data }) => [data, id]));
  assertEquals(ids.size, events.length, "An event is in the log twice");
  for (const { data, id, isRefused } of outcomes) {
    if (id !== undefined) assertEquals(ids.get(data), id, `Lost: ${data}`);
    if (isRefused) assertEquals(ids.get(data), undefined, `Refused: ${data}`);
  }
  const confirmed = outcomes.filter(({ id }) => id !== undefined);
  assert(confirmed.length > 0, "Nothing was published");
}

/** Every event was received once and in order, but where a gap was told. */
function checkReceived(
  received: readonly Received[],
  events: readonly LoggedEvent[],
): void {
  let next = 0;
  let isTold = false;
  for (const { event, data, lastEventId } of received) {
    if (event === "gap") {
      isTold = true;
      continue;
    }
    const index = isTold
      ? events.findIndex(({ id }, index) => index >= next && id === lastEventId)
      : next;
    const expected = events[index];
    assertEquals({ data, id: lastEventId }, {
      data: expected?.data ?? "",
      id: expected?.id ?? "",
    });
    next = index + 1;
    isTold = false;
  }
  assertEquals(next, events.length);
}

function isGap({ event }: Received): boolean {
  return event === "gap";
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
