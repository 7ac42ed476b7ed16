// Copyright 2026 the Tidings authors. MIT license.

/**
 * The stream of a name in Redis: writes and reads it, and finds its gaps.
 *
 * A cursor is the ID of an event, or `0-0` for the beginning. Events leave such a stream
 * only all together, unless Redis loses one or another program deletes one. The IDs of a
 * generation have no gaps, and an entry that starts a generation has the ID of the entry
 * before it. So a reader sees where an event is missing, even if the cursor's own event
 * is missing.
 *
 * A generation is what the table of `EventLog.read` calls an epoch, with one difference:
 * a cursor after the end of the claimed generation waits there, without a gap. Redis has
 * lost the events there, and the claim writes them again under the same IDs.
 *
 * @module
 */

import type { EventLogBatch, LoggedEvent } from "../../_log/event_log.ts";
import type { RedisClient } from "./client.ts";
import { type Entry, isStart, readEvent, sizeOf } from "./entries.ts";
import { BEGINNING, cursorBefore, follows } from "./gaps.ts";
import type { NameKeys } from "./keys.ts";
import type { ReadBounds } from "../../_log/option_checks.ts";
import type { RedisHistory } from "./base_log.ts";
import { APPEND_SCRIPT } from "./named_stream_scripts.ts";
import { makeEventLogBatch } from "../_engine/event_log_batch.ts";
import { splitId } from "../_engine/pair_ids.ts";
import { isAfter, parseCursor } from "./cursors.ts";
import { hasEvent, splitBatch, splitBatches } from "./batches.ts";
import { readEntries, readIds, readLease } from "./replies.ts";

/** The most entries that one command reads. */
const PAGE = 128;
/**
 * Entries that the first command of a read asks for; each next one asks for twice as many.
 * With several events in each entry, few are enough.
 */
const FIRST_PAGE = 32;

/** Options of {@linkcode RedisNamedStream}. */
export interface RedisNamedStreamOptions {
  client: RedisClient;
  keys: NameKeys;
  /** Milliseconds after the last write until the name expires. */
  expireIn: number;
}

/** The stream of a name. Writing needs no claim. */
export class RedisNamedStream implements RedisHistory {
  readonly #client: RedisClient;
  readonly #keys: NameKeys;
  readonly #expireIn: number;
  /** Identifies this writer; set by the first write. */
  #writer: string | undefined;
  /** How many writes have started. */
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

  async rewind(events: number): Promise<string> {
    if (events === Infinity) return BEGINNING;
    let left = events;
    for (let from = "+";;) {
      const count = Math.min(left + 1, PAGE);
      const entries = await this.#reverse(from, count);
      for (const entry of entries.flatMap((e) => splitBatch(e).toReversed())) {
        if (left === 0) return entry.id;
        if (!isStart(entry)) left--;
        from = `(${entry.id}`;
      }
      if (entries.length < count) return BEGINNING;
    }
  }

  /**
   * Collects events until the bounds are met.
   *
   * @param gap Whether events are missing before them in any case.
   */
  async #collect(
    after: string,
    bounds: ReadBounds,
    gap: boolean,
  ): Promise<EventLogBatch> {
    const { limit, maxBytes } = bounds;
    const isKnownCursor = !gap;
    const events: LoggedEvent[] = [];
    let cursor = after;
    let gapCursor: string | undefined;
    let bytes = 0;
    let from = after === BEGINNING ? "-" : after;
    for (let page = FIRST_PAGE;; page = Math.min(2 * page, PAGE)) {
      // Two more: the cursor's own entry, and one that is not an event.
      const count = Math.min(limit - events.length, page) + 2;
      const found = await this.#range(from, count);
      const isLast = found.length < count;
      if (found.length === 0 && from === after) {
        return await this.#readEnd(after, bounds);
      }
      const isKnown = from !== after || hasEvent(found[0], after);
      for (const entry of splitBatches(found)) {
        // The cursor's own entry is read too, and may have later events.
        if (after !== BEGINNING && !isAfter(entry.id, cursor)) continue;
        const isFull = events.length >= limit || bytes >= maxBytes;
        const isBroken = !follows(cursor, entry);
        // The next read reports what is missing here.
        if ((isBroken || isFull) && events.length > 0) {
          return makeEventLogBatch(events, cursor, gap, gapCursor);
        }
        if (isBroken) {
          gap = true;
          const before = cursorBefore(entry);
          if (isKnownCursor && (isKnown || isSameTime(cursor, before))) {
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

  /** Reads after a cursor that has no entry and no later one. */
  async #readEnd(after: string, bounds: ReadBounds): Promise<EventLogBatch> {
    const { lease } = this.#keys;
    // The lease is read before the end: then all that a claim wrote before its release
    // is there.
    const start = readLease(await this.#client.send(["GET", lease]));
    if (start !== undefined && isSameTime(start, after)) {
      // With a gap, the reader would go on before the lost events, and get them twice.
      return { events: [], cursor: after, gap: false };
    }
    const [top] = await this.#reverse("+", 1);
    if (top === undefined || !isSameTime(top.id, after)) {
      return await this.#collect(BEGINNING, bounds, true);
    }
    // The event was written again just now.
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

/** Formats the milliseconds until keys expire for the scripts. */
export function formatExpiry(expireIn: number): string {
  return expireIn === Infinity ? "" : String(expireIn);
}
