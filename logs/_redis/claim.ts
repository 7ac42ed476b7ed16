// Copyright 2026 the Tidings authors. MIT license.

import type { EventLogAppendOptions } from "../../_log/event_log.ts";
import {
  type EventLogClaim,
  EventLogClaimError,
} from "../../_log/event_logs.ts";
import type { TextEventInit } from "../../event.ts";
import { orTimedOut, persist } from "../_engine/engine_call.ts";
import { RedisAppends } from "./appends.ts";
import type { RedisClient } from "./client.ts";
import { RELEASE_SCRIPT, RENEW_SCRIPT } from "./logs_scripts.ts";
import type { NameKeys } from "./named_stream.ts";
import { pack, STRIDE } from "./packs.ts";
import { isRefusal, isTooSmall } from "./refusal.ts";
import type { WritePace } from "../_engine/write_pace.ts";

/** What a claim is made of. */
export interface RedisClaimOptions {
  client: RedisClient;
  name: string;
  keys: NameKeys;
  /** What the lease was taken with. */
  token: string;
  /** The ID of the entry that begins the generation. */
  start: string;
  /** How many events were added with it. */
  count: number;
  /** Milliseconds. */
  leaseTime: number;
  /** Milliseconds without an answer after which Redis is lost. */
  timeout: number;
  /** Shared by all claims of the process. */
  pace: WritePace;
}

/** How much one entry takes. Whoever reads gets all of it. */
const PACK_BOUNDS = { items: 32, bytes: 8192 };

/** The claim of a name in Redis. */
export class RedisClaim implements EventLogClaim {
  readonly cursor: string;
  readonly #options: RedisClaimOptions;
  readonly #appends: RedisAppends;
  /** What the lease holds. */
  readonly #lease: string;
  /** What the IDs of the generation begin with. */
  readonly #generation: string;
  /** How many IDs were given to events. */
  #count: number;

  constructor(options: RedisClaimOptions) {
    const { token, start, count, pace } = options;
    this.cursor = start;
    this.#options = options;
    this.#appends = new RedisAppends(
      PACK_BOUNDS,
      (events) => this.#append(events),
      pace,
    );
    this.#count = count;
    this.#lease = `${token} ${start}`;
    this.#generation = start.slice(0, start.indexOf("-") + 1);
  }

  async append(
    event: TextEventInit,
    options: EventLogAppendOptions = {},
  ): Promise<string> {
    return await this.#appends.append(event, options);
  }

  async renew(): Promise<boolean> {
    const { client, keys, leaseTime, timeout } = this.#options;
    const reply = client.send([
      "EVAL",
      RENEW_SCRIPT,
      "2",
      keys.stream,
      keys.lease,
      this.#lease,
      String(leaseTime),
      this.#generation,
    ]);
    return await orTimedOut(reply, timeout, "renew claim") === 1;
  }

  async release(): Promise<void> {
    const { client, keys, timeout } = this.#options;
    const { lease } = keys;
    await persist(
      () => client.send(["EVAL", RELEASE_SCRIPT, "1", lease, this.#lease]),
      { timeout, verb: "release claim", isRefusal },
    );
  }

  async #append(events: readonly string[][]): Promise<readonly string[]> {
    const { name, timeout } = this.#options;
    const ids = events.map(() =>
      `${this.#generation}${++this.#count * STRIDE}`
    );
    // There is an event.
    const isWritten = await persist(() => this.#write(ids.at(-1)!, events), {
      timeout,
      verb: "append event",
      isRefusal,
    });
    if (!isWritten) throw new EventLogClaimError(name);
    return ids;
  }

  /** Writes events, and tells whether they are there; if not, the claim is lost. */
  async #write(id: string, events: readonly string[][]): Promise<boolean> {
    const { client, keys: { stream } } = this.#options;
    try {
      const reply = await client.send(
        ["XADD", stream, "NOMKSTREAM", id, ...pack(events)],
      );
      return reply !== null;
    } catch (error) {
      if (!isTooSmall(error)) throw error;
      // They are there from an earlier attempt, or somebody else has claimed the name.
      const found = await client.send(["XRANGE", stream, id, id]);
      return (found as unknown[]).length > 0;
    }
  }
}
