// Copyright 2026 the Tidings authors. MIT license.

/**
 * The segments of a log that were read lately. `CatchUp` keeps them here for subscribers
 * that come to the same cursors soon.
 *
 * @module
 */

import type { MakeFrame } from "./make_frame.ts";
import { Segment, type SegmentLocation } from "./segment.ts";
import type { EventLogBatch } from "../log.ts";

/** The most bytes of all segments; the latest is kept whatever it takes. */
const MAX_BYTES = 16_777_216;
/** Milliseconds for which a segment is kept. */
const MAX_AGE = 5000;

/** What is known of a segment in the cache. */
interface CacheEntry {
  /** When it was added. */
  readonly time: number;
  /**
   * A cursor without an event between it and the segment's first event. The log may not
   * have the cursor itself.
   */
  from: string;
}

/** Compares two cursors, as `EventLog.compare`. */
type Compare = (a: string, b: string) => number | undefined;

/** Keeps segments for a few seconds. */
export class SegmentCache {
  readonly #compare: Compare;
  readonly #makeFrame: MakeFrame;
  /** The segments, the oldest first. */
  readonly #segments = new Map<Segment, CacheEntry>();
  /** The segments by the cursors after which they have an event. */
  readonly #byCursor = new Map<string, Segment>();
  #bytes = 0;
  #added = 0;
  /** Runs while there are segments. */
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param compare Orders cursors.
   * @param makeFrame Encodes events.
   */
  constructor(compare: Compare, makeFrame: MakeFrame) {
    this.#compare = compare;
    this.#makeFrame = makeFrame;
  }

  /** How many segments were added so far. */
  get added(): number {
    return this.#added;
  }

  /** Finds a cursor in a segment. */
  find(cursor: string): SegmentLocation | undefined {
    return this.#byCursor.get(cursor)?.locate(cursor);
  }

  /** Finds between which events of a segment a cursor lies that the log does not have. */
  findMissing(cursor: string): SegmentLocation | undefined {
    for (const [segment, { from }] of this.#segments) {
      const location = this.#findMissingIn(segment, from, cursor);
      if (location !== undefined) return location;
    }
    return undefined;
  }

  /**
   * Makes a segment of what was read after a cursor.
   *
   * @returns The location of the cursor in the new segment, or in one that has the events
   * already. If events are missing after the cursor, no segment has the cursor itself.
   */
  add(after: string, { events, cursor, gap }: EventLogBatch): SegmentLocation {
    const segment = new Segment(Infinity);
    const [first] = events;
    if (first === undefined) {
      segment.restart(cursor);
      return { segment, position: segment.begin };
    }
    const known = gap ? this.#findBefore(first.id) : undefined;
    if (known !== undefined) {
      this.#extend(known, after);
      return known;
    }
    const frames = events.map(this.#makeFrame);
    segment.restart(gap ? "" : after);
    for (const frame of frames) {
      segment.add(frame);
      // The other segment has the events that follow.
      if (this.find(frame.event.id) !== undefined) break;
    }
    this.#keep(segment, after);
    return { segment, position: segment.begin };
  }

  /** Drops all segments. */
  clear(): void {
    for (const segment of this.#segments.keys()) this.#drop(segment);
  }

  #findMissingIn(
    segment: Segment,
    from: string,
    cursor: string,
  ): SegmentLocation | undefined {
    const order = (other: string): number =>
      this.#compare(cursor, other) ?? NaN;
    if (!(order(segment.endCursor) < 0 && order(from) >= 0)) return undefined;
    let low = segment.begin;
    for (let high = segment.end; low < high;) {
      const middle = (low + high) >>> 1;
      // The middle is before the end, so there is an event after it.
      if (order(segment.cursorOf(middle + 1)!) >= 0) low = middle + 1;
      else high = middle;
    }
    // The cursor is another name of a cursor in the segment, so nothing is missing after
    // it.
    const isKnown = order(segment.cursorOf(low) ?? "") === 0;
    return isKnown ? undefined : { segment, position: low };
  }

  /** Finds the location before an event that a segment has. */
  #findBefore(id: string): SegmentLocation | undefined {
    const location = this.find(id);
    return location === undefined ||
        location.position === location.segment.begin
      ? undefined
      : { segment: location.segment, position: location.position - 1 };
  }

  /**
   * Notes that there is no event between an older cursor and a segment's first event
   * either.
   */
  #extend({ segment, position }: SegmentLocation, cursor: string): void {
    const entry = this.#segments.get(segment);
    if (entry === undefined || position > segment.begin) return;
    if ((this.#compare(cursor, entry.from) ?? 0) < 0) entry.from = cursor;
  }

  #keep(segment: Segment, from: string): void {
    this.#segments.set(segment, { time: performance.now(), from });
    this.#bytes += segment.bytes;
    this.#added++;
    for (const [cursor, position] of segment.positions) {
      if (position < segment.end) this.#byCursor.set(cursor, segment);
    }
    // No subscriber is at an unknown cursor.
    this.#byCursor.delete("");
    for (const oldest of this.#segments.keys()) {
      if (this.#bytes <= MAX_BYTES || oldest === segment) break;
      this.#drop(oldest);
    }
    this.#timer ??= setTimeout(() => this.#dropOld(), MAX_AGE);
  }

  #drop(segment: Segment): void {
    this.#segments.delete(segment);
    this.#bytes -= segment.bytes;
    for (const [cursor] of segment.positions) {
      // Another segment may have the same cursor.
      if (this.#byCursor.get(cursor) === segment) this.#byCursor.delete(cursor);
    }
    if (this.#segments.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #dropOld(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (const [segment, { time }] of this.#segments) {
      const rest = time + MAX_AGE - now;
      if (rest > 0) {
        this.#timer = setTimeout(() => this.#dropOld(), rest);
        return;
      }
      this.#drop(segment);
    }
  }
}
