// Copyright 2026 the Tidings authors. MIT license.

/**
 * Engines of which each call fails now and then, before or after it was done, as tests of
 * retries hand them in.
 *
 * @module
 */

import type { EventLogClaim, EventLogs } from "../../log.ts";
import type { KvAtomic, KvStore } from "../../logs/deno_kv.ts";
import type { RedisClient } from "../../logs/redis_streams.ts";
import { Random } from "./random.ts";

/** A call fails once in so many times. */
const RATE = 10;

/** What Redis refuses with while it cannot, having done nothing. */
const REDIS_REFUSALS = [
  "READONLY You can't write against a read only replica.",
  "OOM command not allowed when used memory > 'maxmemory'.",
  "LOADING Redis is loading the dataset in memory",
  "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
  "NOREPLICAS Not enough good replicas to write.",
  "TRYAGAIN Multiple keys request during rehashing of slot",
  "BUSY Redis is busy running a script.",
  "CLUSTERDOWN The cluster is down",
  "ERR max number of clients reached",
];

/** What Deno KV fails with where another process has the file. */
const KV_REFUSALS = [
  "database is locked",
  "Error code 6: A table in the database is locked: database table is locked",
];

/** Fails before a call, after it, or not at all. */
export class Failures {
  readonly #seed: number;
  #calls = 0;
  /** How many calls have failed. */
  count = 0;

  constructor(random: Random) {
    this.#seed = random.below(2 ** 30);
  }

  /** Makes a call that may fail. */
  async call<T>(
    refusals: readonly string[],
    call: () => T,
  ): Promise<Awaited<T>> {
    // Of one generator, what is drawn in a row is not independent enough: some seeds
    // have many failures in a row.
    const random = new Random(this.#seed + this.#calls++);
    if (!random.onceIn(RATE)) return await call();
    this.count++;
    if (random.onceIn(2)) throw new Error(random.pick(refusals));
    if (random.onceIn(2)) await call();
    throw new Error("The connection is lost");
  }
}

/** A client whose commands fail now and then, and so does opening a connection. */
export function failingRedis(
  client: RedisClient,
  failures: Failures,
): RedisClient {
  return {
    send: (command) =>
      failures.call(REDIS_REFUSALS, () => client.send(command)),
    duplicate: async () => {
      const connection = await client.duplicate();
      try {
        await failures.call(REDIS_REFUSALS, () => {});
      } catch (error) {
        await connection.close();
        throw error;
      }
      return failingRedis(connection, failures);
    },
    close: () => client.close(),
  };
}

/** A store whose calls fail now and then. */
export function failingKv(kv: KvStore, failures: Failures): KvStore {
  return {
    get: (key) => failures.call(KV_REFUSALS, () => kv.get(key)),
    async *list(selector, options) {
      await failures.call(KV_REFUSALS, () => {});
      yield* kv.list(selector, options);
    },
    watch: (keys) => kv.watch(keys),
    atomic: () => failingAtomic(kv.atomic(), failures),
  };
}

function failingAtomic(atomic: KvAtomic, failures: Failures): KvAtomic {
  const failing: KvAtomic = {
    check: (entry) => (atomic.check(entry), failing),
    set: (...args) => (atomic.set(...args), failing),
    delete: (key) => (atomic.delete(key), failing),
    commit: () => failures.call(KV_REFUSALS, () => atomic.commit()),
  };
  return failing;
}

/**
 * Logs whose calls fail now and then. Claims and appends of events, which only an engine
 * can try again, do not; the append of an end does.
 */
export function failingLogs(logs: EventLogs, failures: Failures): EventLogs {
  const call = <T>(fn: () => T): Promise<Awaited<T>> =>
    failures.call(["The log is away"], fn);
  const failingClaim = (claim: EventLogClaim): EventLogClaim => ({
    cursor: claim.cursor,
    append: (event, options) =>
      event.comment === undefined
        ? claim.append(event, options)
        : call(() => claim.append(event, options)),
    renew: () => call(() => claim.renew()),
    release: () => call(() => claim.release()),
  });
  return {
    open: (name, options) => {
      const log = logs.open(name, options);
      return {
        append: (event, options) => log.append(event, options),
        read: (after, options) => call(() => log.read(after, options)),
        rewind: (count, options) => call(() => log.rewind(count, options)),
        follow: async (onBatch, options) => {
          await call(() => {});
          return await log.follow(onBatch, options);
        },
      };
    },
    inspect: (name) => call(() => logs.inspect(name)),
    expire: (name, delay) => call(() => logs.expire(name, delay)),
    claim: async (name, options) => {
      const claim = await logs.claim(name, options);
      return claim && failingClaim(claim);
    },
  };
}
