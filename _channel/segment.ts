// Copyright 2026 the Tidings authors. MIT license.

/**
 * Consecutive events of a log in memory, each encoded once. The live segment holds the
 * newest events of a channel; other segments hold what subscribers read while they catch
 * up.
 *
 * @module
 */

import { joinChunks } from "../_server/join_chunks.ts";
import { TopicIndex, type Topics } from "./topic_index.ts";
import type { LoggedEvent } from "../log.ts";

/** An event and its encoded bytes, which are not handed out but copied into chunks. */
export interface Frame {
  readonly event: LoggedEvent;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The topics whose streams the entry ends; left out for an event. */
  readonly ends?: readonly string[];
}

/** A position, and the segment that has it. */
export interface SegmentLocation {
  readonly segment: Segment;
  readonly position: number;
}

/** The frames that a subscriber gets, and how far they reach. */
export interface Excerpt {
  readonly frames: readonly Frame[];
  /** The position up to which there is nothing else for the subscriber. */
  readonly end: number;
}

// What a frame and a topic or key take besides the bytes, roughly: without it, a segment of very
// small events would take far more memory than its limit.
const FRAME_OVERHEAD = 256;
const TOPIC_OVERHEAD = 128;

/** How many segments were made. */
let segments = 0;

/** Joins frames into a chunk of its own, which may be handed out. */
export function joinFrames(frames: readonly Frame[]): Uint8Array<ArrayBuffer> {
  return joinChunks(frames.map(({ bytes }) => bytes));
}

/** The bytes that a frame takes in a segment. */
export function sizeOf({ event, bytes }: Frame): number {
  const topics = event.topics?.length ?? 0;
  const keys = event.conflationKey === undefined ? 0 : 1;
  return bytes.byteLength + FRAME_OVERHEAD + (topics + keys) * TOPIC_OVERHEAD;
}

/**
 * Consecutive frames. Before and after each there is a position, a number that grows by
 * one with each frame, and a cursor, which means the same to the log.
 */
export class Segment {
  /** A number that no other segment has. */
  readonly number = segments++;
  /** The most bytes that it holds. */
  readonly maxBytes: number;
  /** The frames by the positions before them. */
  readonly #frames = new Map<number, Frame>();
  /** The positions by their cursors, from `#begin` to `#end`. */
  readonly #positions = new Map<string, number>();
  #index = new TopicIndex();
  /** The positions before the frames with a conflation key, by that key. */
  #keys = new TopicIndex();
  #keyedEnd = 0;
  #begin = 0;
  #end = 0;
  #beginCursor = "";
  #endCursor = "";
  #bytes = 0;

  /**
   * @param maxBytes The most bytes to hold. Each frame counts 256 on top, and each of its
   * topics and its conflation key 128.
   */
  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** The position before the oldest frame. */
  get begin(): number {
    return this.#begin;
  }

  /** The cursor of {@linkcode Segment.begin}, `""` if it is unknown. */
  get beginCursor(): string {
    return this.#beginCursor;
  }

  /** The position after the latest frame. */
  get end(): number {
    return this.#end;
  }

  /** The cursor of {@linkcode Segment.end}. */
  get endCursor(): string {
    return this.#endCursor;
  }

  /** The position after the latest frame with a conflation key, 0 if there is none. */
  get keyedEnd(): number {
    return this.#keyedEnd;
  }

  /** The conflation keys of the frames. */
  get keys(): Iterable<string> {
    return this.#keys.topics;
  }

  /** The bytes that the frames take. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The cursors of the segment, with their positions. */
  get positions(): Iterable<[cursor: string, position: number]> {
    return this.#positions;
  }

  /**
   * Drops all frames and begins elsewhere in the log. Positions keep growing.
   *
   * @param cursor The cursor at which the segment begins, `""` if it is unknown.
   */
  restart(cursor: string): void {
    this.#frames.clear();
    this.#positions.clear();
    this.#index = new TopicIndex();
    this.#keys = new TopicIndex();
    this.#keyedEnd = 0;
    this.#bytes = 0;
    this.#begin = ++this.#end;
    this.#beginCursor = this.#endCursor = cursor;
    this.#positions.set(cursor, this.#end);
  }

  /** Adds the frame that follows the latest one. */
  add(frame: Frame): void {
    this.#frames.set(this.#end, frame);
    this.#indexEvent(this.#end, frame.event);
    this.#endCursor = frame.event.id;
    this.#positions.set(this.#endCursor, ++this.#end);
    this.#bytes += sizeOf(frame);
    while (this.#bytes > this.maxBytes) this.#dropOldest();
  }

  /**
   * Adds frames before the oldest one, as many of the last ones as there is room for.
   *
   * @param frames The frames, in order.
   * @param cursor The cursor before the first of them.
   */
  prepend(frames: readonly Frame[], cursor: string): void {
    let first = frames.length;
    for (; first > 0; first--) {
      // The index is at least 0.
      const size = sizeOf(frames[first - 1]!);
      if (this.#bytes + size > this.maxBytes) break;
      this.#bytes += size;
    }
    const added = frames.slice(first);
    this.#begin -= added.length;
    this.#beginCursor = frames[first - 1]?.event.id ?? cursor;
    this.#positions.set(this.#beginCursor, this.#begin);
    for (const [index, frame] of added.entries()) {
      this.#frames.set(this.#begin + index, frame);
      this.#positions.set(frame.event.id, this.#begin + index + 1);
    }
    this.#index = new TopicIndex();
    this.#keys = new TopicIndex();
    for (let position = this.#begin; position < this.#end; position++) {
      this.#indexEvent(position, this.eventAt(position));
    }
  }

  /** The position of a cursor; `undefined` if it is older than the segment or unknown. */
  find(cursor: string): number | undefined {
    return this.#positions.get(cursor);
  }

  /** The location of a cursor; `undefined` where {@linkcode Segment.find} gives none. */
  locate(cursor: string): SegmentLocation | undefined {
    const position = this.find(cursor);
    return position === undefined ? undefined : { segment: this, position };
  }

  /** The cursor of a position; `undefined` if the segment does not have the position. */
  cursorOf(position: number): string | undefined {
    return position === this.#begin
      ? this.#beginCursor
      : this.#frames.get(position - 1)?.event.id;
  }

  /**
   * The cursor a number of frames before the end; `undefined` if the segment holds fewer.
   */
  rewind(count: number): string | undefined {
    return this.cursorOf(this.#end - count);
  }

  /**
   * The positions before the frames that a subscriber gets between two positions, in
   * order.
   */
  select(topics: Topics, from: number, to: number): Iterable<number> {
    return topics === "all"
      ? range(from, to)
      : this.#index.select(topics, from, to);
  }

  /** The positions before the frames of a conflation key between two positions, in order. */
  selectKey(key: string, from: number, to: number): readonly number[] {
    return this.#keys.select([key], from, to);
  }

  /** The event after a position, which the segment has to have. */
  eventAt(position: number): LoggedEvent {
    return this.#frameAt(position).event;
  }

  /**
   * The frames that a subscriber gets between two positions, in order. It stops once they
   * have `maxBytes` bytes, but gives at least one frame if there is one.
   */
  slice(topics: Topics, from: number, to: number, maxBytes: number): Excerpt {
    const frames: Frame[] = [];
    let bytes = 0;
    for (const position of this.select(topics, from, to)) {
      if (bytes >= maxBytes) return { frames, end: position };
      const frame = this.#frameAt(position);
      frames.push(frame);
      bytes += frame.bytes.byteLength;
    }
    return { frames, end: to };
  }

  #indexEvent(
    position: number,
    { topics, conflationKey }: LoggedEvent,
  ): void {
    this.#index.add(position, topics);
    if (conflationKey === undefined) return;
    this.#keys.add(position, [conflationKey]);
    this.#keyedEnd = position + 1;
  }

  #dropOldest(): void {
    // There are bytes left, so there is a frame.
    const frame = this.#frameAt(this.#begin);
    this.#positions.delete(this.#beginCursor);
    this.#frames.delete(this.#begin);
    const { topics, conflationKey } = frame.event;
    this.#index.dropFirst(this.#begin, topics);
    if (conflationKey !== undefined) {
      this.#keys.dropFirst(this.#begin, [conflationKey]);
    }
    this.#bytes -= sizeOf(frame);
    this.#beginCursor = frame.event.id;
    this.#begin++;
  }

  #frameAt(position: number): Frame {
    // Every position before the end has a frame.
    return this.#frames.get(position)!;
  }
}

function* range(from: number, to: number): Iterable<number> {
  for (let number = from; number < to; number++) yield number;
}
