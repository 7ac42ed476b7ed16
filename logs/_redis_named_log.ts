// Copyright 2026 the Tidings authors. MIT license.

import type {
  EventLog,
  EventLogAppendOptions,
  EventLogBatch,
  EventLogFollowOptions,
  EventLogOptions,
  EventLogReadOptions,
} from "../_log/event_log.ts";
import { checkRead, checkRewind } from "../_log/read_bounds.ts";
import type { TextEventInit } from "../event.ts";
import { AppendQueue } from "./_append_queue.ts";
import { orAborted, orTimedOut, persist } from "./_engine_call.ts";
import { assertNoId } from "./_own_id.ts";
import type { RedisClient } from "./_redis_client.ts";
import { makeFields, sizeOf } from "./_redis_entries.ts";
import { isAfter, type RedisFollower } from "./_redis_follower.ts";
import { APPEND_SCRIPT } from "./_redis_logs_scripts.ts";
import { type NameKeys, RedisNamedStream } from "./_redis_named_stream.ts";
import { isRefusal } from "./_redis_refusal.ts";

/** What the log of a name is made of. */
export interface RedisNamedLogOptions {
  client: RedisClient;
  keys: NameKeys;
  /** Milliseconds after an append by which all is gone. */
  expireIn: number;
  /** Milliseconds without an answer after which Redis is lost. */
  timeout: number;
  /** Gives the one who follows the streams of this process. */
  getFollower: () => RedisFollower;
}

/** How much one command appends. Redis does nothing else meanwhile. */
const BATCH_BOUNDS = { items: 128, bytes: 1_048_576 };
/** Events that one who begins to follow is given at a time, and their bytes. */
const FOLLOW_BOUNDS = { limit: 256, maxBytes: 1_048_576 };

/** The log of a name in Redis, to which anybody may append. */
export class RedisNamedLog implements EventLog {
  readonly #options: RedisNamedLogOptions;
  readonly #stream: RedisNamedStream;
  /** Made by the first append: most logs of names are only read here. */
  #queue: AppendQueue<string[]> | undefined;

  constructor(options: RedisNamedLogOptions) {
    const { client, keys } = options;
    this.#options = options;
    this.#stream = new RedisNamedStream(client, keys.stream);
  }

  async append(
    event: TextEventInit,
    options: EventLogAppendOptions = {},
  ): Promise<string> {
    assertNoId(event);
    const fields = makeFields(event, options.topics);
    this.#queue ??= makeQueue(this.#options);
    return await this.#queue.append(fields, sizeOf(fields), options.signal);
  }

  async read(
    after: string,
    options: EventLogReadOptions = {},
  ): Promise<EventLogBatch> {
    const batch = this.#stream.read(after, checkRead(options));
    return await this.#answer(batch, "read event log", options.signal);
  }

  async rewind(count: number, options: EventLogOptions = {}): Promise<string> {
    const { signal } = options;
    checkRewind(count, signal);
    const cursor = this.#stream.rewind(count);
    return await this.#answer(cursor, "rewind event log", signal);
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
      if (batch.events.length > 0 || batch.gap) onBatch(batch);
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

  #answer<T>(
    reply: Promise<T>,
    verb: string,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    return orAborted(orTimedOut(reply, this.#options.timeout, verb), signal);
  }
}

/** Makes what writes events as one writer, each once. */
function makeQueue(
  { client, keys, expireIn, timeout }: RedisNamedLogOptions,
): AppendQueue<string[]> {
  const writer = crypto.randomUUID();
  let writes = 0;
  return new AppendQueue(BATCH_BOUNDS, async (events) => {
    const command: [string, ...string[]] = [
      "EVAL",
      APPEND_SCRIPT,
      "2",
      keys.stream,
      keys.writers,
      writer,
      String(++writes),
      formatExpiry(expireIn),
      ...events.flatMap((fields) => [String(fields.length), ...fields]),
    ];
    const ids = await persist(() => client.send(command), {
      timeout,
      verb: "append event",
      isRefusal,
    });
    // That is what the script gives.
    return ids as string[];
  });
}

/** The milliseconds until keys expire, as the scripts take them. */
export function formatExpiry(expireIn: number): string {
  return expireIn === Infinity ? "" : String(expireIn);
}
