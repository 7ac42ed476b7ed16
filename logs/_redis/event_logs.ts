// Copyright 2026 the Tidings authors. MIT license.

/**
 * Many logs by name in Redis: opens, claims, inspects and expires them.
 *
 * @module
 */

import type { EventLog } from "../../_log/event_log.ts";
import {
  assertLogName,
  type EventLogClaim,
  type EventLogClaimOptions,
  type EventLogExpireOptions,
  type EventLogOpenOptions,
  type EventLogs,
  type EventLogState,
} from "../../_log/event_logs.ts";
import {
  checkClaimOptions,
  checkExpire,
  checkOpenOptions,
} from "../../_log/option_checks.ts";
import { type OptionKinds, readOptions } from "../../_options.ts";
import { assertName, assertNumber, MAX_DELAY, quote } from "../../_validate.ts";
import { nameErrors } from "../_engine/name_errors.ts";
import { retry } from "../_engine/retry.ts";
import { assertNoId } from "../_engine/assert_no_id.ts";
import { RedisClaim } from "./claim.ts";
import { assertRedisClient } from "./check_client.ts";
import type { RedisClient } from "./client.ts";
import { makeFields } from "./entries.ts";
import { RedisFollower } from "./follower.ts";
import { makeKeys } from "./keys.ts";
import {
  CLAIM_SCRIPT,
  EXPIRE_SCRIPT,
  INSPECT_SCRIPT,
} from "./named_stream_scripts.ts";
import { RedisNamedLog } from "./named_log.ts";
import { formatExpiry } from "./named_stream.ts";
import { classifyError, isCrossSlot } from "./error_kinds.ts";
import { readClaim, readState } from "./replies.ts";
import { WriteLimiter } from "../_engine/write_limiter.ts";

/** Options for {@linkcode RedisEventLogs}. */
export interface RedisEventLogsOptions {
  /**
   * Milliseconds after which a call that Redis has not answered fails: 1 to
   * 2 147 478 647. It rejects with an error whose name is `"TimeoutError"`. If this process
   * stood still meanwhile, the time starts again.
   *
   * @default {10_000}
   */
  timeout?: number | undefined;
}

const OPTIONS: OptionKinds<RedisEventLogsOptions> = { timeout: "any" };

// A follower waits for the timeout and for the time that its command blocks.
const MAX_TIMEOUT = MAX_DELAY - 5000;

/**
 * Logs in Redis, each in a stream of its own, under keys with a prefix. It leaves the
 * client open.
 *
 * - One connection beside the client's own follows all streams that the process follows
 *   at the moment. It is closed when there are none.
 * - Under a claim, the events of one log that come in one event loop turn, or while an
 *   earlier write is under way, are one entry and one command. If a process writes more
 *   than 1600 times a second, a write waits up to 20 milliseconds for others.
 * - Appends and claims are tried again after errors that leave the outcome unknown; they
 *   are never done twice, even if the client repeats commands after it has reconnected.
 * - A claim keeps its last writes in memory, 1000 events or 1 MiB of them, whichever is
 *   less. Each append checks in the same step that the last entry is there. If Redis has
 *   lost events, by a failover or a restart from a snapshot, the claim writes them again
 *   under the same IDs; if that is impossible, readers get a gap.
 * - The keys of a name have a hash tag, so they are in one slot of a cluster. Following
 *   logs in several slots takes one connection for each slot; a prefix with a hash tag of
 *   its own, such as `"{answers}:"`, puts all logs in one slot.
 * - IDs are those of the stream's entries. Events must not bring their own.
 *
 * @example Usage
 * ```ts ignore -- it needs a server
 * import { Redis } from "npm:ioredis@6";
 * import { type RedisClient, RedisEventLogs } from "@tidings/sse/redis-streams";
 * import { EventRuns } from "@tidings/sse/runs";
 *
 * const adapt = (redis: Redis): RedisClient => ({
 *   send: ([name, ...args]) => redis.call(name, ...args),
 *   duplicate: () => adapt(redis.duplicate().on("error", () => {})),
 *   close: () => redis.disconnect(),
 * });
 *
 * // The calls tell what fails; otherwise the client prints each error.
 * const redis = new Redis().on("error", () => {});
 * const logs = new RedisEventLogs(adapt(redis), "answers:");
 * const runs = new EventRuns({ logs });
 * ```
 */
export class RedisEventLogs implements EventLogs {
  readonly #client: RedisClient;
  readonly #prefix: string;
  readonly #timeout: number;
  readonly #limiter = new WriteLimiter();
  /** By `slotPrefix` if the streams are in several slots; otherwise one under `""`. */
  readonly #followers = new Map<string, RedisFollower>();
  /** Whether streams are in several slots of a cluster, which one command cannot read. */
  #isSplit = false;

  /**
   * Makes logs of what is under the prefix. It does not use the client yet.
   *
   * @param client The connection for all that does not block; others may use it too.
   * @param prefix The first part of the keys.
   * @param options How long to wait for Redis.
   * @throws {TypeError} If `timeout` is not a number, another option is given, the
   * prefix is not well-formed, or the client is none.
   * @throws {RangeError} If `timeout` is outside its range.
   */
  constructor(
    client: RedisClient,
    prefix: string,
    options: RedisEventLogsOptions = {},
  ) {
    const verb = "make event logs";
    const { timeout = 10_000 } = readOptions(verb, options, OPTIONS);
    assertNumber(verb, "timeout", timeout, 1, MAX_TIMEOUT);
    assertName(verb, "prefix", prefix);
    assertRedisClient(verb, client);
    this.#client = client;
    this.#prefix = prefix;
    this.#timeout = timeout;
  }

  /**
   * Opens the log of a name, as {@linkcode EventLogs.open}.
   *
   * @throws {TypeError} If the name is empty or not well-formed, or `expireIn` is not a number.
   * @throws {RangeError} If the name is too long, or `expireIn` is outside its range.
   */
  open(name: string, options: EventLogOpenOptions = {}): EventLog {
    const expireIn = checkOpenOptions(name, options);
    const keys = makeKeys(this.#prefix, name);
    return new RedisNamedLog({
      client: this.#client,
      name,
      keys,
      expireIn,
      timeout: this.#timeout,
      getFollower: () => this.#getFollower(keys.slotPrefix),
    });
  }

  /**
   * Claims a name, as {@linkcode EventLogs.claim}.
   *
   * @returns The claim, `undefined` if there is none. It rejects with a `TypeError` if an
   * option is not a number or the name is empty, with a `RangeError` if an option is
   * outside its range, and with the client's errors.
   */
  async claim(
    name: string,
    options: EventLogClaimOptions,
  ): Promise<EventLogClaim | undefined> {
    const { leaseTime, expireIn, after, takeOver, replace, event } =
      checkClaimOptions(name, options);
    if (event !== undefined) assertNoId(event);
    // No event has an empty ID, and no claim an empty ID.
    if (after === "" || takeOver === "") return undefined;
    const keys = makeKeys(this.#prefix, name);
    const token = crypto.randomUUID();
    const first = event && makeFields(event, {});
    const verb = `claim event log ${quote(name)}`;
    const claimed = await this.#retry(verb, readClaim, [
      "EVAL",
      CLAIM_SCRIPT,
      "3",
      keys.stream,
      keys.lease,
      keys.writers,
      token,
      String(Math.min(leaseTime, expireIn)),
      formatExpiry(expireIn),
      after ?? "",
      replace ? "1" : "",
      takeOver ?? "",
      ...first ?? [],
    ]);
    if (claimed === undefined) return undefined;
    const { start, before } = claimed;
    const client = this.#client;
    const timeout = this.#timeout;
    return new RedisClaim({
      client,
      name,
      keys,
      token,
      start,
      before,
      first,
      leaseTime,
      expireIn,
      timeout,
      limiter: this.#limiter,
    });
  }

  /**
   * Gives the state of a name, as {@linkcode EventLogs.inspect}.
   *
   * @returns Its state. It rejects with the client's errors.
   */
  async inspect(name: string): Promise<EventLogState> {
    assertLogName("inspect event log", name);
    const { stream, lease } = makeKeys(this.#prefix, name);
    return await this.#retry(`inspect event log ${quote(name)}`, readState, [
      "EVAL",
      INSPECT_SCRIPT,
      "2",
      stream,
      lease,
    ]);
  }

  /**
   * Lets a name expire, as {@linkcode EventLogs.expire}.
   *
   * @returns It rejects with a `TypeError` if `delay` is not a number, with a
   * `RangeError` if it is not an integer of at least 1, and with the client's errors.
   */
  async expire(
    name: string,
    delay: number,
    options: EventLogExpireOptions = {},
  ): Promise<void> {
    const given = checkExpire(name, delay, options);
    const { stream, lease, writers } = makeKeys(this.#prefix, name);
    await this.#retry(`expire event log ${quote(name)}`, () => {}, [
      "EVAL",
      EXPIRE_SCRIPT,
      "3",
      stream,
      lease,
      writers,
      String(given.delay),
      given.claimId ?? "",
    ]);
  }

  /** Sends a command, again if needed: it must be one that can be repeated. */
  #retry<T>(
    verb: string,
    readReply: (reply: unknown) => T,
    command: [name: string, ...args: string[]],
  ): Promise<T> {
    const timeout = this.#timeout;
    const attempt = async (): Promise<T> =>
      readReply(await this.#client.send(command));
    const options = { timeout, verb, classifyError };
    return nameErrors(verb, () => retry(attempt, options));
  }

  #getFollower(slotPrefix: string): RedisFollower {
    const group = this.#isSplit ? slotPrefix : "";
    const found = this.#followers.get(group);
    if (found !== undefined) return found;
    const onEnd = (error: unknown): void => {
      this.#followers.delete(group);
      if (isCrossSlot(error)) this.#isSplit = true;
    };
    const follower = new RedisFollower(this.#client, this.#timeout, onEnd);
    this.#followers.set(group, follower);
    return follower;
  }

  /** The name of the class, as the classes of the platform have it. */
  get [Symbol.toStringTag](): string {
    return "RedisEventLogs";
  }
}
