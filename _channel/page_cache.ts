// Copyright 2026 the Tidings authors. MIT license.

/**
 * The pages of a log's history that were read lately.
 *
 * @module
 */

import { makeFrame, type Place, Ring } from "./ring.ts";
import type { EventLogBatch } from "../log.ts";

/** Bytes that the pages take, but for the latest. */
const MAX_BYTES = 16_777_216;
/** Milliseconds for which a page is kept. */
const MAX_AGE = 5000;

/** Keeps pages for a while, for those who come to their places. */
export class PageCache {
  /** The pages and when they were made, the oldest first. */
  readonly #pages = new Map<Ring, number>();
  /** The pages by the cursors from which they go on. */
  readonly #byCursor = new Map<string, Ring>();
  #bytes = 0;
  /** Runs while there are pages. */
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** The place of a cursor in a page. */
  find(cursor: string): Place | undefined {
    const ring = this.#byCursor.get(cursor);
    const position = ring?.find(cursor);
    if (ring === undefined || position === undefined) return undefined;
    return { ring, position };
  }

  /**
   * Makes a page of what was read after a cursor.
   *
   * @returns The page, or the one that there is already. Where events are missing in
   * front of it, the cursor is no place of it.
   * @throws What `encodeEvent` throws.
   */
  add(after: string, { events, cursor, gap }: EventLogBatch): Ring {
    const page = new Ring(Infinity);
    const [first] = events;
    if (first === undefined) {
      page.restart(cursor);
      return page;
    }
    const known = gap ? this.#findBeginning(first.id) : undefined;
    if (known !== undefined) return known;
    const frames = events.map(makeFrame);
    page.restart(gap ? "" : after);
    for (const frame of frames) {
      page.add(frame);
      // What comes after that is in another page.
      if (this.find(frame.event.id) !== undefined) break;
    }
    this.#keep(page);
    return page;
  }

  /** Drops all pages. */
  clear(): void {
    for (const page of this.#pages.keys()) this.#drop(page);
  }

  /** The page whose first event it is: all for whom events are missing begin there. */
  #findBeginning(id: string): Ring | undefined {
    const page = this.#byCursor.get(id);
    return page?.cursorOf(page.begin + 1) === id ? page : undefined;
  }

  #keep(page: Ring): void {
    this.#pages.set(page, performance.now());
    this.#bytes += page.bytes;
    for (const [cursor, position] of page.places) {
      if (position < page.end) this.#byCursor.set(cursor, page);
    }
    // Nobody is at an unknown place.
    this.#byCursor.delete("");
    for (const oldest of this.#pages.keys()) {
      if (this.#bytes <= MAX_BYTES || oldest === page) break;
      this.#drop(oldest);
    }
    this.#timer ??= setTimeout(() => this.#dropOld(), MAX_AGE);
  }

  #drop(page: Ring): void {
    this.#pages.delete(page);
    this.#bytes -= page.bytes;
    for (const [cursor] of page.places) {
      // Another page may have the same place.
      if (this.#byCursor.get(cursor) === page) this.#byCursor.delete(cursor);
    }
    if (this.#pages.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #dropOld(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (const [page, time] of this.#pages) {
      const rest = time + MAX_AGE - now;
      if (rest > 0) {
        this.#timer = setTimeout(() => this.#dropOld(), rest);
        return;
      }
      this.#drop(page);
    }
  }
}
