// Copyright 2026 the Tidings authors. MIT license.

/**
 * One reading of a log's history for all who are behind the segment.
 *
 * @module
 */

import { LogBounds } from "./log_bounds.ts";
import type { LogReader } from "./log_reader.ts";
import { SegmentCache } from "./segment_cache.ts";
import type { Segment, SegmentLocation } from "./segment.ts";
import { CursorQueue, type Waiter } from "./cursor_queue.ts";
import type { EventLog, EventLogBatch } from "../log.ts";

interface Answer {
  readonly waiter: Waiter;
  readonly location: SegmentLocation;
  readonly gap: boolean;
}

/** Bytes of events, as the log counts them, after which a segment is full. */
const SEGMENT_BYTES = 262_144;
/** Pages that are read one after the other before those at other places get theirs. */
const MAX_SEGMENTS = 4;
/** How much of a segment one counts that those at other places got something of as well. */
const SHARED_SEGMENT = 1 / 8;
/** Milliseconds after which others get a turn while many go on at once. */
const MAX_BUSY = 8;
/** Milliseconds for which a cursor that comes is looked for between those of segments. */
const MISSING_AGE = 5000;

/**
 * Reads segments of a log, one at a time, and each for all who are at one of its places:
 * whoever waits at a place that another's segment has goes on from there and reads no segment
 * of its own. After a few segments it is the turn of who has waited longest, so one who is
 * far behind holds up nobody. Where segments are for many that takes longer: a stop leaves
 * a gap in front of the next segments, which those who wait in it fill bit by bit.
 *
 * Cursors that the log does not have cost no more: those from outside its bounds share
 * one location, and of those in between, one segment resolves all that it has the place of.
 */
export class CatchUp {
  readonly #reader: LogReader;
  readonly #bounds: LogBounds;
  readonly #segments: SegmentCache;
  readonly #waiting = new CursorQueue();
  #isReading = false;
  /** The end of the latest segment, and how many were read up to there without a stop. */
  #end = "";
  #count = 0;
  /** Those who can go on. */
  #answers: Answer[] = [];
  /** Ends the pause in which those who can go on let others have a turn. */
  #endPause: (() => void) | undefined;
  /** Those after the end of the log, for as long as nobody asks about it. */
  readonly #late = new CursorQueue();
  /** Runs while there are some. */
  #lateTimer: ReturnType<typeof setTimeout> | undefined;
  /** Until when a cursor that comes is looked for between the places of segments. */
  #missingUntil = -Infinity;

  /**
   * @param log The log, which compares its cursors if it can.
   * @param reader Reads from it.
   */
  constructor(log: EventLog, reader: LogReader) {
    this.#reader = reader;
    this.#bounds = new LogBounds(log, reader);
    this.#segments = new SegmentCache((a, b) => this.#bounds.compare(a, b));
  }

  /** The place of a cursor in a segment that was read lately. */
  find(cursor: string): SegmentLocation | undefined {
    return this.#segments.find(cursor);
  }

  /** Has one go on from a cursor, once a segment is there that has its location. */
  wait(cursor: string, waiter: Waiter): void {
    const begin = this.#bounds.findBeginFor(cursor);
    const location = begin === undefined
      ? this.#findMissing(cursor)
      : this.#segments.find(begin);
    if (location !== undefined) {
      // Called back at once, it would write before what it is about to write.
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
   * Reads no more, since there is nobody any more. What was read is kept for a while:
   * those who come back at once need not all be there at once.
   */
  rest(): void {
    this.#answers = [];
    this.#endPause?.();
    this.#late.clear();
    clearTimeout(this.#lateTimer);
    this.#lateTimer = undefined;
  }

  /** Forgets all that was read. Called when nobody will come any more. */
  clear(): void {
    this.rest();
    this.#segments.clear();
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
    const goesOn = this.#count < MAX_SEGMENTS && this.#waiting.has(this.#end);
    return goesOn ? this.#end : this.#waiting.first();
  }

  /** Asks about the places after the end, once for all who wait there. */
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
    // It takes less to ask a log for its beginning that is near than to read it.
    const { isNear } = this.#bounds;
    if (isNear && await this.#readBeginFor(cursor)) return;
    const count = this.#waiting.count;
    const batch = await this.#readSegment(cursor);
    const isMissing = batch?.gap === true && batch.events.length > 0;
    if (!isNear && isMissing && await this.#readBeginFor(cursor)) return;
    await this.#answer(cursor, batch, count);
  }

  /**
   * Reads the beginning for all whose cursors are outside of the log.
   *
   * @returns Whether a cursor is one of them, or nobody can tell at present.
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
      await this.#proceed();
      return true;
    }
    const count = this.#waiting.count;
    const batch = await this.#readSegment(begin);
    await this.#answer(begin, batch, count);
    return true;
  }

  /** Reads a segment; `undefined` if that fails, or nobody waits for it any more. */
  #readSegment(cursor: string): Promise<EventLogBatch | undefined> {
    const isNeeded = (): boolean => this.#waiting.has(cursor);
    return this.#reader.read(cursor, { maxBytes: SEGMENT_BYTES }, isNeeded);
  }

  /** It may be this place where the log fails: others have their turn first. */
  #postpone(cursor: string): void {
    this.#count++;
    this.#waiting.postpone(cursor);
  }

  /**
   * Has all go on who are at a place of a segment that was read.
   *
   * @param count How many places were waited at so far when it was asked for.
   */
  async #answer(
    cursor: string,
    batch: EventLogBatch | undefined,
    count: number,
  ): Promise<void> {
    // A segment that is kept for nobody would have its timer outlive the channel's clients.
    if (batch === undefined || !this.#waiting.has(cursor)) {
      return this.#postpone(cursor);
    }
    this.#end = batch.cursor;
    const location = this.#add(cursor, batch);
    if (location === undefined) {
      this.#count++;
      return;
    }
    this.#resolve(cursor, location, batch.gap);
    const isShared = this.#resolveInside(location.segment);
    this.#count += isShared ? SHARED_SEGMENT : 1;
    if (batch.gap) this.#resolveMissing(cursor, batch, location, count);
    await this.#proceed();
  }

  /** Adds a segment; `undefined` if it cannot be sent, which ends those who wait for it. */
  #add(cursor: string, batch: EventLogBatch): SegmentLocation | undefined {
    try {
      return this.#segments.add(cursor, batch);
    } catch (error) {
      // An event cannot be encoded.
      for (const { waiter } of this.#waiting.take(cursor)) waiter.fail(error);
      return undefined;
    }
  }

  /** Has those go on who are inside a segment, and says whether there are any. */
  #resolveInside(segment: Segment): boolean {
    const { length } = this.#answers;
    for (const [cursor, position] of segment.positions) {
      // What comes after the end is not known.
      if (position === segment.end) continue;
      this.#resolve(cursor, { segment, position }, false);
    }
    return this.#answers.length > length;
  }

  /** Has those go on whose cursors are missing just as the one that was asked about. */
  #resolveMissing(
    cursor: string,
    { events: [first], cursor: end }: EventLogBatch,
    location: SegmentLocation,
    count: number,
  ): void {
    const bounds = this.#bounds;
    if (first === undefined) {
      if (!bounds.isAfter(cursor, end)) return;
      bounds.meetEnd(end);
      // For those who came since, the end may have moved.
      for (const other of this.#waiting.cursorsBefore(count)) {
        if (bounds.isAfter(other, end)) this.#resolve(other, location, true);
      }
    } else if (bounds.isAfter(cursor, first.id)) {
      // It is of another epoch than the end of the log, and so are all after it.
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

  /** The place in a segment of a cursor that the log does not have. */
  #findMissing(cursor: string): SegmentLocation | undefined {
    return performance.now() < this.#missingUntil
      ? this.#segments.findMissing(cursor)
      : undefined;
  }

  #resolve(cursor: string, location: SegmentLocation, gap: boolean): void {
    for (const each of this.#waiting.take(cursor)) {
      const { waiter } = each;
      this.#answers.push({ waiter, location, gap: gap || each.gap });
    }
  }

  /** Lets those go on who can, and others have a turn if they are many. */
  async #proceed(): Promise<void> {
    let end = performance.now() + MAX_BUSY;
    // Whoever arrives may be the last of all, and then the rest is forgotten.
    for (let next = 0; next < this.#answers.length; next++) {
      // The loop has looked at the length.
      const { waiter, location, gap } = this.#answers[next]!;
      if (!waiter.isClosed) waiter.continueAt(location, gap);
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
