// Copyright 2026 the Tidings authors. MIT license.

/**
 * One reading of a log's history for all who are behind the ring.
 *
 * @module
 */

import type { LogReader } from "./log_reader.ts";
import { PageCache } from "./page_cache.ts";
import type { Place } from "./ring.ts";
import type { EventLogBatch } from "../log.ts";

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

interface Answer {
  readonly waiter: Waiter;
  readonly place: Place;
  readonly gap: boolean;
}

/** Bytes of events, as the log counts them, after which a page is full. */
const PAGE_BYTES = 262_144;
/** Pages that are read one after the other before those at other places get theirs. */
const MAX_PAGES = 4;
/** How much of a page one counts that those at other places got something of as well. */
const SHARED_PAGE = 1 / 8;
/** Milliseconds after which others get a turn while many go on at once. */
const MAX_BUSY = 8;

/**
 * Reads pages of a log, one at a time, and each for all who are at one of its places:
 * whoever waits at a place that another's page has goes on from there and reads no page
 * of its own. After a few pages it is the turn of who has waited longest, so one who is
 * far behind holds up nobody. Where pages are for many that takes longer: a stop leaves
 * a gap in front of the next pages, which those who wait in it fill bit by bit.
 */
export class History {
  readonly #reader: LogReader;
  readonly #pages = new PageCache();
  /** Those who wait, by their places; first come first. */
  readonly #waiting = new Map<string, Waiter[]>();
  #isReading = false;
  /** The end of the latest page, and how many were read up to there without a stop. */
  #end = "";
  #count = 0;
  /** Those who can go on. */
  #answers: Answer[] = [];
  /** Ends the pause in which those who can go on let others have a turn. */
  #endPause: (() => void) | undefined;

  /** @param reader Reads from the log. */
  constructor(reader: LogReader) {
    this.#reader = reader;
  }

  /** The place of a cursor in a page that was read lately. */
  find(cursor: string): Place | undefined {
    return this.#pages.find(cursor);
  }

  /** Has one go on from a cursor, once a page is there that has its place. */
  wait(cursor: string, waiter: Waiter): void {
    const waiters = this.#waiting.get(cursor);
    if (waiters === undefined) this.#waiting.set(cursor, [waiter]);
    else waiters.push(waiter);
    this.#readOn();
  }

  /**
   * Reads no more, since there is nobody any more. What was read is kept for a while:
   * those who come back at once need not all be there at once.
   */
  rest(): void {
    this.#answers = [];
    this.#endPause?.();
  }

  /** Forgets all that was read. Called when nobody will come any more. */
  clear(): void {
    this.rest();
    this.#pages.clear();
  }

  /** Reads as long as anybody waits. */
  async #readOn(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    for (let cursor; (cursor = this.#choose()) !== undefined;) {
      await this.#read(cursor);
    }
    this.#isReading = false;
  }

  /** The place from which to read next. */
  #choose(): string | undefined {
    const goesOn = this.#count < MAX_PAGES && this.#isAwaited(this.#end);
    if (goesOn) return this.#end;
    for (const cursor of this.#waiting.keys()) {
      if (this.#isAwaited(cursor)) return cursor;
      this.#waiting.delete(cursor);
    }
    return undefined;
  }

  async #read(cursor: string): Promise<void> {
    if (cursor !== this.#end) this.#count = 0;
    const batch = await this.#reader.read(
      cursor,
      { maxBytes: PAGE_BYTES },
      () => this.#isAwaited(cursor),
    );
    if (batch !== undefined && this.#isAwaited(cursor)) {
      this.#end = batch.cursor;
      this.#count += this.#take(cursor, batch) ? SHARED_PAGE : 1;
      await this.#proceed();
      return;
    }
    // It may be this place where the log fails: others have their turn first.
    this.#count++;
    const waiters = this.#waiting.get(cursor);
    this.#waiting.delete(cursor);
    if (waiters !== undefined) this.#waiting.set(cursor, waiters);
  }

  #isAwaited(cursor: string): boolean {
    for (const { isClosed } of this.#waiting.get(cursor) ?? []) {
      if (!isClosed) return true;
    }
    return false;
  }

  /** Has all go on who are at a place of a page, and says whether some are inside it. */
  #take(cursor: string, batch: EventLogBatch): boolean {
    try {
      const page = this.#pages.add(cursor, batch);
      this.#resolve(cursor, { ring: page, position: page.begin }, batch.gap);
      const { length } = this.#answers;
      for (const [place, position] of page.places) {
        // What comes after the end is not known.
        if (position === page.end) continue;
        this.#resolve(place, { ring: page, position }, false);
      }
      return this.#answers.length > length;
    } catch (error) {
      // An event cannot be encoded.
      const waiters = this.#waiting.get(cursor) ?? [];
      this.#waiting.delete(cursor);
      for (const waiter of waiters) waiter.fail(error);
      return false;
    }
  }

  #resolve(cursor: string, place: Place, gap: boolean): void {
    for (const waiter of this.#waiting.get(cursor) ?? []) {
      this.#answers.push({ waiter, place, gap });
    }
    this.#waiting.delete(cursor);
  }

  /** Lets those go on who can, and others have a turn if they are many. */
  async #proceed(): Promise<void> {
    let end = performance.now() + MAX_BUSY;
    // Whoever arrives may be the last of all, and then the rest is forgotten.
    for (let next = 0; next < this.#answers.length; next++) {
      // The loop has looked at the length.
      const { waiter, place, gap } = this.#answers[next]!;
      if (!waiter.isClosed) waiter.arrive(place, gap);
      const isLast = next + 1 >= this.#answers.length;
      if (isLast || performance.now() < end) continue;
      await this.#pause();
      end = performance.now() + MAX_BUSY;
    }
    this.#answers = [];
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#endPause?.(), 0);
      this.#endPause = () => {
        clearTimeout(timer);
        this.#endPause = undefined;
        resolve();
      };
    });
  }
}
