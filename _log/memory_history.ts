// Copyright 2026 the Tidings authors. MIT license.

/**
 * The events of a log in memory, by their sequence numbers, and the cursors that name
 * positions in it. `MemoryEventLog` uses it.
 *
 * @module
 */

import { ownText } from "../_own_text.ts";
import type {
  EventLogAppendOptions,
  EventLogBatch,
  LoggedEvent,
} from "./event_log.ts";
import { assertReturnableId, describeMismatch } from "../_validate.ts";
import type { TextEventInit } from "../event.ts";
import { findEpochSequence, makeEpoch } from "./epoch_cursor.ts";

/** The bounds of a history; the one that is reached first counts. */
export interface MemoryHistoryBounds {
  maxEvents: number;
  /** As {@linkcode sizeOf} counts them. */
  maxBytes: number;
  /** Milliseconds. */
  maxAge: number;
}

interface KeptEvent {
  event: LoggedEvent;
  bytes: number;
  /** When it was added, in milliseconds of the monotonic clock. */
  time: number;
}

// Bytes that V8 takes for an event besides its text, rounded up: two objects, an entry in
// each map, the ID, and the header of each string.
const EVENT_OVERHEAD = 256;
// The same for each topic.
const TOPIC_OVERHEAD = 64;

/** The latest events, numbered from 1 in the order in which they were added. */
export class MemoryHistory {
  readonly #bounds: MemoryHistoryBounds;
  readonly #epoch = makeEpoch();
  readonly #kept = new Map<number, KeptEvent>();
  /** The sequences of the events with IDs of their own. */
  readonly #ownIds = new Map<string, number>();
  /**
   * The own ID of the last dropped event. A client that comes back with it has missed
   * nothing until the next event is dropped, so until then it is known.
   */
  #droppedOwnId: string | undefined;
  #bytes = 0;
  #last = 0;

  constructor(bounds: MemoryHistoryBounds) {
    this.#bounds = bounds;
  }

  /** The sequence of the oldest event that is kept, one more than `last` if none is. */
  get first(): number {
    return this.#last - this.#kept.size + 1;
  }

  /** The sequence of the latest event ever added, 0 before there was one. */
  get last(): number {
    return this.#last;
  }

  /**
   * Adds an event at the end and gives it its ID. It drops nothing: followers get the
   * event before {@linkcode MemoryHistory.trim}, even one that is too large to keep.
   */
  add(
    init: TextEventInit,
    { topics, conflationKey, disconnect }: EventLogAppendOptions,
  ): string {
    const sequence = this.#last + 1;
    const id = init.id === undefined
      ? `${this.#epoch}-${sequence}`
      : this.#takeOwnId(ownText(String(init.id)), sequence);
    // What a relay publishes are slices of the windows that its parser decoded: without
    // copies, an event of 30 characters would keep 15 KiB.
    const logged: LoggedEvent = {
      event: init.event && ownText(init.event),
      data: init.data && ownText(init.data),
      id,
      retry: init.retry,
      comment: init.comment && ownText(init.comment),
      topics: topics?.map(ownText),
    };
    if (conflationKey !== undefined) {
      logged.conflationKey = ownText(conflationKey);
    }
    if (disconnect) logged.disconnect = true;
    const bytes = sizeOf(logged);
    this.#kept.set(sequence, { event: logged, bytes, time: performance.now() });
    this.#bytes += bytes;
    this.#last = sequence;
    return id;
  }

  /** Drops the oldest events until the bounds hold. */
  trim(): void {
    const { maxEvents, maxBytes, maxAge } = this.#bounds;
    const expired = maxAge === Infinity
      ? -Infinity
      : performance.now() - maxAge;
    for (;;) {
      const oldest = this.#kept.get(this.first);
      if (oldest === undefined) return;
      const isWithin = this.#kept.size <= maxEvents &&
        this.#bytes <= maxBytes && oldest.time >= expired;
      if (isWithin) return;
      this.#drop(oldest);
    }
  }

  /**
   * The sequence of the last event before a cursor, which may lie before the first event
   * or after the last one; `undefined` if it cannot be ordered.
   */
  find(cursor: string): number | undefined {
    const own = this.#ownIds.get(cursor);
    if (own !== undefined) return own;
    return findEpochSequence(cursor, this.#epoch);
  }

  /** The cursor of the position after an event. */
  cursorOf(sequence: number): string {
    return this.#kept.get(sequence)?.event.id ?? `${this.#epoch}-${sequence}`;
  }

  /** Gives the events after a sequence, as `EventLog.read` gives those after a cursor. */
  read(
    after: number | undefined,
    limit: number,
    maxBytes: number,
  ): EventLogBatch {
    const begin = this.first - 1;
    const gap = after === undefined || after < begin || after > this.#last;
    const events: LoggedEvent[] = [];
    let sequence = Math.min(Math.max(after ?? begin, begin), this.#last);
    let bytes = 0;
    while (events.length < limit && (bytes < maxBytes || events.length === 0)) {
      const next = this.#kept.get(sequence + 1);
      if (next === undefined) break;
      events.push(next.event);
      bytes += next.bytes;
      sequence++;
    }
    return { events, cursor: this.cursorOf(sequence), gap };
  }

  #takeOwnId(id: string, sequence: number): string {
    if (id === "") {
      const expected = "text that is not empty";
      throw new TypeError(describeMismatch("append event", "id", expected, id));
    }
    assertReturnableId("append event", id);
    if (this.#ownIds.has(id) || id.startsWith(`${this.#epoch}-`)) {
      const expected = "an ID that is not in use";
      throw new RangeError(
        describeMismatch("append event", "id", expected, id),
      );
    }
    this.#ownIds.set(id, sequence);
    return id;
  }

  #drop({ event, bytes }: KeptEvent): void {
    if (this.#droppedOwnId !== undefined) {
      this.#ownIds.delete(this.#droppedOwnId);
    }
    this.#droppedOwnId = this.#ownIds.has(event.id) ? event.id : undefined;
    this.#kept.delete(this.first);
    this.#bytes -= bytes;
  }
}

/** Bytes that an event takes: two for each UTF-16 code unit, and the objects around it. */
function sizeOf(logged: LoggedEvent): number {
  const { event, data, id, comment, topics, conflationKey } = logged;
  let length = id.length + (conflationKey?.length ?? 0);
  for (const text of [event, data, comment]) length += text?.length ?? 0;
  for (const topic of topics ?? []) length += topic.length;
  return 2 * length + EVENT_OVERHEAD + (topics?.length ?? 0) * TOPIC_OVERHEAD;
}
