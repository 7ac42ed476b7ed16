// Copyright 2026 the Tidings authors. MIT license.

/**
 * What a log in memory holds: the latest events by their sequence number, and what
 * an ID says about it.
 *
 * @module
 */

import { ownText } from "../_own_text.ts";
import type { EventLogBatch, LoggedEvent } from "./event_log.ts";
import { assertReturnableId } from "../_validate.ts";
import type { TextEventInit } from "../event.ts";
import { parseEpochCursor } from "./epoch_cursor.ts";

/** The bounds of a history. Whatever is reached first counts. */
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
  /** The sequences of the events that came with IDs of their own. */
  readonly #ownIds = new Map<string, number>();
  /**
   * The own ID of the event that was dropped last. It stays known until the next
   * one is dropped, since nothing after it is missing before that.
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
   * Adds an event at the end and gives it its ID. The bounds do not hold again
   * until {@linkcode MemoryHistory.trim}, so that whoever follows sees the event
   * even where it cannot be kept.
   */
  add(
    init: TextEventInit,
    topics: readonly string[] | undefined,
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
   * The sequence of the event after which a cursor stands, which may be before the
   * first or after the last one; `undefined` if it cannot be ordered.
   */
  find(cursor: string): number | undefined {
    const own = this.#ownIds.get(cursor);
    if (own !== undefined) return own;
    const parsed = parseEpochCursor(cursor);
    return parsed?.epoch === this.#epoch ? parsed.sequence : undefined;
  }

  /** The cursor of the place after an event. */
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
      throw new TypeError(
        'Cannot append event: "id" is "", a text to resume by is wanted',
      );
    }
    assertReturnableId("append event", id);
    if (this.#ownIds.has(id) || id.startsWith(`${this.#epoch}-`)) {
      throw new RangeError(
        `Cannot append event: "id" is ${
          JSON.stringify(id.slice(0, 40))
        }, which is taken, a new one is wanted`,
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
function sizeOf({ event, data, id, comment, topics }: LoggedEvent): number {
  let length = id.length;
  for (const text of [event, data, comment]) length += text?.length ?? 0;
  for (const topic of topics ?? []) length += topic.length;
  return 2 * length + EVENT_OVERHEAD + (topics?.length ?? 0) * TOPIC_OVERHEAD;
}

/** 48 random bits: two logs that share them would take each other's IDs for their own. */
function makeEpoch(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(6));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}
