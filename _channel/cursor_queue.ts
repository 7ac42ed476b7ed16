// Copyright 2026 the Tidings authors. MIT license.

/**
 * The clients that wait for the history of a channel, by the places at which they
 * wait.
 *
 * @module
 */

import type { SegmentLocation } from "./segment.ts";

/** One who waits for what comes after a entry. */
export interface Waiter {
  /** Whether it waits no more. */
  readonly isClosed: boolean;
  /**
   * Goes on from a entry.
   *
   * @param gap Whether events between the place that was asked for and this one may be
   * missing.
   */
  continueAt(entry: SegmentLocation, gap: boolean): void;
  /** Ends, since what it waits for cannot be sent. */
  fail(error: unknown): void;
}

/** A client that waits at a entry. */
export interface Waiting {
  readonly waiter: Waiter;
  /** Whether the place stands in for the client's own, which the log does not have. */
  readonly gap: boolean;
}

interface QueueEntry {
  readonly all: Waiting[];
  /** How many places were added before it. */
  readonly number: number;
}

/** Clients by the cursors at which they wait. First come, first served. */
export class CursorQueue {
  readonly #entries = new Map<string, QueueEntry>();
  #count = 0;

  /** How many places were added so far. */
  get count(): number {
    return this.#count;
  }

  /** The cursors. */
  get cursors(): Iterable<string> {
    return this.#entries.keys();
  }

  /** The cursors of the places that were there when so many had been added. */
  *cursorsBefore(count: number): Iterable<string> {
    for (const [cursor, { number }] of this.#entries) {
      if (number < count) yield cursor;
    }
  }

  /** Adds a client. */
  add(cursor: string, waiting: Waiting): void {
    const entry = this.#entries.get(cursor);
    if (entry !== undefined) {
      entry.all.push(waiting);
    } else {
      this.#entries.set(cursor, { all: [waiting], number: this.#count++ });
    }
  }

  /** Whether a client still waits at a cursor. */
  has(cursor: string): boolean {
    for (const { waiter } of this.#entries.get(cursor)?.all ?? []) {
      if (!waiter.isClosed) return true;
    }
    return false;
  }

  /** The cursor at which clients have waited longest. */
  first(): string | undefined {
    for (const cursor of this.#entries.keys()) {
      if (this.has(cursor)) return cursor;
      this.#entries.delete(cursor);
    }
    return undefined;
  }

  /** Removes those who wait at a cursor. */
  take(cursor: string): readonly Waiting[] {
    const all = this.#entries.get(cursor)?.all ?? [];
    this.#entries.delete(cursor);
    return all;
  }

  /** Has those at a cursor wait longer than all others. */
  postpone(cursor: string): void {
    const entry = this.#entries.get(cursor);
    this.#entries.delete(cursor);
    if (entry !== undefined) this.#entries.set(cursor, entry);
  }

  /** Removes all. */
  clear(): void {
    this.#entries.clear();
  }
}
