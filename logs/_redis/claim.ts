// Copyright 2026 the Tidings authors. MIT license.

/**
 * The claim of a name in Redis. It does not rely on Redis to keep what it has confirmed:
 * each write checks in the same step that the last entry is there, and writes again what
 * is lost.
 *
 * @module
 */

import type { EventLogAppendOptions } from "../../_log/event_log.ts";
import {
  type EventLogClaim,
  EventLogClaimError,
} from "../../_log/event_logs.ts";
import type { TextEventInit } from "../../event.ts";
import { quote } from "../../_validate.ts";
import { nameErrors } from "../_engine/name_errors.ts";
import { splitId } from "../_engine/pair_ids.ts";
import { RecentWrites } from "../_engine/recent_writes.ts";
import { retry } from "../_engine/retry.ts";
import { RedisAppendQueue } from "./append_queue.ts";
import type { RedisClient } from "./client.ts";
import type { NameKeys } from "./keys.ts";
import {
  RELEASE_SCRIPT,
  RENEW_SCRIPT,
  REWRITE_SCRIPT,
  WRITE_SCRIPT,
} from "./named_stream_scripts.ts";
import { formatExpiry } from "./named_stream.ts";
import { ID_STEP, joinBatch } from "./batches.ts";
import { classifyError, isTooSmall } from "./error_kinds.ts";
import { readRenewal, readWritten } from "./replies.ts";
import type { WriteLimiter } from "../_engine/write_limiter.ts";
import {
  makeWrite,
  measureWrite,
  type RecentWrite,
  takeWrites,
} from "./recent_write.ts";

/** Options of {@linkcode RedisClaim}. */
export interface RedisClaimOptions {
  client: RedisClient;
  name: string;
  keys: NameKeys;
  /** Identifies the claim in the lease. */
  token: string;
  /** The ID of the entry that starts the generation. */
  start: string;
  /** The ID of the entry before that, `""` if there was none. */
  before: string;
  /** The fields of the event that the claim has appended, if it had one. */
  first: readonly string[] | undefined;
  /** Milliseconds. */
  leaseTime: number;
  /** Milliseconds until the name expires. */
  expireIn: number;
  /** Milliseconds without an answer after which a call fails. */
  timeout: number;
  /** Shared by all claims of the process. */
  limiter: WriteLimiter;
}

/** The most that one entry takes. A reader gets an entry as a whole. */
const BATCH_BOUNDS = { items: 32, bytes: 8192 };
/** The most that one command writes again. Redis does nothing else meanwhile. */
const REWRITE_BOUNDS = { items: 128, bytes: 1_048_576 };

/** The claim of a name in Redis. */
export class RedisClaim implements EventLogClaim {
  readonly cursor: string;
  /** The ID of the entry that starts the generation. */
  readonly id: string;
  readonly #options: RedisClaimOptions;
  readonly #appends: RedisAppendQueue;
  /** The value of the lease. */
  readonly #lease: string;
  /** The time of the generation: the first part of its IDs. */
  readonly #time: string;
  readonly #written = new RecentWrites(measureWrite);
  /** The ID of the last entry that Redis has confirmed. */
  #confirmed: string;
  /** How many IDs events have got. */
  #count = 0;
  /** Set by `release()`. */
  #isReleased = false;

  constructor(options: RedisClaimOptions) {
    const { token, start, first, limiter } = options;
    this.cursor = this.id = this.#confirmed = start;
    this.#options = options;
    this.#appends = new RedisAppendQueue(
      BATCH_BOUNDS,
      (events) =>
        nameErrors(
          `append to event log ${quote(options.name)}`,
          () => this.#append(events),
        ),
      limiter,
    );
    this.#lease = `${token} ${start}`;
    this.#time = splitId(start)[0];
    if (first === undefined) return;
    this.#confirmed = this.#nextId();
    this.#written.add(makeWrite(this.#confirmed, first, 1));
  }

  append(
    event: TextEventInit,
    options: EventLogAppendOptions = {},
  ): Promise<string> {
    return this.#appends.append(event, options);
  }

  async renew(): Promise<boolean> {
    const { client, name, keys, leaseTime, timeout } = this.#options;
    const renew = async (): Promise<boolean> => {
      // A late attempt would claim the released name again.
      if (this.#isReleased) return false;
      const renewal = readRenewal(
        await client.send([
          "EVAL",
          RENEW_SCRIPT,
          "2",
          keys.stream,
          keys.lease,
          this.#lease,
          String(leaseTime),
          this.#time,
          this.#confirmed,
        ]),
      );
      // Without this, a claim that appends nothing would leave the lost end missing.
      return renewal === "without last"
        ? await this.#rewrite(this.#confirmed)
        : renewal === "whole";
    };
    const verb = `renew claim of event log ${quote(name)}`;
    const options = { timeout, verb, classifyError };
    return await nameErrors(verb, () => retry(renew, options));
  }

  async release(): Promise<void> {
    this.#isReleased = true;
    const { client, name, keys: { lease }, timeout } = this.#options;
    const verb = `release claim of event log ${quote(name)}`;
    const options = { timeout, verb, classifyError };
    const release = (): Promise<unknown> =>
      client.send(["EVAL", RELEASE_SCRIPT, "1", lease, this.#lease]);
    await nameErrors(verb, () => retry(release, options));
  }

  async #append(events: readonly string[][]): Promise<readonly string[]> {
    const { name, timeout } = this.#options;
    const ids = events.map(() => this.#nextId());
    // There is at least one event.
    const id = ids.at(-1)!;
    const fields = joinBatch(events);
    const last = this.#written.all.at(-1)?.id ?? this.cursor;
    this.#written.add(makeWrite(id, fields, events.length));
    try {
      const isWritten = await retry(() => this.#write(last, id, fields), {
        timeout,
        verb: `append to event log ${quote(name)}`,
        classifyError,
      });
      if (!isWritten) throw new EventLogClaimError(name);
    } catch (error) {
      // Redis has written nothing: an unused number would be a gap for readers.
      if (classifyError(error) !== "unknown") {
        this.#count -= events.length;
        this.#written.removeLast();
      }
      throw error;
    }
    this.#confirmed = id;
    return ids;
  }

  /** Writes an entry. Tells whether it is written; if not, the claim is lost. */
  async #write(
    last: string,
    id: string,
    fields: readonly string[],
  ): Promise<boolean> {
    const { client, keys: { stream } } = this.#options;
    try {
      const reply = await client.send(
        ["EVAL", WRITE_SCRIPT, "1", stream, last, id, ...fields],
      );
      if (readWritten(reply) === id) return true;
    } catch (error) {
      if (!isTooSmall(error)) throw error;
      // An earlier attempt has written the entry, or there is a later claim.
    }
    return await this.#rewrite(id);
  }

  /**
   * Writes again the entries that are lost at the end of the stream. Entries that are lost
   * before the end cannot be written: readers get a gap, by the numbers in the IDs.
   *
   * @param upTo The ID of the last entry to write. A later one belongs to another call,
   * which must know whether it was written.
   * @returns Whether there is no later claim.
   */
  async #rewrite(upTo: string): Promise<boolean> {
    const { client, keys, before, expireIn } = this.#options;
    let end = "";
    for (let entries: readonly RecentWrite[] = [];;) {
      const reply: unknown = await client.send([
        "EVAL",
        REWRITE_SCRIPT,
        "3",
        keys.stream,
        keys.lease,
        keys.writers,
        this.#lease,
        this.#time,
        before,
        formatExpiry(expireIn),
        end,
        ...entries.flatMap(({ id, fields }) => {
          const values: string[] = JSON.parse(fields);
          return [String(values.length), id, ...values];
        }),
      ]);
      const written = readWritten(reply);
      if (written === undefined) return false;
      end = written;
      entries = takeWrites(this.#written.all, end, upTo, REWRITE_BOUNDS);
      if (entries.length === 0) return true;
    }
  }

  #nextId(): string {
    return `${this.#time}-${++this.#count * ID_STEP}`;
  }

  /** The name of the class, as the classes of the platform have it. */
  get [Symbol.toStringTag](): string {
    return "EventLogClaim";
  }
}
