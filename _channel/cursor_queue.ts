// Copyright 2026 the Tidings authors. MIT license.

/**
 * The cursors from which a channel's log has to be read, and the subscribers that wait at
 * each. `CatchUp` keeps its queues in it.
 *
 * @module
 */

import type { SegmentLocation } from "./segment.ts";

/** A subscriber, as the queue sees it. */
export interface Waiter {
  /** Whether it needs no answer any more. */
  readonly isClosed: boolean;
  /**
   * Continues from a location.
   *
   * @param gap Whether events between the cursor of the subscriber and the location may
   * be missing.
   */
  continueAt(entry: SegmentLocation, gap: boolean): void;
}

/** A subscriber in the queue. */
export interface Waiting {
  readonly waiter: Waiter;
  /** Whether the cursor replaces the subscriber's own, which the log does not have. */
  readonly gap: boolean;
}

interface QueueEntry {
  readonly all: Waiting[];
  /** How many cursors were added before this one. */
  readonly number: number;
}

/**
 * Subscribers by the cursors at which they wait; the cursor that was added first comes
 * first.
 */
export class CursorQueue {
  readonly #entries = new Map<string, QueueEntry>();
  #count = 0;

  /** How many cursors were added so far. */
  get count(): number {
    return this.#count;
  }

  /** The cursors. */
  get cursors(): Iterable<string> {
    return this.#entries.keys();
  }

  /** The cursors that were in the queue when so many had been added. */
  *cursorsBefore(count: number): Iterable<string> {
    for (const [cursor, { number }] of this.#entries) {
      if (number < count) yield cursor;
    }
  }

  /** Adds a subscriber at a cursor. */
  add(cursor: string, waiting: Waiting): void {
    const entry = this.#entries.get(cursor);
    if (entry !== undefined) {
      entry.all.push(waiting);
    } else {
      this.#entries.set(cursor, { all: [waiting], number: this.#count++ });
    }
  }

  /** Whether a subscriber still waits at a cursor. */
  has(cursor: string): boolean {
    for (const { waiter } of this.#entries.get(cursor)?.all ?? []) {
      if (!waiter.isClosed) return true;
    }
    return false;
  }

  /** The cursor that has waited longest. */
  first(): string | undefined {
    for (const cursor of this.#entries.keys()) {
      if (this.has(cursor)) return cursor;
      this.#entries.delete(cursor);
    }
    return undefined;
  }

  /** Removes a cursor and returns its subscribers. */
  take(cursor: string): readonly Waiting[] {
    const all = this.#entries.get(cursor)?.all ?? [];
    this.#entries.delete(cursor);
    return all;
  }

  /** Moves a cursor behind all others. */
  postpone(cursor: string): void {
    const entry = this.#entries.get(cursor);
    this.#entries.delete(cursor);
    if (entry !== undefined) this.#entries.set(cursor, entry);
  }

  /** Removes all cursors. */
  clear(): void {
    this.#entries.clear();
  }
}
