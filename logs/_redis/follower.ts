// Copyright 2026 the Tidings authors. MIT license.

/**
 * One connection that follows many streams. `RedisEventLogs` shares it among all logs
 * that are followed in the process.
 *
 * @module
 */

import type { EventLogBatch } from "../../_log/event_log.ts";
import { orTimedOut, wait } from "../_engine/retry.ts";
import type { RedisClient } from "./client.ts";
import type { Entry } from "./entries.ts";
import { isAfter } from "./cursors.ts";
import { splitAtGaps } from "./gaps.ts";
import { openConnection } from "./open_connection.ts";
import { isWrongType } from "./error_kinds.ts";
import { readStreams } from "./replies.ts";

/** One call of `follow`. */
export interface Follower {
  /** The cursor up to which it has got all events. */
  cursor: string;
  onBatch: (batch: EventLogBatch) => void;
  /** Is called with the error that ends following. */
  onFailure: (error: unknown) => void;
}

/** Milliseconds for which one command waits for new entries. */
const BLOCK = 5000;
/**
 * Milliseconds before the connection is opened. Opening it at once would delay the first
 * reads, and would be useless for a follower that leaves at once.
 */
const OPEN_DELAY = 5;
/** The most entries of each stream in one reply; each may have several events. */
const COUNT = 32;
/** Milliseconds until the key expires that wakes the connection. */
const WAKE_AGE = 1000;
/**
 * The least milliseconds from one command to the next for each hundred streams, and the
 * most of these: each command names the keys of all streams.
 */
const INTERVAL = 10;
const MAX_INTERVAL = 25;

interface FollowedStream {
  /** The cursor up to which the stream was read. */
  cursor: string;
  readonly followers: Set<Follower>;
}

/** Follows streams from when the first is added until the last is removed. */
export class RedisFollower {
  readonly #client: RedisClient;
  readonly #timeout: number;
  readonly #onEnd: (error: unknown) => void;
  /** In the slot of the first stream, since one command names both keys. */
  #wakeKey = "";
  readonly #streams = new Map<string, FollowedStream>();
  readonly #controller = new AbortController();
  /** Settles once the connection is closed; set when the first stream is added. */
  #ended: Promise<void> | undefined;
  /** How often the connection was woken: the number in the last entry of `#wakeKey`. */
  #wakes = 0;
  /** Whether a command is waiting, and must be woken for a new stream. */
  #isWaiting = false;

  /**
   * @param client Opens the connection, and wakes it.
   * @param timeout Milliseconds without an answer after which following fails.
   * @param onEnd Is called with the error, or `undefined`, before the followers are.
   */
  constructor(
    client: RedisClient,
    timeout: number,
    onEnd: (error: unknown) => void,
  ) {
    this.#client = client;
    this.#onEnd = onEnd;
    this.#timeout = timeout;
  }

  /** Whether it has ended. It cannot be used again then. */
  get isOver(): boolean {
    return this.#controller.signal.aborted;
  }

  /** The cursor up to which a stream was read, `undefined` if it is not followed. */
  cursorOf(key: string): string | undefined {
    return this.#streams.get(key)?.cursor;
  }

  /**
   * Starts to follow a stream. If the stream was read beyond the follower's cursor, it is
   * read from that cursor again.
   */
  add(key: string, follower: Follower): void {
    const stream = this.#streams.get(key);
    const { cursor } = follower;
    if (stream !== undefined) {
      stream.followers.add(follower);
      if (!isAfter(stream.cursor, cursor)) return;
      stream.cursor = cursor;
      this.#wake();
      return;
    }
    this.#streams.set(key, {
      cursor,
      followers: new Set([follower]),
    });
    if (this.#ended !== undefined) {
      this.#wake();
    } else {
      this.#wakeKey = `${key}:wake:${crypto.randomUUID()}`;
      this.#ended = this.#run();
    }
  }

  /** Stops following a stream. */
  remove(key: string, follower: Follower): void {
    const stream = this.#streams.get(key);
    stream?.followers.delete(follower);
    if (stream?.followers.size !== 0) return;
    this.#streams.delete(key);
    if (this.#streams.size === 0) this.#end(undefined);
  }

  /** Waits until the connection is closed. */
  async ended(): Promise<void> {
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { signal } = this.#controller;
    let connection: RedisClient | undefined;
    const close = (): unknown => connection?.close();
    signal.addEventListener("abort", close);
    try {
      await wait(OPEN_DELAY, signal);
      connection = await openConnection(this.#client, async (opening) => {
        const opened = await this.#answer(opening);
        signal.throwIfAborted();
        return opened;
      });
      while (!signal.aborted) {
        const begin = performance.now();
        await this.#readOnce(connection);
        const interval = Math.min(
          this.#streams.size * INTERVAL / 100,
          MAX_INTERVAL,
        );
        const rest = begin + interval - performance.now();
        if (rest >= 1) await wait(rest, signal);
      }
    } catch (error) {
      this.#end(error);
    }
    await connection?.close();
  }

  /** Reads once. A key that is not a stream fails only its own followers. */
  async #readOnce(connection: RedisClient): Promise<void> {
    try {
      await this.#read(connection);
    } catch (error) {
      if (!isWrongType(error)) throw error;
      if (!await this.#failForeign(connection, error)) throw error;
    }
  }

  /** Fails the followers of keys that are not streams. Tells whether there are any. */
  async #failForeign(
    connection: RedisClient,
    error: unknown,
  ): Promise<boolean> {
    const types = await Promise.all(
      [...this.#streams.keys()].map(async (key) =>
        [
          key,
          String(await this.#answer(connection.send(["TYPE", key]))),
        ] as const
      ),
    );
    const foreign = types.filter(([, type]) => !/^(?:stream|none)$/.test(type));
    for (const [key] of foreign) {
      // This removes the follower; with the last one, this connection ends.
      for (const follower of this.#streams.get(key)?.followers ?? []) {
        follower.onFailure(error);
      }
    }
    return foreign.length > 0;
  }

  async #read(connection: RedisClient): Promise<void> {
    const keys = [...this.#streams.keys()];
    const cursors = keys.map((key) => this.#streams.get(key)!.cursor);
    this.#isWaiting = true;
    let replies: Map<string, Entry[]>;
    try {
      replies = readStreams(
        await this.#answer(connection.send([
          "XREAD",
          "COUNT",
          String(COUNT),
          "BLOCK",
          String(BLOCK),
          "STREAMS",
          this.#wakeKey,
          ...keys,
          `${this.#wakes}-0`,
          ...cursors,
        ])),
      );
    } finally {
      this.#isWaiting = false;
    }
    for (const [index, key] of keys.entries()) {
      const entries = replies.get(key);
      // A follower with an earlier cursor may have joined: the next reply has them again.
      const isCurrent = this.#streams.get(key)?.cursor === cursors[index];
      if (entries !== undefined && isCurrent) this.#dispatch(key, entries);
    }
  }

  #answer<T>(reply: Promise<T>): Promise<T> {
    return orTimedOut(reply, this.#timeout + BLOCK, "follow event log");
  }

  #dispatch(key: string, entries: readonly Entry[]): void {
    const stream = this.#streams.get(key);
    const last = entries.at(-1);
    if (stream === undefined || last === undefined) return;
    const before = stream.cursor;
    stream.cursor = last.id;
    const batches = splitAtGaps(entries, before);
    for (const follower of stream.followers) {
      const own = follower.cursor === before
        ? batches
        : splitAtGaps(entries, follower.cursor);
      // A follower may have joined with a later cursor.
      if (isAfter(last.id, follower.cursor)) follower.cursor = last.id;
      giveAll(own, follower);
    }
  }

  /** Wakes the waiting command, so that the next one names the added streams. */
  #wake(): void {
    if (!this.#isWaiting) return;
    this.#isWaiting = false;
    queueMicrotask(() => {
      const id = `${++this.#wakes}-0`;
      const age = String(WAKE_AGE);
      // If this fails, the next command starts after `BLOCK` at the latest.
      for (
        const command of [
          ["XADD", this.#wakeKey, "MAXLEN", "1", id, "wake", ""],
          ["PEXPIRE", this.#wakeKey, age],
        ] as [string, ...string[]][]
      ) {
        this.#client.send(command).catch(() => {});
      }
    });
  }

  #end(error: unknown): void {
    if (this.isOver) return;
    this.#controller.abort();
    this.#onEnd(error);
    const streams = [...this.#streams.values()];
    this.#streams.clear();
    for (const { followers } of streams) {
      for (const { onFailure } of followers) onFailure(error);
    }
  }
}

function giveAll(batches: readonly EventLogBatch[], follower: Follower): void {
  try {
    for (const batch of batches) follower.onBatch(batch);
  } catch (error) {
    follower.onFailure(error);
  }
}
