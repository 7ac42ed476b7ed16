// Copyright 2026 the Tidings authors. MIT license.

/**
 * The log of a `RedisStreamsEventLog`: each follower has a connection of its own.
 *
 * @module
 */

import type {
  EventLogBatch,
  EventLogFollowOptions,
} from "../../_log/event_log.ts";
import { followLog } from "../_engine/follow.ts";
import { orTimedOut } from "../_engine/retry.ts";
import { FOLLOW_BOUNDS, RedisBaseLog } from "./base_log.ts";
import type { RedisClient } from "./client.ts";
import { openConnection } from "./open_connection.ts";
import type { RedisStream } from "./stream.ts";

/** Milliseconds for which one command of a follower waits for new events. */
export const BLOCK = 5000;

/** The log of a stream. */
export class RedisStreamsLog extends RedisBaseLog {
  readonly #client: RedisClient;
  readonly #stream: RedisStream;
  readonly #timeout: number;

  /**
   * @param timeout Milliseconds without an answer after which a call fails.
   * @param key The key of the stream, for errors.
   */
  constructor(
    client: RedisClient,
    stream: RedisStream,
    timeout: number,
    key: string,
  ) {
    super(stream, timeout, key);
    this.#client = client;
    this.#stream = stream;
    this.#timeout = timeout;
  }

  protected async followChecked(
    onBatch: (batch: EventLogBatch) => void,
    options: EventLogFollowOptions,
  ): Promise<never> {
    const { after, signal } = options;
    signal?.throwIfAborted();
    const answer = <T>(reply: Promise<T>): Promise<T> =>
      this.#answer(reply, signal);
    // Found before the connection is opened: events that come meanwhile are not missed.
    const end = after ?? await answer(this.#stream.rewind(0));
    const client = await openConnection(this.#client, answer);
    const stream = this.#stream.over(client);
    const log = {
      findEnd: () => Promise.resolve(end),
      read: (after: string) => answer(stream.read(after, FOLLOW_BOUNDS)),
      readNext: ({ cursor }: EventLogBatch) =>
        answer(stream.waitForNext(cursor, BLOCK, FOLLOW_BOUNDS)),
    };
    try {
      return await followLog(log, onBatch, options);
    } finally {
      await client.close();
    }
  }

  #answer<T>(
    reply: Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const timeout = this.#timeout + BLOCK;
    const verb = this.describe("follow");
    return orTimedOut(reply, timeout, verb, signal);
  }
}
