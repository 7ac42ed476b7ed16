// Copyright 2026 the Tidings authors. MIT license.

/**
 * One connection that follows any number of streams.
 *
 * @module
 */

import type { EventLogBatch, LoggedEvent } from "../../_log/event_log.ts";
import { makeEventLogBatch } from "../_engine/event_log_batch.ts";
import { orTimedOut, wait } from "../_engine/retry.ts";
import type { RedisClient } from "./client.ts";
import { type Entry, readEvent } from "./entries.ts";
import { isAfter } from "./cursors.ts";
import { cursorBefore, follows, isStart } from "./named_stream.ts";
import { splitBatches } from "./batches.ts";
import { isWrongType } from "./error_kinds.ts";
import { readStreams } from "./replies.ts";

/** Somebody who follows a stream. */
export interface Follower {
  /** The place up to which it was given all. */
  cursor: string;
  onBatch: (batch: EventLogBatch) => void;
  /** Told what the following fails with. */
  onFailure: (error: unknown) => void;
}

/** Milliseconds for which the connection waits for something new at a time. */
const BLOCK = 5000;
/**
 * Milliseconds that the first who follows gives to those who read: to open a connection
 * would hold up the answer with what is there, and is in vain for who leaves at once.
 */
const OPEN_DELAY = 5;
/** Entries of each stream that it is given at a time, each of several events perhaps. */
const COUNT = 32;
/** Milliseconds for which the key is kept that wakes the connection. */
const WAKE_AGE = 1000;
/**
 * While much is going on, the streams are asked about so many milliseconds after the
 * last answer for each hundred of them, and so many at most: each time, all their keys
 * are sent.
 */
const INTERVAL = 10;
const MAX_INTERVAL = 25;

interface FollowedStream {
  /** The place up to which the stream was followed. */
  cursor: string;
  readonly followers: Set<Follower>;
}

/** Follows streams, from the first that is added until the last is removed. */
export class RedisFollower {
  readonly #client: RedisClient;
  readonly #timeout: number;
  readonly #onEnd: (error: unknown) => void;
  /** In the slot of the stream that was added first, since one command names both. */
  #wakeKey = "";
  readonly #streams = new Map<string, FollowedStream>();
  readonly #controller = new AbortController();
  /** Settles once the connection is closed; set when the first stream is added. */
  #ended: Promise<void> | undefined;
  /** How often the connection was woken. */
  #wakes = 0;
  /** Whether it waits, and is to be woken for a new stream. */
  #isWaiting = false;

  /**
   * @param client Opens the connection, and wakes it.
   * @param timeout Milliseconds without an answer after which Redis is lost.
   * @param onEnd Told with what it fails, or `undefined`, before the followers are.
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

  /** Whether it follows nothing any more, and never will. */
  get isOver(): boolean {
    return this.#controller.signal.aborted;
  }

  /** The place up to which a stream was followed, `undefined` if it is not. */
  cursorOf(key: string): string | undefined {
    return this.#streams.get(key)?.cursor;
  }

  /**
   * Begins to follow a stream. Where it was followed further than the follower's cursor,
   * it is asked about from there again.
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

  /** Ends the following. */
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
      connection = await this.#open(Promise.resolve(this.#client.duplicate()));
      while (!signal.aborted) {
        const begin = performance.now();
        await this.#follow(connection);
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

  /** Waits for the connection. One that comes too late is closed. */
  async #open(opening: Promise<RedisClient>): Promise<RedisClient> {
    try {
      const connection = await this.#answer(opening);
      this.#controller.signal.throwIfAborted();
      return connection;
    } catch (error) {
      opening.then((connection) => connection.close()).catch(() => {});
      throw error;
    }
  }

  /** Gives what comes. A key that holds something else fails its own followers only. */
  async #follow(connection: RedisClient): Promise<void> {
    try {
      await this.#ask(connection);
    } catch (error) {
      if (!isWrongType(error)) throw error;
      if (!await this.#dropForeign(connection, error)) throw error;
    }
  }

  /** Fails those who follow what is no stream, and tells whether there are any. */
  async #dropForeign(
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
      // The last to be removed ends the following.
      for (const follower of this.#streams.get(key)?.followers ?? []) {
        follower.onFailure(error);
      }
    }
    return foreign.length > 0;
  }

  async #ask(connection: RedisClient): Promise<void> {
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
      // One who was added meanwhile may be further back: then they come again.
      const isAsked = this.#streams.get(key)?.cursor === cursors[index];
      if (entries !== undefined && isAsked) this.#dispatch(key, entries);
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
    const batches = makeBatches(entries, before);
    for (const follower of stream.followers) {
      const own = follower.cursor === before
        ? batches
        : makeBatches(entries, follower.cursor);
      // It may have come with a place further on.
      if (isAfter(last.id, follower.cursor)) follower.cursor = last.id;
      giveAll(own, follower);
    }
  }

  /** Has the connection ask anew, with the streams that were added. */
  #wake(): void {
    if (!this.#isWaiting) return;
    this.#isWaiting = false;
    queueMicrotask(() => {
      const id = `${++this.#wakes}-0`;
      const age = String(WAKE_AGE);
      // If it fails, the connection asks anew a little later.
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

/** Makes batches of what comes after a cursor: one more for each gap. */
function makeBatches(
  entries: readonly Entry[],
  after: string,
): EventLogBatch[] {
  const batches: EventLogBatch[] = [];
  let events: LoggedEvent[] = [];
  let cursor = after;
  let gapCursor: string | undefined;
  const finish = (): void => {
    const gap = gapCursor !== undefined;
    if (events.length === 0 && !gap) return;
    batches.push(makeEventLogBatch(events, cursor, gap, gapCursor));
  };
  for (const entry of splitBatches(entries)) {
    if (!isAfter(entry.id, cursor)) continue;
    if (!follows(cursor, entry)) {
      finish();
      events = [];
      gapCursor = cursorBefore(entry);
    }
    cursor = entry.id;
    if (!isStart(entry)) events.push(readEvent(entry));
  }
  finish();
  return batches;
}
