// Copyright 2026 the Tidings authors. MIT license.

/**
 * Reads the log for all subscribers of a channel that are behind the live segment. What
 * one of them needs is read once for all.
 *
 * @module
 */

import { LogBounds } from "./log_bounds.ts";
import type { LogReader } from "./log_reader.ts";
import type { MakeFrame } from "./make_frame.ts";
import { SegmentCache } from "./segment_cache.ts";
import type { Segment, SegmentLocation } from "./segment.ts";
import { SlicedQueue } from "./sliced_queue.ts";
import { CursorQueue, type Waiter } from "./cursor_queue.ts";
import type { EventLog, EventLogBatch } from "../log.ts";

interface Answer {
  readonly waiter: Waiter;
  readonly location: SegmentLocation;
  readonly gap: boolean;
}

/**
 * Begins to look for newer events of the keys of a segment. The function that it returns
 * gives the next cursor to read after, `undefined` once enough is in memory.
 */
export type LookAhead = (segment: Segment) => () => string | undefined;

/** Bytes of events, as the log counts them, after which a segment is full. */
const SEGMENT_BYTES = 262_144;
/** The most events of a segment that is read ahead. */
const EVENTS_AHEAD = 1024;
/** Segments that are read one after the other before other cursors are served. */
const MAX_SEGMENTS = 4;
/**
 * What a segment counts towards that number if subscribers at other cursors use it too.
 */
const SHARED_SEGMENT = 1 / 8;
/**
 * Milliseconds for which a new cursor is looked for between the cursors of cached
 * segments.
 */
const MISSING_AGE = 5000;

/**
 * Reads segments of a log, one at a time, each for all subscribers whose cursors lie in
 * it. A subscriber whose cursor lies in a segment that another one needed continues
 * there, and needs no reading of its own. After a few consecutive segments, the cursor
 * that has waited longest is served, so a slow client that is far behind holds up no
 * other. If segments are shared, more of them are read first: each change to another
 * cursor leaves a hole before the next segments, and whatever waits in the hole has to
 * read it again.
 *
 * A herd of cursors that the log does not have costs no more. Those outside the log's
 * bounds share one reading of its beginning. Of those inside, one segment resolves all
 * that lie between its events.
 */
export class CatchUp {
  readonly #reader: LogReader;
  readonly #bounds: LogBounds;
  readonly #segments: SegmentCache;
  readonly #lookAhead: LookAhead;
  readonly #waiting = new CursorQueue();
  #isReading = false;
  /**
   * The cursor after the latest segment, and how many segments were read up to there
   * without a change to another cursor.
   */
  #end = "";
  #count = 0;
  /** Subscribers whose location is known, and that have not continued yet. */
  readonly #answers = new SlicedQueue<Answer>(({ waiter, location, gap }) => {
    if (!waiter.isClosed) waiter.continueAt(location, gap);
  });
  /** Cursors that lie after the end of the log, until it is asked about them. */
  readonly #late = new CursorQueue();
  /** Runs while `#late` has entries. */
  #lateTimer: ReturnType<typeof setTimeout> | undefined;
  /**
   * Until when new cursors are looked for between the cursors of cached segments; set when
   * one was missing.
   */
  #missingUntil: number | undefined;

  /**
   * @param log The log, which compares its cursors if it can.
   * @param reader Reads from the log.
   * @param makeFrame Encodes events.
   * @param lookAhead Finds the cursors to read after, ahead of a segment.
   */
  constructor(
    log: EventLog,
    reader: LogReader,
    makeFrame: MakeFrame,
    lookAhead: LookAhead,
  ) {
    this.#lookAhead = lookAhead;
    this.#reader = reader;
    this.#bounds = new LogBounds(log, reader);
    this.#segments = new SegmentCache(
      (a, b) => this.#bounds.compare(a, b),
      makeFrame,
    );
  }

  /** How many segments were read so far. */
  get segmentsRead(): number {
    return this.#segments.added;
  }

  /** Finds a cursor in the segments that were read lately. */
  find(cursor: string): SegmentLocation | undefined {
    return this.#segments.find(cursor);
  }

  /** Has a subscriber continue from a cursor, once a segment with that cursor is read. */
  wait(cursor: string, waiter: Waiter): void {
    const begin = this.#bounds.findBeginFor(cursor);
    const location = begin === undefined
      ? this.#findMissing(cursor)
      : this.#segments.find(begin);
    if (location !== undefined) {
      // If it was called back at once, the subscriber would write this before what it is
      // about to write.
      queueMicrotask(() => {
        if (!waiter.isClosed) waiter.continueAt(location, true);
      });
      return;
    }
    const delay = this.#bounds.delayFor(cursor);
    if (delay > 0) {
      this.#late.add(cursor, { waiter, gap: false });
      this.#lateTimer ??= setTimeout(() => this.#askLate(), delay);
    } else {
      const gap = begin !== undefined;
      this.#waiting.add(begin ?? cursor, { waiter, gap });
      this.#readOn();
    }
  }

  /**
   * Stops reading, since there is no subscriber left. What was read is kept for a while:
   * clients that all reconnect need not be connected at the same moment to share it.
   */
  rest(): void {
    this.#answers.clear();
    this.#late.clear();
    clearTimeout(this.#lateTimer);
    this.#lateTimer = undefined;
  }

  /**
   * Forgets everything that was read. Called when the channel closes, and when the last
   * subscriber of a log that is quick to read leaves.
   */
  clear(): void {
    this.rest();
    this.#segments.clear();
  }

  /** Reads for as long as a subscriber waits. */
  async #readOn(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    for (let cursor; (cursor = this.#choose()) !== undefined;) {
      await this.#read(cursor);
    }
    this.#isReading = false;
  }

  /** Chooses the cursor from which to read next. */
  #choose(): string | undefined {
    const goesOn = this.#count < MAX_SEGMENTS && this.#waiting.has(this.#end);
    return goesOn ? this.#end : this.#waiting.first();
  }

  /** Asks about all cursors after the end of the log in one reading. */
  #askLate(): void {
    this.#lateTimer = undefined;
    for (const cursor of this.#late.cursors) {
      for (const waiting of this.#late.take(cursor)) {
        this.#waiting.add(cursor, waiting);
      }
    }
    this.#readOn();
  }

  async #read(cursor: string): Promise<void> {
    if (cursor !== this.#end) this.#count = 0;
    // Asking for the beginning is quick if the log is near, and slower than reading if it
    // is not.
    const { isNear } = this.#bounds;
    if (isNear && await this.#readBeginFor(cursor)) return;
    const count = this.#waiting.count;
    const batch = await this.#readSegment(cursor);
    const isMissing = batch?.gap === true && batch.events.length > 0;
    if (!isNear && isMissing && await this.#readBeginFor(cursor)) return;
    await this.#answer(cursor, batch, count);
  }

  /**
   * Reads the beginning of the log for all cursors that are outside its bounds.
   *
   * @returns Whether the cursor is one of them, or this cannot be found out at present.
   */
  async #readBeginFor(cursor: string): Promise<boolean> {
    if (!this.#bounds.canCompare) return false;
    const begin = await this.#bounds.askBegin(() => this.#waiting.has(cursor));
    if (begin === undefined) {
      this.#postpone(cursor);
      return true;
    }
    if (!this.#bounds.isOutside(cursor, begin)) return false;
    for (const other of this.#waiting.cursors) {
      if (!this.#bounds.isOutside(other, begin)) continue;
      for (const { waiter } of this.#waiting.take(other)) {
        this.#waiting.add(begin, { waiter, gap: true });
      }
    }
    const location = this.#segments.find(begin);
    if (location !== undefined) {
      this.#resolve(begin, location, false);
      await this.#answers.run();
      return true;
    }
    const count = this.#waiting.count;
    const batch = await this.#readSegment(begin);
    await this.#answer(begin, batch, count);
    return true;
  }

  /** Reads a segment; `undefined` if that fails, or no subscriber needs it any more. */
  #readSegment(cursor: string): Promise<EventLogBatch | undefined> {
    const isNeeded = (): boolean => this.#waiting.has(cursor);
    return this.#reader.read(cursor, { maxBytes: SEGMENT_BYTES }, isNeeded);
  }

  /**
   * Reads what follows a segment, if newer events of its keys may be there.
   *
   * @param cursor The subscribers at this cursor need it.
   * @returns The segments that were read.
   */
  async #readAhead(segment: Segment, cursor: string): Promise<Segment[]> {
    const segments: Segment[] = [];
    const findNext = this.#lookAhead(segment);
    const isNeeded = (): boolean => this.#waiting.has(cursor);
    const bounds = { limit: EVENTS_AHEAD, maxBytes: SEGMENT_BYTES };
    for (let next; (next = findNext()) !== undefined;) {
      const batch = await this.#reader.read(next, bounds, isNeeded);
      // Nothing fails here: subscribers get events that newer ones would replace.
      if (!batch || batch.gap || batch.events.length === 0) break;
      segments.push(this.#segments.add(next, batch).segment);
      this.#end = batch.cursor;
    }
    return segments;
  }

  /**
   * Serves the other cursors first: the log may fail at this one only, and retrying it
   * would block them.
   */
  #postpone(cursor: string): void {
    this.#count++;
    this.#waiting.postpone(cursor);
  }

  /**
   * Has all subscribers continue whose cursors are in the segment that was read.
   *
   * @param count How many cursors had been added to the queue when the log was asked.
   */
  async #answer(
    cursor: string,
    batch: EventLogBatch | undefined,
    count: number,
  ): Promise<void> {
    // If the segment was cached without a subscriber, its timer would outlive the
    // channel's clients.
    if (batch === undefined || !this.#waiting.has(cursor)) {
      return this.#postpone(cursor);
    }
    this.#end = batch.cursor;
    const location = this.#segments.add(cursor, batch);
    const { segment } = location;
    const ahead = segment.keyedEnd > 0
      ? await this.#readAhead(segment, cursor)
      : [];
    this.#resolve(cursor, location, batch.gap);
    for (const each of [segment, ...ahead]) {
      this.#count += this.#resolveInside(each) ? SHARED_SEGMENT : 1;
    }
    if (batch.gap) this.#resolveMissing(cursor, batch, location, count);
    await this.#answers.run();
  }

  /**
   * Has all subscribers continue whose cursors are inside a segment, and returns whether
   * there are any.
   */
  #resolveInside(segment: Segment): boolean {
    let isShared = false;
    for (const [cursor, position] of segment.positions) {
      // What comes after the segment's end is not known.
      if (position === segment.end) continue;
      if (this.#resolve(cursor, { segment, position }, false)) isShared = true;
    }
    return isShared;
  }

  /**
   * Has all subscribers continue whose cursors are missing for the same reason as the one
   * that was read.
   */
  #resolveMissing(
    cursor: string,
    { events: [first], cursor: end }: EventLogBatch,
    location: SegmentLocation,
    count: number,
  ): void {
    const bounds = this.#bounds;
    if (first === undefined) {
      if (!bounds.isAfter(cursor, end)) return;
      bounds.noteEnd(end);
      // Cursors that were added since may lie before the end as it is now.
      for (const other of this.#waiting.cursorsBefore(count)) {
        if (bounds.isAfter(other, end)) this.#resolve(other, location, true);
      }
    } else if (bounds.isAfter(cursor, first.id)) {
      // The cursor is of another epoch than the log's end, and so are all cursors after
      // it.
      for (const other of this.#waiting.cursorsBefore(count)) {
        if (bounds.isAfter(other, cursor)) this.#resolve(other, location, true);
      }
    } else if (!bounds.isNear) {
      this.#missingUntil = performance.now() + MISSING_AGE;
      for (const other of this.#waiting.cursors) {
        const location = this.#segments.findMissing(other);
        if (location !== undefined) this.#resolve(other, location, true);
      }
    }
  }

  /** Finds between which events of a segment a missing cursor lies. */
  #findMissing(cursor: string): SegmentLocation | undefined {
    const until = this.#missingUntil;
    return until !== undefined && performance.now() < until
      ? this.#segments.findMissing(cursor)
      : undefined;
  }

  /**
   * Has all subscribers at a cursor continue, and returns whether there are any. They do
   * so when the answers are run.
   */
  #resolve(cursor: string, location: SegmentLocation, gap: boolean): boolean {
    const all = this.#waiting.take(cursor);
    for (const { waiter, gap: isMoved } of all) {
      this.#answers.add({ waiter, location, gap: gap || isMoved });
    }
    return all.length > 0;
  }
}
