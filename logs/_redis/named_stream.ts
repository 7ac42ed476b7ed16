// Copyright 2026 the Tidings authors. MIT license.

/**
 * What Redis holds for a name, how it is read, and what a cursor says about it.
 *
 * A cursor is the ID of an entry, or `0-0` for the beginning. No event leaves such a
 * stream but together with all others, so nothing is missing after an entry that is
 * there, and an entry that begins a generation tells whether it follows on the one
 * before.
 *
 * @module
 */

import type { EventLogBatch, LoggedEvent } from "../../_log/event_log.ts";
import type { RedisClient } from "./client.ts";
import { type Entry, readEntries, readEvent, sizeOf } from "./entries.ts";
import type { ReadBounds, RedisHistory } from "./log.ts";
import { APPEND_SCRIPT, START_FIELD } from "./logs_scripts.ts";
import { hasEvent, unpack, unpackAll } from "./packs.ts";

/** The keys of a name. The braces have them in one place of a cluster. */
export interface NameKeys {
  /** What the keys of all names in that place begin with. */
  readonly place: string;
  readonly stream: string;
  readonly lease: string;
  readonly writers: string;
}

/** The cursor of the place before all entries. */
export const BEGINNING = "0-0";

// Redis refuses what it cannot take for two integers of 64 bits.
const CURSOR_REGEXP = /^\d{1,19}-\d{1,19}$/;
/** Entries that one command asks for at most. */
const PAGE = 128;
/**
 * Entries that a read asks for first, and then twice as many each time: where each has
 * several events, they are a page, and where each has one, the next answer has more.
 */
const FIRST_PAGE = 32;

/** Makes the keys of a name, in the place of all names with the same text before U+0000. */
export function makeKeys(prefix: string, name: string): NameKeys {
  // A brace would end the part that decides the place.
  const [tag, ...rest] = name.replaceAll(/[%{}:/]/g, encodeURIComponent)
    .split("\0");
  const place = `${prefix}{${tag}}`;
  const stream = [place, ...rest].join("/");
  return {
    place,
    stream,
    lease: `${stream}:lease`,
    writers: `${stream}:writers`,
  };
}

/** Whether an entry begins a generation. It is no event. */
export function isStart({ fields }: Entry): boolean {
  return fields[0] === START_FIELD;
}

/** Whether nothing is missing between a cursor and the entry that was found after it. */
export function follows(cursor: string, entry: Entry): boolean {
  const before = cursor === BEGINNING ? "" : cursor;
  return !isStart(entry) || entry.fields[1] === before;
}

/** What the stream of a name is reached with. */
export interface RedisNamedStreamOptions {
  client: RedisClient;
  keys: NameKeys;
  /** Milliseconds after a write by which all is gone. */
  expireIn: number;
}

/** The stream of a name, to which anybody may write. */
export class RedisNamedStream implements RedisHistory {
  readonly #client: RedisClient;
  readonly #keys: NameKeys;
  readonly #expireIn: number;
  /** Who writes; set by the first write. */
  #writer: string | undefined;
  /** How many writes were begun. */
  #writes = 0;

  constructor({ client, keys, expireIn }: RedisNamedStreamOptions) {
    this.#client = client;
    this.#keys = keys;
    this.#expireIn = expireIn;
  }

  prepareWrite(events: readonly string[][]): () => Promise<readonly string[]> {
    this.#writer ??= crypto.randomUUID();
    const { stream, writers } = this.#keys;
    const command: [string, ...string[]] = [
      "EVAL",
      APPEND_SCRIPT,
      "2",
      stream,
      writers,
      this.#writer,
      String(++this.#writes),
      formatExpiry(this.#expireIn),
      ...events.flatMap((fields) => [String(fields.length), ...fields]),
    ];
    // The script gives an array of IDs.
    return async () => await this.#client.send(command) as string[];
  }

  async read(after: string, bounds: ReadBounds): Promise<EventLogBatch> {
    const batch = CURSOR_REGEXP.test(after)
      ? await this.#collect(after, bounds, false)
      : undefined;
    // The beginning is always there.
    return batch ?? (await this.#collect(BEGINNING, bounds, true))!;
  }

  async rewind(count: number): Promise<string> {
    if (count === Infinity) return BEGINNING;
    let left = count;
    for (let from = "+";;) {
      const wanted = Math.min(left + 1, PAGE);
      const entries = await this.#reverse(from, wanted);
      for (const entry of entries.flatMap((e) => unpack(e).toReversed())) {
        if (left === 0) return entry.id;
        if (!isStart(entry)) left--;
        from = `(${entry.id}`;
      }
      if (entries.length < wanted) return BEGINNING;
    }
  }

  /** Collects events until the bounds are met; `undefined` if the cursor is not there. */
  async #collect(
    after: string,
    { limit, maxBytes }: ReadBounds,
    gap: boolean,
  ): Promise<EventLogBatch | undefined> {
    const events: LoggedEvent[] = [];
    let cursor = after;
    let bytes = 0;
    let isFound = after === BEGINNING;
    let from = isFound ? "-" : after;
    for (let page = FIRST_PAGE;; page = Math.min(2 * page, PAGE)) {
      // The place itself may be one of them, and one that is no event another.
      const count = Math.min(limit - events.length, page) + 2;
      const found = await this.#range(from, count);
      const isLast = found.length < count;
      if (!isFound && !hasEvent(found[0], after)) return undefined;
      for (const entry of unpackAll(found)) {
        if (!isFound) {
          isFound = entry.id === after;
          continue;
        }
        const isFull = events.length >= limit || bytes >= maxBytes;
        // What is missing here is told of by the next read.
        const isBroken = cursor !== BEGINNING && !follows(cursor, entry);
        if (isBroken || (isFull && events.length > 0)) {
          return { events, cursor, gap };
        }
        cursor = entry.id;
        if (isStart(entry)) continue;
        events.push(readEvent(entry));
        bytes += sizeOf(entry.fields);
      }
      if (isLast) return { events, cursor, gap };
      from = `(${cursor}`;
    }
  }

  async #range(from: string, count: number): Promise<Entry[]> {
    return readEntries(
      await this.#client.send(
        ["XRANGE", this.#keys.stream, from, "+", "COUNT", String(count)],
      ),
    );
  }

  async #reverse(from: string, count: number): Promise<Entry[]> {
    return readEntries(
      await this.#client.send(
        ["XREVRANGE", this.#keys.stream, from, "-", "COUNT", String(count)],
      ),
    );
  }
}

/** The milliseconds until keys expire, as the scripts take them. */
export function formatExpiry(expireIn: number): string {
  return expireIn === Infinity ? "" : String(expireIn);
}
