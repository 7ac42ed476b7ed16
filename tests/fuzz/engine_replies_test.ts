// Copyright 2026 the Tidings authors. MIT license.

/**
 * Engines that reply at random: errors, nothing, other types, late or never. Nothing may
 * end the process, no reader may get an event twice or out of order, and all must end
 * with `close()`.
 */

import { assert } from "@std/assert";
import { EventChannel } from "../../channel.ts";
import type { EventLog, EventLogs } from "../../log.ts";
import {
  DenoKvEventLog,
  DenoKvEventLogs,
  type KvAtomic,
  type KvStore,
} from "../../logs/deno_kv.ts";
import {
  type RedisClient,
  RedisEventLogs,
  RedisStreamsEventLog,
} from "../../logs/redis_streams.ts";
import { readEvents } from "../../parser.ts";
import { EventRuns } from "../../runs/mod.ts";
import { fuzzDeadline, fuzzSeed } from "../support/fuzz.ts";
import { Random } from "../support/random.ts";
import { RedisConnection } from "../support/redis_connection.ts";
import { hasRedis, redisNote, RedisServer } from "../support/redis_server.ts";
import { within } from "../support/within.ts";

/** Milliseconds for each engine. */
const DEFAULT_TIME = 1000;
/** Milliseconds after which an engine counts as lost. */
const TIMEOUT = 250;
const EVENTS = 20;

const ERRORS = [
  "READONLY You can't write against a read only replica.",
  "WRONGTYPE Operation against a key holding the wrong kind of value",
  "ERR The ID specified in XADD is equal or smaller than the target stream top item",
  "NOAUTH Authentication required.",
  "CROSSSLOT Keys in request don't hash to the same slot",
  "database is locked",
  "The connection is lost",
  "",
];

const VALUES: readonly unknown[] = [
  null,
  undefined,
  0,
  1,
  -1,
  NaN,
  true,
  "",
  "OK",
  "0-0",
  "1-1",
  "9".repeat(40),
  [],
  [null],
  [[]],
  [0],
  [1, ["x"]],
  [["1-1", ["data"]]],
  [["1-1", ["data", 7]]],
  [["x", ["data", "forged"]]],
  [["logs", "x"]],
  {},
  { ok: true },
  { ok: "yes", versionstamp: 7 },
  { key: [], value: null, versionstamp: 7 },
  { key: ["x"], value: "x", versionstamp: "1" },
  new Map([["x", 1]]),
  new Uint8Array(3),
  new Date(0),
  Symbol("x"),
];

/** What an engine's calls come to. */
class Chaos {
  readonly random: Random;
  /** Whether replies are replaced. */
  isOn = true;
  readonly #delays: Promise<void>[] = [];
  /** A reply is replaced once in so many times. */
  readonly #rate: number;

  constructor(random: Random) {
    this.random = random;
    this.#rate = 3 + random.below(24);
  }

  /** Waits for the replies that are late. */
  async settled(): Promise<void> {
    await Promise.all(this.#delays);
  }

  #wait(delay: number): Promise<void> {
    const waiting = new Promise<void>((resolve) => setTimeout(resolve, delay));
    this.#delays.push(waiting);
    return waiting;
  }

  async call(fn: () => unknown): Promise<unknown> {
    const { random } = this;
    if (!this.isOn || !random.onceIn(this.#rate)) return await fn();
    const isDone = random.onceIn(2);
    const real = isDone ? await fn() : undefined;
    if (random.onceIn(3)) {
      const delay = random.below(30);
      await this.#wait(delay);
    }
    if (random.onceIn(40)) return await new Promise(() => {});
    if (random.onceIn(3)) throw new Error(random.pick(ERRORS));
    if (random.onceIn(20)) throw random.pick(VALUES);
    return isDone && random.onceIn(4) ? real : random.pick(VALUES);
  }
}

function chaoticRedis(client: RedisClient, chaos: Chaos): RedisClient {
  return {
    send: (command) => chaos.call(() => client.send(command)),
    duplicate: async () => {
      const connection = await client.duplicate();
      return chaoticRedis(connection, chaos);
    },
    close: () => client.close(),
  };
}

function chaoticKv(kv: KvStore, chaos: Chaos): KvStore {
  return {
    get: (key) => chaos.call(() => kv.get(key)) as ReturnType<KvStore["get"]>,
    async *list(selector, options) {
      for await (const entry of kv.list(selector, options)) {
        yield await chaos.call(() => entry) as typeof entry;
      }
    },
    watch: (keys) => {
      if (chaos.isOn && chaos.random.onceIn(6)) {
        throw new Error(chaos.random.pick(ERRORS));
      }
      return kv.watch(keys);
    },
    atomic: () => chaoticAtomic(kv.atomic(), chaos),
  };
}

function chaoticAtomic(atomic: KvAtomic, chaos: Chaos): KvAtomic {
  const chaotic: KvAtomic = {
    check: (entry) => (atomic.check(entry), chaotic),
    set: (...args) => (atomic.set(...args), chaotic),
    delete: (key) => (atomic.delete(key), chaotic),
    commit: () =>
      chaos.call(() => atomic.commit()) as ReturnType<KvAtomic["commit"]>,
  };
  return chaotic;
}

/** What one round uses. */
interface Engine {
  log: EventLog;
  /** The same log, whose engine replies as it is. */
  clean: EventLog;
  logs: EventLogs;
}

/** What was told in all rounds. */
interface Told {
  errors: number;
  events: number;
}

/** Reads responses until there is nothing more, and checks each. */
async function read(serve: () => Promise<Response>, told: Told): Promise<void> {
  const response = await serve();
  if (response.status !== 200) return void await response.body?.cancel();
  let last = -1;
  for await (const { event, data } of readEvents(response)) {
    if (event === "gap") last = -1;
    if (event !== "message") continue;
    const number = Number(data);
    assert(number > last, `${number} comes after ${last}`);
    last = number;
    told.events++;
  }
}

async function testChannel(
  { log, clean }: Engine,
  chaos: Chaos,
  told: Told,
): Promise<void> {
  const channel = new EventChannel({
    log,
    onError: () => void told.errors++,
  });
  const request = new Request("http://localhost/");
  const readings = [1, 2].map(() =>
    read(() => Promise.resolve(channel.serve(request)), told)
  );
  const published = new Map<string, string>();
  for (let number = 0; number < EVENTS; number++) {
    const data = `${number}`;
    const settled = channel.publish({ data }).then(
      (id) => void published.set(id, data),
      () => void told.errors++,
    );
    if (number % 2 === 0) await settled;
  }
  chaos.isOn = false;
  await new Promise((resolve) => setTimeout(resolve, chaos.random.below(200)));
  await within("the channel closes", channel.close());
  await within("its streams end", Promise.all(readings));
  const { events } = await clean.read(await clean.rewind(Infinity));
  const kept = new Map(events.map(({ id, data }) => [id, data]));
  for (const [id, data] of published) {
    assert(
      kept.get(id) === data,
      `${data} is published as ${id}, and is not there`,
    );
  }
}

async function testRuns(
  logs: EventLogs,
  random: Random,
  told: Told,
): Promise<void> {
  const runs = new EventRuns({
    logs,
    leaseTime: 200,
    onError: () => void told.errors++,
  });
  const id = `run ${random.below(2 ** 31)}`;
  await runs.start(id, async function* () {
    for (let number = 0; number < EVENTS; number++) {
      yield { data: `${number}` };
      if (number % 5 === 0) await new Promise((go) => setTimeout(go, 1));
    }
  }).catch(() => void told.errors++);
  const request = new Request("http://localhost/");
  const readings = [1, 2].map(() => read(() => runs.serve(id, request), told));
  if (random.onceIn(3)) {
    await runs.stop(id).catch(() => void told.errors++);
  }
  const ended = runs.ended(id).catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, random.below(150)));
  await within("the runs close", runs.close());
  await within("their streams end", Promise.all([...readings, ended]));
}

async function fuzz(
  makeEngine: (chaos: Chaos, round: number) => Engine,
): Promise<void> {
  const seed = fuzzSeed();
  const isOver = fuzzDeadline(DEFAULT_TIME);
  const told: Told = { errors: 0, events: 0 };
  for (let round = 0; round === 0 || !isOver(); round++) {
    const random = new Random(seed + round);
    const chaos = new Chaos(random);
    const engine = makeEngine(chaos, round);
    try {
      await Promise.all([
        testChannel(engine, chaos, told),
        testRuns(engine.logs, random, told),
      ]);
      await chaos.settled();
    } catch (error) {
      throw new Error(`Failed, run again with SEED=${seed + round}: ${error}`, {
        cause: error,
      });
    }
  }
  assert(told.errors > 0, "nothing was told");
  assert(told.events > 0, "nothing was read");
}

const options = { timeout: TIMEOUT };

Deno.test(`a fuzz of Redis's replies${redisNote}`, {
  ignore: !hasRedis,
}, async () => {
  await using server = await RedisServer.start();
  await using client = await RedisConnection.open(server.port);
  await fuzz((chaos, round) => {
    const chaotic = chaoticRedis(client, chaos);
    return {
      log: new RedisStreamsEventLog(chaotic, `log ${round}`, options),
      clean: new RedisStreamsEventLog(client, `log ${round}`),
      logs: new RedisEventLogs(chaotic, `logs ${round}:`, options),
    };
  });
});

Deno.test("a fuzz of Deno KV's replies", async () => {
  using kv = await Deno.openKv(":memory:");
  await fuzz((chaos, round) => {
    const chaotic = chaoticKv(kv, chaos);
    const kvOptions = { ...options, pollInterval: 20 };
    return {
      log: new DenoKvEventLog(chaotic, [`log ${round}`], kvOptions),
      clean: new DenoKvEventLog(kv, [`log ${round}`]),
      logs: new DenoKvEventLogs(chaotic, [`logs ${round}`], kvOptions),
    };
  });
});
