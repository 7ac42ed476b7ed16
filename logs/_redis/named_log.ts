// Copyright 2026 the Tidings authors. MIT license.

/**
 * The log of one name in Redis, which `RedisEventLogs.open()` gives.
 *
 * @module
 */

import { listenForAbort } from "../../_abort.ts";
import type {
  EventLogBatch,
  EventLogFollowOptions,
} from "../../_log/event_log.ts";
import { readFirst } from "../_engine/follow.ts";
import type { Follower, RedisFollower } from "./follower.ts";
import { isAfter } from "./cursors.ts";
import { FOLLOW_BOUNDS, RedisBaseLog } from "./base_log.ts";
import {
  RedisNamedStream,
  type RedisNamedStreamOptions,
} from "./named_stream.ts";
import { isCrossSlot } from "./error_kinds.ts";

/** Options of {@linkcode RedisNamedLog}. */
export interface RedisNamedLogOptions extends RedisNamedStreamOptions {
  name: string;
  /** Milliseconds without an answer after which a call fails. */
  timeout: number;
  /** Gives the connection that follows the streams of this process. */
  getFollower: () => RedisFollower;
}

/** The log of a name in Redis. Appending needs no claim. */
export class RedisNamedLog extends RedisBaseLog {
  readonly #options: RedisNamedLogOptions;

  constructor(options: RedisNamedLogOptions) {
    super(new RedisNamedStream(options), options.timeout, options.name);
    this.#options = options;
  }

  protected async followChecked(
    onBatch: (batch: EventLogBatch) => void,
    options: EventLogFollowOptions,
  ): Promise<never> {
    const { after, signal } = options;
    const { stream } = this.#options.keys;
    // No retry here: a failure ends following, and the caller follows again.
    let batch = await readFirst({
      findEnd: () => this.findEndOnce(signal),
      read: (after) => this.readOnce(after, { ...FOLLOW_BOUNDS, signal }),
    }, after);
    onBatch(batch);
    /** Whether the cursor lies after the end of the stream. */
    let isBeyond = false;
    for (let isSplit = false;;) {
      signal?.throwIfAborted();
      const { cursor } = batch;
      const follower = this.#options.getFollower();
      const followed = follower.cursorOf(stream);
      if (isBeyond || followed === undefined || !isAfter(followed, cursor)) {
        const entry = { cursor, onBatch, onFailure: () => {} };
        try {
          return await this.#join(follower, entry, signal);
        } catch (error) {
          // In a cluster, one command cannot name streams of several slots: the next
          // connection follows only streams of this slot.
          if (isSplit || !isCrossSlot(error)) throw error;
          isSplit = true;
          batch = { events: [], cursor: entry.cursor, gap: false };
          continue;
        }
      }
      batch = await this.readOnce(cursor, { ...FOLLOW_BOUNDS, signal });
      const hasNews = batch.events.length > 0 || batch.gap;
      if (hasNews) onBatch(batch);
      // Redis has lost events since they were read through the shared connection.
      isBeyond = !hasNews && batch.cursor === cursor;
    }
  }

  /** Follows through the shared connection. */
  async #join(
    follower: RedisFollower,
    entry: Follower,
    signal: AbortSignal | undefined,
  ): Promise<never> {
    const { stream } = this.#options.keys;
    try {
      return await new Promise<never>((_, reject) => {
        const stop = (reason: unknown): void => {
          stopListening();
          follower.remove(stream, entry);
          reject(reason);
        };
        const onAbort = (): void => stop(signal?.reason);
        entry.onFailure = stop;
        const stopListening = listenForAbort(signal, onAbort);
        follower.add(stream, entry);
      });
    } finally {
      // The last follower that leaves closes the connection.
      if (follower.isOver) await follower.ended();
    }
  }
}
