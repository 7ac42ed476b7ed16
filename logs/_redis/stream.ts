// Copyright 2026 the Tidings authors. MIT license.

/**
 * What a log holds in Redis, and what a cursor says about it.
 *
 * A cursor is the ID of an entry, or `<` and the ID of the entry that follows. Events
 * leave the stream from its beginning on, so nothing is missing after an entry that is
 * there. A range that begins with that entry itself tells both in one answer: if it
 * begins with a later one, the entry has left the history or was deleted.
 *
 * @module
 */

import type { EventLogBatch, LoggedEvent } from "../../_log/event_log.ts";
import type { RedisClient } from "./client.ts";
import { parseCursor } from "./cursors.ts";
import type { ReadBounds, RedisHistory } from "./base_log.ts";
import {
  APPEND_SCRIPT,
  type Entry,
  isEvent,
  readEvent,
  sizeOf,
  START_SCRIPT,
} from "./entries.ts";
import { makeKeyBeside } from "./keys.ts";
import { readEntries, readId, readIds } from "./replies.ts";

/** How much to keep. */
export interface KeepBounds {
  /** Events at most. */
  maxEvents: number;
  /** Milliseconds at most. */
  maxAge: number;
}

/** Entries that one command asks for. */
const PAGE = 128;

/** A history of events in a Redis stream. */
export class RedisStream implements RedisHistory {
  readonly #client: RedisClient;
  readonly #key: string;
  readonly #bounds: KeepBounds;
  readonly #writerKey: string;
  /** How many writes this process has begun. */
  #writes = 0;

  constructor(client: RedisClient, key: string, bounds: KeepBounds) {
    this.#client = client;
    this.#key = key;
    this.#bounds = bounds;
    this.#writerKey = makeKeyBeside(key, `writer:${crypto.randomUUID()}`);
  }

  /** The same stream over another connection, to be read. */
  over(client: RedisClient): RedisStream {
    return new RedisStream(client, this.#key, this.#bounds);
  }

  prepareWrite(events: readonly string[][]): () => Promise<readonly string[]> {
    const { maxEvents, maxAge } = this.#bounds;
    const bounds = [
      // One more: its ID is the place before the oldest.
      maxEvents === Infinity ? "" : String(maxEvents + 1),
      maxAge === Infinity ? "" : String(maxAge),
    ];
    const command: [string, ...string[]] = [
      "EVAL",
      APPEND_SCRIPT,
      "2",
      this.#key,
      this.#writerKey,
      String(++this.#writes),
      ...bounds,
      ...events.flatMap((fields) => [String(fields.length), ...fields]),
    ];
    return async () => readIds(await this.#client.send(command), events.length);
  }

  async read(after: string, bounds: ReadBounds): Promise<EventLogBatch> {
    const parsed = parseCursor(after);
    if (parsed === undefined) return await this.#readOldest(bounds);
    const entries = await this.#range(parsed.id, bounds.limit);
    const [first] = entries;
    // It lies after the end: a Redis that was restored, or a replica that lags behind.
    if (first === undefined) {
      return { events: [], cursor: await this.#start(), gap: true };
    }
    const gap = first.id !== parsed.id;
    if (!gap && !parsed.isBefore) entries.shift();
    return await this.#collect(after, entries, bounds, gap);
  }

  /** Reads what comes after an event, and waits so many milliseconds if there is none. */
  async waitForNext(
    after: string,
    block: number,
    bounds: ReadBounds,
  ): Promise<EventLogBatch> {
    // Redis comes to the second command when it is done with the first. That one's
    // reply, which wakes us, does not tell whether anything was dropped before.
    const [, batch] = await Promise.all([
      this.#send(
        "XREAD",
        "BLOCK",
        block,
        "COUNT",
        1,
        "STREAMS",
        this.#key,
        after,
      ),
      this.read(after, bounds),
    ]);
    return batch;
  }

  async rewind(count: number): Promise<string> {
    const end = await this.#start();
    if (count === 0) return end;
    if (count === Infinity) {
      const [oldest] = await this.#range("-", 1);
      return oldest === undefined ? end : cursorBefore(oldest);
    }
    let left = count;
    let oldest: Entry | undefined;
    for (let from = "+";; from = `(${oldest.id}`) {
      const entries = readEntries(
        await this.#send("XREVRANGE", this.#key, from, "-", "COUNT", PAGE),
      );
      const found = entries[left];
      if (found !== undefined) return found.id;
      oldest = entries.at(-1) ?? oldest;
      if (oldest === undefined) return end;
      if (entries.length < PAGE) return cursorBefore(oldest);
      left -= entries.length;
    }
  }

  /** Reads from the oldest entry on, where others may be missing. */
  async #readOldest(bounds: ReadBounds): Promise<EventLogBatch> {
    const start = await this.#start();
    const entries = await this.#range("-", bounds.limit);
    return await this.#collect(start, entries, bounds, true);
  }

  /** Reads on from the first entries until the bounds are met. */
  async #collect(
    after: string,
    entries: Entry[],
    { limit, maxBytes }: ReadBounds,
    gap: boolean,
  ): Promise<EventLogBatch> {
    const events: LoggedEvent[] = [];
    let cursor = after;
    let bytes = 0;
    for (;;) {
      for (const entry of entries) {
        const isFull = events.length >= limit || bytes >= maxBytes;
        if (isFull && events.length > 0) return { events, cursor, gap };
        cursor = entry.id;
        if (!isEvent(entry)) continue;
        events.push(readEvent(entry));
        bytes += sizeOf(entry.fields);
      }
      if (entries.length < PAGE) return { events, cursor, gap };
      entries = await this.#range(cursor, limit - events.length);
      // What is missing here is told of by the next read.
      if (entries.shift()?.id !== cursor) return { events, cursor, gap };
    }
  }

  /** Reads entries from one on: two more than are wanted, or as many as a page has. */
  async #range(from: string, wanted: number): Promise<Entry[]> {
    // The entry itself is one of them, and the one that is no event may be another.
    const count = Math.min(wanted, PAGE) + 2;
    return readEntries(
      await this.#send("XRANGE", this.#key, from, "+", "COUNT", count),
    );
  }

  /** Sees to it that there is an entry, and gives the ID of the latest. */
  async #start(): Promise<string> {
    return readId(await this.#send("EVAL", START_SCRIPT, 1, this.#key));
  }

  #send(name: string, ...args: (string | number)[]): Promise<unknown> {
    return this.#client.send([name, ...args.map(String)]);
  }
}

function cursorBefore(entry: Entry): string {
  return isEvent(entry) ? `<${entry.id}` : entry.id;
}
