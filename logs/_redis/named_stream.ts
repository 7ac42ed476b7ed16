// Copyright 2026 the Tidings authors. MIT license.

/**
 * What Redis holds for a name, how it is read, and what a cursor says about it.
 *
 * A cursor is the ID of an event, or `0-0` for the beginning. No event leaves such a
 * stream but together with all others, unless Redis loses it or somebody deletes it. The
 * IDs of a generation have no gaps, and an entry that begins one tells the entry before
 * it, so it shows where an event is missing: also after a cursor whose own event is.
 *
 * A generation is what the table of `EventLog.read` calls an epoch, with one difference:
 * a cursor after the end of the generation that is claimed waits there, without a gap.
 * Redis has lost what was there, and the holder writes it again with the same IDs.
 *
 * @module
 */

import type { EventLogBatch, LoggedEvent } from "../../_log/event_log.ts";
import type { RedisClient } from "./client.ts";
import { type Entry, readEvent, sizeOf } from "./entries.ts";
import type { NameKeys } from "./keys.ts";
import type { ReadBounds, RedisHistory } from "./base_log.ts";
import { APPEND_SCRIPT, START_FIELD } from "./named_stream_scripts.ts";
import { makeEventLogBatch } from "../_engine/event_log_batch.ts";
import { isAfter, parseCursor, splitId } from "./cursors.ts";
import { hasEvent, ID_STEP, splitBatch, splitBatches } from "./batches.ts";
import { readEntries, readIds, readLease } from "./replies.ts";

/** The cursor of the place before all entries. */
export const BEGINNING = "0-0";

/** Entries that one command asks for at most. */
const PAGE = 128;
/**
 * Entries that a read asks for first, and then twice as many each time: where each has
 * several events, they are a page, and where each has one, the next answer has more.
 */
const FIRST_PAGE = 32;

/** Whether an entry begins a generation. It is no event. */
export function isStart({ fields }: Entry): boolean {
  return fields[0] === START_FIELD;
}

/** Whether nothing is missing between a cursor and the event that was found after it. */
export function follows(cursor: string, event: Entry): boolean {
  if (isStart(event)) return cursorBefore(event) === cursor;
  const [time, sequence] = splitId(event.id);
  const number = Number(sequence);
  // What begins the generation is no event: nothing is missing without it.
  if (cursor === BEGINNING) return number === 1 || number === ID_STEP;
  const [otherTime, otherSequence] = splitId(cursor);
  const other = Number(otherSequence);
  return time === otherTime &&
    (number === other + 1 || number === other - other % ID_STEP + ID_STEP);
}

/** The cursor of the place before an event, also where the event before it is missing. */
export function cursorBefore(event: Entry): string {
  if (isStart(event)) return event.fields[1] || BEGINNING;
  const [time, sequence] = splitId(event.id);
  const number = Number(sequence);
  return `${time}-${number % ID_STEP === 0 ? number - ID_STEP : number - 1}`;
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
    return async () => readIds(await this.#client.send(command), events.length);
  }

  async read(after: string, bounds: ReadBounds): Promise<EventLogBatch> {
    return parseCursor(after)?.isBefore === false
      ? await this.#collect(after, bounds, false)
      : await this.#collect(BEGINNING, bounds, true);
  }

  async rewind(count: number): Promise<string> {
    if (count === Infinity) return BEGINNING;
    let left = count;
    for (let from = "+";;) {
      const wanted = Math.min(left + 1, PAGE);
      const entries = await this.#reverse(from, wanted);
      for (const entry of entries.flatMap((e) => splitBatch(e).toReversed())) {
        if (left === 0) return entry.id;
        if (!isStart(entry)) left--;
        from = `(${entry.id}`;
      }
      if (entries.length < wanted) return BEGINNING;
    }
  }

  /**
   * Collects events until the bounds are met.
   *
   * @param gap Whether something is missing before them in any case.
   */
  async #collect(
    after: string,
    bounds: ReadBounds,
    gap: boolean,
  ): Promise<EventLogBatch> {
    const { limit, maxBytes } = bounds;
    const isOurs = !gap;
    const events: LoggedEvent[] = [];
    let cursor = after;
    let gapCursor: string | undefined;
    let bytes = 0;
    let from = after === BEGINNING ? "-" : after;
    for (let page = FIRST_PAGE;; page = Math.min(2 * page, PAGE)) {
      // The place itself may be one of them, and one that is no event another.
      const count = Math.min(limit - events.length, page) + 2;
      const found = await this.#range(from, count);
      const isLast = found.length < count;
      if (found.length === 0 && from === after) {
        return await this.#readEnd(after, bounds);
      }
      const isKnown = from !== after || hasEvent(found[0], after);
      for (const entry of splitBatches(found)) {
        // The place itself is one of them, or inside of one.
        if (after !== BEGINNING && !isAfter(entry.id, cursor)) continue;
        const isFull = events.length >= limit || bytes >= maxBytes;
        const isBroken = !follows(cursor, entry);
        // What is missing here is told of by the next read.
        if ((isBroken || isFull) && events.length > 0) {
          return makeEventLogBatch(events, cursor, gap, gapCursor);
        }
        if (isBroken) {
          gap = true;
          const before = cursorBefore(entry);
          if (isOurs && (isKnown || isSameTime(cursor, before))) {
            gapCursor = before;
          }
        }
        cursor = entry.id;
        if (isStart(entry)) continue;
        events.push(readEvent(entry));
        bytes += sizeOf(entry.fields);
      }
      if (isLast) return makeEventLogBatch(events, cursor, gap, gapCursor);
      from = `(${cursor}`;
    }
  }

  /** Tells what is at a cursor after which there is nothing, and which is not there. */
  async #readEnd(after: string, bounds: ReadBounds): Promise<EventLogBatch> {
    const { lease } = this.#keys;
    // Before the end is looked for: what a holder writes before it releases is there.
    const start = readLease(await this.#client.send(["GET", lease]));
    if (start !== undefined && isSameTime(start, after)) {
      // Told of a gap, it would go on before the lost events, and get them twice.
      return { events: [], cursor: after, gap: false };
    }
    const [top] = await this.#reverse("+", 1);
    if (top === undefined || !isSameTime(top.id, after)) {
      return await this.#collect(BEGINNING, bounds, true);
    }
    // It was written again just now.
    if (!isAfter(after, top.id)) {
      return await this.#collect(after, bounds, false);
    }
    return { events: [], cursor: top.id, gap: true };
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

function isSameTime(id: string, other: string): boolean {
  return splitId(id)[0] === splitId(other)[0];
}

/** The milliseconds until keys expire, as the scripts take them. */
export function formatExpiry(expireIn: number): string {
  return expireIn === Infinity ? "" : String(expireIn);
}
