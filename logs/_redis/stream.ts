// Copyright 2026 the Tidings authors. MIT license.

/**
 * The stream of a `RedisStreamsEventLog`: writes and reads it, and finds its gaps.
 *
 * A cursor is the ID of an entry, or `<` and the ID of the entry that follows. Events
 * leave the stream from its beginning on, so no event is missing after an entry that is
 * there. A range that starts with that entry tells both in one reply: if it starts with a
 * later one, the entry has left the history or was deleted.
 *
 * @module
 */

import type { EventLogBatch, LoggedEvent } from "../../_log/event_log.ts";
import type { RedisClient } from "./client.ts";
import { parseCursor } from "./cursors.ts";
import type { ReadBounds } from "../../_log/option_checks.ts";
import type { KeptEvents } from "../_engine/kept_events.ts";
import type { RedisHistory } from "./base_log.ts";
import {
  APPEND_SCRIPT,
  type Entry,
  isStart,
  readEvent,
  REWIND_SCRIPT,
  sizeOf,
  START_SCRIPT,
} from "./entries.ts";
import { makeKeyBeside } from "./keys.ts";
import { readEntries, readId, readIds, readRewound } from "./replies.ts";

/** Entries that one command reads. */
const PAGE = 128;

/** A history of events in a Redis stream. */
export class RedisStream implements RedisHistory {
  readonly #client: RedisClient;
  readonly #key: string;
  readonly #bounds: KeptEvents;
  readonly #writerKey: string;
  /** How many writes have started. */
  #writes = 0;

  constructor(client: RedisClient, key: string, bounds: KeptEvents) {
    this.#client = client;
    this.#key = key;
    this.#bounds = bounds;
    this.#writerKey = makeKeyBeside(key, `writer:${crypto.randomUUID()}`);
  }

  /** Gives the same stream over another connection, to read it. */
  over(client: RedisClient): RedisStream {
    return new RedisStream(client, this.#key, this.#bounds);
  }

  prepareWrite(events: readonly string[][]): () => Promise<readonly string[]> {
    const { maxEvents, maxAge } = this.#bounds;
    const bounds = [
      // One more: its ID is the cursor before the oldest event.
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
    // The cursor lies after the end: Redis was restored, or a replica lags behind.
    if (first === undefined) {
      return { events: [], cursor: await this.#start(), gap: true };
    }
    const gap = first.id !== parsed.id;
    if (!gap && !parsed.isBefore) entries.shift();
    return await this.#collect(after, entries, bounds, gap);
  }

  /** Reads the events after a cursor. Without one, it waits up to `block` milliseconds. */
  async waitForNext(
    after: string,
    block: number,
    bounds: ReadBounds,
  ): Promise<EventLogBatch> {
    // Redis starts the second command when the first is done. The reply to the first only
    // ends the wait: it does not tell whether events were dropped.
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
    let from = "+";
    for (let left = count;;) {
      const reply = await this.#send(
        "EVAL",
        REWIND_SCRIPT,
        1,
        this.#key,
        from,
        left,
        PAGE,
      );
      const page = readRewound(reply);
      // Entries may be dropped meanwhile.
      if (page === undefined) return from === "+" ? end : from;
      if (typeof page === "string") return page;
      ({ from, left } = page);
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
        if (isStart(entry)) continue;
        events.push(readEvent(entry));
        bytes += sizeOf(entry.fields);
      }
      if (entries.length < PAGE) return { events, cursor, gap };
      entries = await this.#range(cursor, limit - events.length);
      // The next read reports what is missing here.
      if (entries.shift()?.id !== cursor) return { events, cursor, gap };
    }
  }

  /** Reads entries from one on: two more than `limit`, or than a page. */
  async #range(from: string, limit: number): Promise<Entry[]> {
    // Two more: the cursor's own entry, and one that is not an event.
    const count = Math.min(limit, PAGE) + 2;
    return readEntries(
      await this.#send("XRANGE", this.#key, from, "+", "COUNT", count),
    );
  }

  /** Adds an entry to an empty stream. Gives the ID of the latest entry. */
  async #start(): Promise<string> {
    return readId(await this.#send("EVAL", START_SCRIPT, 1, this.#key));
  }

  #send(name: string, ...args: (string | number)[]): Promise<unknown> {
    return this.#client.send([name, ...args.map(String)]);
  }
}

function cursorBefore(entry: Entry): string {
  return isStart(entry) ? entry.id : `<${entry.id}`;
}
