// Copyright 2026 the Tidings authors. MIT license.

import type {
  EventLog,
  EventLogBatch,
  EventLogFollowOptions,
} from "../../_log/event_log.ts";
import type { RedisFollower } from "./follower.ts";
import { isAfter } from "./ids.ts";
import { RedisLog } from "./log.ts";
import {
  RedisNamedStream,
  type RedisNamedStreamOptions,
} from "./named_stream.ts";

/** What the log of a name is made of. */
export interface RedisNamedLogOptions extends RedisNamedStreamOptions {
  /** Milliseconds without an answer after which Redis is lost. */
  timeout: number;
  /** Gives the one who follows the streams of this process. */
  getFollower: () => RedisFollower;
}

/** Events that one who begins to follow is given at a time, and their bytes. */
const FOLLOW_BOUNDS = { limit: 256, maxBytes: 1_048_576 };

/** The log of a name in Redis, to which anybody may append. */
export class RedisNamedLog extends RedisLog implements EventLog {
  readonly #options: RedisNamedLogOptions;

  constructor(options: RedisNamedLogOptions) {
    super(new RedisNamedStream(options), options.timeout);
    this.#options = options;
  }

  async follow(
    onBatch: (batch: EventLogBatch) => void,
    options: EventLogFollowOptions = {},
  ): Promise<never> {
    const { after, signal } = options;
    const { stream } = this.#options.keys;
    let batch = after === undefined
      ? { events: [], cursor: await this.rewind(0, { signal }), gap: false }
      : await this.read(after, { ...FOLLOW_BOUNDS, signal });
    onBatch(batch);
    for (;;) {
      signal?.throwIfAborted();
      const { cursor } = batch;
      const follower = this.#options.getFollower();
      const position = follower.positionOf(stream);
      if (position === undefined || !isAfter(position, cursor)) {
        return await this.#join(follower, cursor, onBatch, signal);
      }
      batch = await this.read(cursor, { ...FOLLOW_BOUNDS, signal });
      if (batch.events.length > 0 || batch.gap) {
        onBatch(batch);
      } else if (batch.cursor === cursor) {
        // Others were given events here that Redis has lost since.
        return await this.#join(
          this.#options.getFollower(),
          cursor,
          onBatch,
          signal,
        );
      }
    }
  }

  /** Follows together with others. */
  async #join(
    follower: RedisFollower,
    cursor: string,
    onBatch: (batch: EventLogBatch) => void,
    signal: AbortSignal | undefined,
  ): Promise<never> {
    const { stream } = this.#options.keys;
    try {
      return await new Promise<never>((_, reject) => {
        const stop = (reason: unknown): void => {
          signal?.removeEventListener("abort", onAbort);
          follower.remove(stream, entry);
          reject(reason);
        };
        const onAbort = (): void => stop(signal?.reason);
        const entry = { cursor, onBatch, onFailure: stop };
        signal?.addEventListener("abort", onAbort);
        follower.add(stream, entry);
      });
    } finally {
      // The last one to leave closes the connection.
      if (follower.isOver) await follower.ended();
    }
  }
}
