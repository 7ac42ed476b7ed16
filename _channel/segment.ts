// Copyright 2026 the Tidings authors. MIT license.

/**
 * A stretch of a log in this process: consecutive events, encoded once. One holds the
 * hot end of the log; others are the segments of its history that are being read.
 *
 * @module
 */

import { joinChunks } from "../_server/join_chunks.ts";
import { TopicIndex, type Topics } from "./topic_index.ts";
import { encodeEvent } from "../encoder.ts";
import type { LoggedEvent } from "../log.ts";

/** An event and its bytes, which belong to the segment and never leave it. */
export interface Frame {
  readonly event: LoggedEvent;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A place between two frames. */
export interface SegmentLocation {
  readonly segment: Segment;
  readonly position: number;
}

/** Frames that a client gets, and how far they reach. */
export interface Excerpt {
  readonly frames: readonly Frame[];
  /** The position up to which there is nothing else for the client. */
  readonly end: number;
}

// What a frame takes besides its bytes, roughly: without it, a segment of very small
// events would be far larger than it was told to be.
const FRAME_OVERHEAD = 256;
const TOPIC_OVERHEAD = 128;

/** How many segments were made. */
let segments = 0;

/** Encodes an event for the segment. */
export function makeFrame(event: LoggedEvent): Frame {
  return { event, bytes: encodeEvent(event) };
}

/** Joins frames into one chunk, in a buffer of its own: it may be handed out. */
export function joinFrames(frames: readonly Frame[]): Uint8Array<ArrayBuffer> {
  return joinChunks(frames.map(({ bytes }) => bytes));
}

/** The bytes that a frame takes in a segment. */
export function sizeOf({ event, bytes }: Frame): number {
  const topics = event.topics?.length ?? 0;
  return bytes.byteLength + FRAME_OVERHEAD + topics * TOPIC_OVERHEAD;
}

/**
 * The latest frames. Each place between two of them has a position, a number that
 * grows by one with each frame, and a cursor, which means the same to the log.
 */
export class Segment {
  /** Tells it from all other segments. */
  readonly number = segments++;
  /** The most bytes that it holds. */
  readonly maxBytes: number;
  /** The frames by the position in front of them. */
  readonly #frames = new Map<number, Frame>();
  /** The positions by their cursors, from `#begin` to `#end`. */
  readonly #positions = new Map<string, number>();
  #index = new TopicIndex();
  #begin = 0;
  #end = 0;
  #beginCursor = "";
  #endCursor = "";
  #bytes = 0;

  /**
   * @param maxBytes The most bytes to hold, with 256 on top for each frame, and 128 for
   * each topic of one.
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

  /** The bytes that it holds. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The cursors of its places, with their positions. */
  get positions(): Iterable<[cursor: string, position: number]> {
    return this.#positions;
  }

  /**
   * Drops all frames and begins elsewhere in the log. Positions go on growing.
   *
   * @param cursor The place where the segment begins, `""` if it is unknown.
   */
  restart(cursor: string): void {
    this.#frames.clear();
    this.#positions.clear();
    this.#index = new TopicIndex();
    this.#bytes = 0;
    this.#begin = ++this.#end;
    this.#beginCursor = this.#endCursor = cursor;
    this.#positions.set(cursor, this.#end);
  }

  /** Adds the frame that follows the latest one. */
  add(frame: Frame): void {
    this.#frames.set(this.#end, frame);
    this.#index.add(this.#end, frame.event.topics);
    this.#endCursor = frame.event.id;
    this.#positions.set(this.#endCursor, ++this.#end);
    this.#bytes += sizeOf(frame);
    while (this.#bytes > this.maxBytes) this.#dropOldest();
  }

  /**
   * Adds as many frames in front of the oldest one as there is room for.
   *
   * @param frames Those before it, in order.
   * @param cursor The place before the first of them.
   */
  prepend(frames: readonly Frame[], cursor: string): void {
    let first = frames.length;
    for (; first > 0; first--) {
      // It is at least 0.
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
    for (let position = this.#begin; position < this.#end; position++) {
      this.#index.add(position, this.#frameAt(position).event.topics);
    }
  }

  /** The position of a cursor, `undefined` if it is older than the segment or unknown. */
  find(cursor: string): number | undefined {
    return this.#positions.get(cursor);
  }

  /** The cursor of a position of the segment, `undefined` if it is older or newer. */
  cursorOf(position: number): string | undefined {
    return position === this.#begin
      ? this.#beginCursor
      : this.#frames.get(position - 1)?.event.id;
  }

  /** The cursor so many frames before the end, `undefined` if the segment holds fewer. */
  rewind(count: number): string | undefined {
    return this.cursorOf(this.#end - count);
  }

  /**
   * What a client gets between two positions of the segment, in order; no further frame
   * once they have that many bytes, but at least one if there is one.
   */
  slice(topics: Topics, from: number, to: number, maxBytes: number): Excerpt {
    const frames: Frame[] = [];
    let bytes = 0;
    const positions = topics === "all"
      ? range(from, to)
      : this.#index.select(topics, from, to);
    for (const position of positions) {
      if (bytes >= maxBytes) return { frames, end: position };
      const frame = this.#frameAt(position);
      frames.push(frame);
      bytes += frame.bytes.byteLength;
    }
    return { frames, end: to };
  }

  #dropOldest(): void {
    // Bytes are left, so there is a frame.
    const frame = this.#frameAt(this.#begin);
    this.#positions.delete(this.#beginCursor);
    this.#frames.delete(this.#begin);
    this.#index.dropFirst(this.#begin, frame.event.topics);
    this.#bytes -= sizeOf(frame);
    this.#beginCursor = frame.event.id;
    this.#begin++;
  }

  #frameAt(position: number): Frame {
    // Every position of the segment before its end has a frame.
    return this.#frames.get(position)!;
  }
}

function* range(from: number, to: number): Iterable<number> {
  for (let number = from; number < to; number++) yield number;
}
