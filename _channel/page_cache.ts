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

/** A page that is kept. */
interface KeptPage {
  /** When it was made. */
  readonly time: number;
  /**
   * A cursor between which and the first event there is no other. It may be missing
   * in the log.
   */
  from: string;
}

/** Compares two cursors, as `EventLog.compare`. */
type Compare = (a: string, b: string) => number | undefined;

/** Keeps pages for a while, for those who come to their places. */
export class PageCache {
  readonly #compare: Compare;
  /** The pages, the oldest first. */
  readonly #pages = new Map<Ring, KeptPage>();
  /** The pages by the cursors from which they go on. */
  readonly #byCursor = new Map<string, Ring>();
  #bytes = 0;
  /** Runs while there are pages. */
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param compare Orders cursors. */
  constructor(compare: Compare) {
    this.#compare = compare;
  }

  /** The place of a cursor in a page. */
  find(cursor: string): Place | undefined {
    const ring = this.#byCursor.get(cursor);
    const position = ring?.find(cursor);
    if (ring === undefined || position === undefined) return undefined;
    return { ring, position };
  }

  /** The place where a cursor would be that the log does not have. */
  findMissing(cursor: string): Place | undefined {
    for (const [ring, { from }] of this.#pages) {
      const place = this.#findMissingIn(ring, from, cursor);
      if (place !== undefined) return place;
    }
    return undefined;
  }

  /**
   * Makes a page of what was read after a cursor.
   *
   * @returns The place of the cursor in the page, or in one that there is already.
   * Where events are missing in front of it, no page has the cursor itself.
   * @throws What `encodeEvent` throws.
   */
  add(after: string, { events, cursor, gap }: EventLogBatch): Place {
    const page = new Ring(Infinity);
    const [first] = events;
    if (first === undefined) {
      page.restart(cursor);
      return { ring: page, position: page.begin };
    }
    const known = gap ? this.#findBefore(first.id) : undefined;
    if (known !== undefined) {
      this.#extend(known, after);
      return known;
    }
    const frames = events.map(makeFrame);
    page.restart(gap ? "" : after);
    for (const frame of frames) {
      page.add(frame);
      // What comes after that is in another page.
      if (this.find(frame.event.id) !== undefined) break;
    }
    this.#keep(page, after);
    return { ring: page, position: page.begin };
  }

  /** Drops all pages. */
  clear(): void {
    for (const page of this.#pages.keys()) this.#drop(page);
  }

  #findMissingIn(
    ring: Ring,
    from: string,
    cursor: string,
  ): Place | undefined {
    const order = (other: string): number =>
      this.#compare(cursor, other) ?? NaN;
    if (!(order(ring.endCursor) < 0 && order(from) >= 0)) return undefined;
    let low = ring.begin;
    for (let high = ring.end; low < high;) {
      const middle = (low + high) >>> 1;
      // There is an event after it.
      if (order(ring.cursorOf(middle + 1)!) >= 0) low = middle + 1;
      else high = middle;
    }
    // The same place under another name, from which nothing is missing.
    const isKnown = order(ring.cursorOf(low) ?? "") === 0;
    return isKnown ? undefined : { ring, position: low };
  }

  /** The place before an event that a page has. */
  #findBefore(id: string): Place | undefined {
    const place = this.find(id);
    return place === undefined || place.position === place.ring.begin
      ? undefined
      : { ring: place.ring, position: place.position - 1 };
  }

  /** Notes that there is nothing between a cursor and a place either. */
  #extend({ ring, position }: Place, cursor: string): void {
    const page = this.#pages.get(ring);
    if (page === undefined || position > ring.begin) return;
    if ((this.#compare(cursor, page.from) ?? 0) < 0) page.from = cursor;
  }

  #keep(page: Ring, from: string): void {
    this.#pages.set(page, { time: performance.now(), from });
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
    for (const [page, { time }] of this.#pages) {
      const rest = time + MAX_AGE - now;
      if (rest > 0) {
        this.#timer = setTimeout(() => this.#dropOld(), rest);
        return;
      }
      this.#drop(page);
    }
  }
}
