// Copyright 2026 the Tidings authors. MIT license.

/**
 * A log in a Redis stream: the history of a channel that survives restarts and that
 * processes on many machines share.
 *
 * It works with Redis 6.2 and later, and with compatible servers such as Valkey, over the
 * client that the application uses; {@linkcode RedisClient} shows how to adapt one.
 *
 * ```ts ignore -- it needs a server, and serves forever
 * import { Redis } from "npm:ioredis@6";
 * import { EventChannel } from "@tidings/sse/channel";
 * import { type RedisClient, RedisStreamsEventLog } from "@tidings/sse/redis-streams";
 *
 * const adapt = (redis: Redis): RedisClient => ({
 *   send: ([name, ...args]) => redis.call(name, ...args),
 *   duplicate: () => adapt(redis.duplicate().on("error", () => {})),
 *   close: () => redis.disconnect(),
 * });
 *
 * // The calls tell what fails; otherwise the client prints each error.
 * const redis = new Redis().on("error", () => {});
 * const log = new RedisStreamsEventLog(adapt(redis), "news");
 * const channel = new EventChannel({ log });
 *
 * Deno.serve((request) => channel.serve(request));
 * ```
 *
 * @module
 */

import { assertName, assertNumber, MAX_DELAY } from "../_validate.ts";
import type { TextEventInit } from "../event.ts";
import type {
  EventLog,
  EventLogAppendOptions,
  EventLogBatch,
  EventLogFollowOptions,
  EventLogOptions,
  EventLogReadOptions,
} from "../log.ts";
import { type OptionKinds, readOptions } from "../_options.ts";
import { checkKeptEvents } from "./_engine/kept_events.ts";
import { assertRedisClient } from "./_redis/check_client.ts";
import type { RedisClient } from "./_redis/client.ts";
import { RedisStream } from "./_redis/stream.ts";
import { BLOCK, RedisStreamsLog } from "./_redis/streams_log.ts";

export type { RedisClient } from "./_redis/client.ts";
export {
  RedisEventLogs,
  type RedisEventLogsOptions,
} from "./_redis/event_logs.ts";

/** Options for {@linkcode RedisStreamsEventLog}. */
export interface RedisStreamsEventLogOptions {
  /**
   * The most events to keep, an integer of at least 1 or `Infinity`. Redis drops older
   * ones some at a time, so about 100 more may be there.
   *
   * @default {10_000}
   */
  maxEvents?: number | undefined;
  /**
   * Milliseconds for which to keep an event, an integer of at least 1 or `Infinity`.
   * Older ones are dropped when others are appended, some at a time.
   *
   * @default {Infinity}
   */
  maxAge?: number | undefined;
  /**
   * Milliseconds after which a call that Redis has not answered fails: 1 to
   * 2 147 478 647. Appending, reading and following then reject with an error whose name
   * is `"TimeoutError"`. If this process stood still meanwhile, the time starts again.
   *
   * @default {10_000}
   */
  timeout?: number | undefined;
}

const OPTIONS: OptionKinds<RedisStreamsEventLogOptions> = {
  maxEvents: "any",
  maxAge: "any",
  timeout: "any",
};

// A follower waits for both.
const MAX_TIMEOUT = MAX_DELAY - BLOCK;

/**
 * A log in a Redis stream. It leaves the client open.
 *
 * - The IDs of the events are those of the stream's entries, so they tell the time in
 *   milliseconds. Events must not bring their own.
 * - The fields of an entry are those of the event; `topics`: a topic, or a JSON array
 *   of topics such as `["user:42","room:tea"]`; `conflationKey`; and `disconnect`, which is
 *   `true` in an entry that ends streams. Other programs may append events with
 *   `XADD`, and their fields must be such that they can be encoded.
 * - The events of one event loop turn are one command.
 * - An append is tried again after errors that leave its outcome unknown; it is never done
 *   twice, even if the client repeats commands after it has reconnected. For this, Redis
 *   keeps a second, small key for each process for an hour. If the outcome is still unknown
 *   after `timeout`, it rejects with an error whose name is
 *   `"TimeoutError"`, and the event may be in the log or not.
 * - Each call of `follow` opens a connection of its own, and closes it at its end.
 *
 * @example Usage
 * ```ts
 * import { type RedisClient, RedisStreamsEventLog } from "@tidings/sse/redis-streams";
 * import { assertEquals } from "@std/assert";
 *
 * // This stands in for Redis, and has one event.
 * const client: RedisClient = {
 *   send: ([name]) =>
 *     Promise.resolve(
 *       name === "EVAL" ? "1700000000000-0" : [["1700000000000-0", ["data", "a"]]],
 *     ),
 *   duplicate: () => client,
 *   close: () => {},
 * };
 * const log = new RedisStreamsEventLog(client, "news", { maxEvents: 1000 });
 *
 * const { events } = await log.read(await log.rewind(Infinity));
 * assertEquals(events[0]?.data, "a");
 * ```
 */
export class RedisStreamsEventLog implements EventLog {
  readonly #log: RedisStreamsLog;

  /**
   * Makes a log of a stream. It does not use the client yet.
   *
   * @param client The connection for all that does not block; others may use it too.
   * @param key The key of the stream.
   * @param options What to keep, and how long to wait.
   * @throws {TypeError} If an option is unknown or not a number, or the key not
   * well-formed.
   * @throws {RangeError} If an option is outside its range.
   */
  constructor(
    client: RedisClient,
    key: string,
    options: RedisStreamsEventLogOptions = {},
  ) {
    const verb = "make event log";
    const given = readOptions(verb, options, OPTIONS);
    const { timeout = 10_000 } = given;
    const kept = checkKeptEvents(verb, given);
    assertNumber(verb, "timeout", timeout, 1, MAX_TIMEOUT);
    assertName(verb, "key", key);
    assertRedisClient(verb, client);
    const stream = new RedisStream(client, key, kept);
    this.#log = new RedisStreamsLog(client, stream, timeout, key);
  }

  /**
   * Adds an event at the end of the log, as {@linkcode EventLog.append}.
   *
   * @returns The event's ID. It rejects with a `TypeError` if the event has an ID, with
   * the client's error if Redis refuses the event, and with a `TimeoutError` if Redis
   * does not answer.
   */
  append(
    event: TextEventInit,
    options: EventLogAppendOptions = {},
  ): Promise<string> {
    return this.#log.append(event, options);
  }

  /**
   * Gives the events after a cursor, as {@linkcode EventLog.read}.
   *
   * @returns The events. It rejects with a `TypeError` if an option is not a number,
   * with a `RangeError` if it is outside its range, and with the client's errors.
   */
  async read(
    after: string,
    options: EventLogReadOptions = {},
  ): Promise<EventLogBatch> {
    return await this.#log.read(after, options);
  }

  /**
   * Finds the position some events before the end, as {@linkcode EventLog.rewind}.
   *
   * @returns The cursor. It rejects with a `TypeError` if `count` is not a number, with
   * a `RangeError` if it is not an integer of at least 0 or `Infinity`, and with the
   * client's errors.
   */
  async rewind(count: number, options: EventLogOptions = {}): Promise<string> {
    return await this.#log.rewind(count, options);
  }

  /**
   * Calls back with every event after a cursor, as {@linkcode EventLog.follow}. It
   * rejects with the client's errors as well.
   */
  async follow(
    onBatch: (batch: EventLogBatch) => void,
    options: EventLogFollowOptions = {},
  ): Promise<never> {
    return await this.#log.follow(onBatch, options);
  }

  /** Compares two cursors, as {@linkcode EventLog.compare}. */
  compare(a: string, b: string): number | undefined {
    return this.#log.compare(a, b);
  }

  /** The name of the class, as the classes of the platform have it. */
  get [Symbol.toStringTag](): string {
    return "RedisStreamsEventLog";
  }
}
