// Copyright 2026 the Tidings authors. MIT license.

/**
 * The segments of a log's history that were read lately.
 *
 * @module
 */

import { makeFrame, Segment, type SegmentLocation } from "./segment.ts";
import type { EventLogBatch } from "../log.ts";

/** Bytes that the segments take, but for the latest. */
const MAX_BYTES = 16_777_216;
/** Milliseconds for which a segment is kept. */
const MAX_AGE = 5000;

/** A segment that is kept. */
interface CacheEntry {
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

/** Keeps segments for a while, for those who come to their places. */
export class SegmentCache {
  readonly #compare: Compare;
  /** The segments, the oldest first. */
  readonly #segments = new Map<Segment, CacheEntry>();
  /** The segments by the cursors from which they go on. */
  readonly #byCursor = new Map<string, Segment>();
  #bytes = 0;
  /** Runs while there are segments. */
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param compare Orders cursors. */
  constructor(compare: Compare) {
    this.#compare = compare;
  }

  /** The place of a cursor in a segment. */
  find(cursor: string): SegmentLocation | undefined {
    const segment = this.#byCursor.get(cursor);
    const position = segment?.find(cursor);
    if (segment === undefined || position === undefined) return undefined;
    return { segment, position };
  }

  /** The place where a cursor would be that the log does not have. */
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
   * @returns The place of the cursor in the segment, or in one that there is already.
   * Where events are missing in front of it, no segment has the cursor itself.
   * @throws What `encodeEvent` throws.
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
    const frames = events.map(makeFrame);
    segment.restart(gap ? "" : after);
    for (const frame of frames) {
      segment.add(frame);
      // What comes after that is in another segment.
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
      // There is an event after it.
      if (order(segment.cursorOf(middle + 1)!) >= 0) low = middle + 1;
      else high = middle;
    }
    // The same place under another name, from which nothing is missing.
    const isKnown = order(segment.cursorOf(low) ?? "") === 0;
    return isKnown ? undefined : { segment, position: low };
  }

  /** The place before an event that a segment has. */
  #findBefore(id: string): SegmentLocation | undefined {
    const location = this.find(id);
    return location === undefined ||
        location.position === location.segment.begin
      ? undefined
      : { segment: location.segment, position: location.position - 1 };
  }

  /** Notes that there is nothing between a cursor and a place either. */
  #extend({ segment, position }: SegmentLocation, cursor: string): void {
    const entry = this.#segments.get(segment);
    if (entry === undefined || position > segment.begin) return;
    if ((this.#compare(cursor, entry.from) ?? 0) < 0) entry.from = cursor;
  }

  #keep(segment: Segment, from: string): void {
    this.#segments.set(segment, { time: performance.now(), from });
    this.#bytes += segment.bytes;
    for (const [cursor, position] of segment.positions) {
      if (position < segment.end) this.#byCursor.set(cursor, segment);
    }
    // Nobody is at an unknown location.
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
      // Another segment may have the same location.
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
