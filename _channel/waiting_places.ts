// Copyright 2026 the Tidings authors. MIT license.

/**
 * The clients that wait for the history of a channel, by the places at which they
 * wait.
 *
 * @module
 */

import type { Place } from "./ring.ts";

/** One who waits for what comes after a place. */
export interface Waiter {
  /** Whether it waits no more. */
  readonly isClosed: boolean;
  /**
   * Goes on from a place.
   *
   * @param gap Whether events between the place that was asked for and this one may be
   * missing.
   */
  arrive(place: Place, gap: boolean): void;
  /** Ends, since what it waits for cannot be sent. */
  fail(error: unknown): void;
}

/** A client that waits at a place. */
export interface Waiting {
  readonly waiter: Waiter;
  /** Whether the place stands in for the client's own, which the log does not have. */
  readonly gap: boolean;
}

interface WaitingPlace {
  readonly all: Waiting[];
  /** How many places were added before it. */
  readonly number: number;
}

/** Clients by the cursors at which they wait. First come, first served. */
export class WaitingPlaces {
  readonly #places = new Map<string, WaitingPlace>();
  #count = 0;

  /** How many places were added so far. */
  get count(): number {
    return this.#count;
  }

  /** The cursors. */
  get cursors(): Iterable<string> {
    return this.#places.keys();
  }

  /** The cursors of the places that were there when so many had been added. */
  *cursorsBefore(count: number): Iterable<string> {
    for (const [cursor, { number }] of this.#places) {
      if (number < count) yield cursor;
    }
  }

  /** Adds a client. */
  add(cursor: string, waiting: Waiting): void {
    const place = this.#places.get(cursor);
    if (place !== undefined) {
      place.all.push(waiting);
    } else {
      this.#places.set(cursor, { all: [waiting], number: this.#count++ });
    }
  }

  /** Whether a client still waits at a cursor. */
  has(cursor: string): boolean {
    for (const { waiter } of this.#places.get(cursor)?.all ?? []) {
      if (!waiter.isClosed) return true;
    }
    return false;
  }

  /** The cursor at which clients have waited longest. */
  first(): string | undefined {
    for (const cursor of this.#places.keys()) {
      if (this.has(cursor)) return cursor;
      this.#places.delete(cursor);
    }
    return undefined;
  }

  /** Removes those who wait at a cursor. */
  take(cursor: string): readonly Waiting[] {
    const all = this.#places.get(cursor)?.all ?? [];
    this.#places.delete(cursor);
    return all;
  }

  /** Has those at a cursor wait longer than all others. */
  postpone(cursor: string): void {
    const place = this.#places.get(cursor);
    this.#places.delete(cursor);
    if (place !== undefined) this.#places.set(cursor, place);
  }

  /** Removes all. */
  clear(): void {
    this.#places.clear();
  }
}
