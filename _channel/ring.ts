// Copyright 2026 the Tidings authors. MIT license.

/**
 * The hot end of a log in this process: its latest events, encoded once.
 *
 * @module
 */

import { joinChunks } from "../_server/body.ts";
import { encodeEvent } from "../encoder.ts";
import type { LoggedEvent } from "../log.ts";

/** An event and its bytes, which belong to the ring and never leave it. */
export interface Frame {
  readonly event: LoggedEvent;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

// What a frame takes besides its bytes, roughly: without it, a ring of very small
// events would be far larger than it was told to be.
const FRAME_OVERHEAD = 256;

/** Encodes an event for the ring. */
export function makeFrame(event: LoggedEvent): Frame {
  return { event, bytes: encodeEvent(event) };
}

/** Joins frames into one chunk, in a buffer of its own: it may be handed out. */
export function joinFrames(frames: readonly Frame[]): Uint8Array<ArrayBuffer> {
  return joinChunks(frames.map(({ bytes }) => bytes));
}

/**
 * The latest frames. Each place between two of them has a position, a number that
 * grows by one with each frame, and a cursor, which means the same to the log.
 */
export class Ring {
  readonly #maxBytes: number;
  /** The frames by the position in front of them. */
  readonly #frames = new Map<number, Frame>();
  /** The positions by their cursors, from `#begin` to `#end`. */
  readonly #positions = new Map<string, number>();
  #begin = 0;
  #end = 0;
  #beginCursor = "";
  #endCursor = "";
  #bytes = 0;

  /** @param maxBytes The most bytes to hold, with 256 on top for each frame. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The position after the latest frame. */
  get end(): number {
    return this.#end;
  }

  /** The cursor of {@linkcode Ring.end}. */
  get endCursor(): string {
    return this.#endCursor;
  }

  /**
   * Drops all frames and begins elsewhere in the log. Positions go on growing.
   *
   * @param cursor The place where the ring begins, `""` if it is unknown.
   */
  restart(cursor: string): void {
    this.#frames.clear();
    this.#positions.clear();
    this.#bytes = 0;
    this.#begin = ++this.#end;
    this.#beginCursor = this.#endCursor = cursor;
    this.#positions.set(cursor, this.#end);
  }

  /** Adds the frame that follows the latest one. */
  add(frame: Frame): void {
    this.#frames.set(this.#end, frame);
    this.#endCursor = frame.event.id;
    this.#positions.set(this.#endCursor, ++this.#end);
    this.#bytes += frame.bytes.byteLength + FRAME_OVERHEAD;
    while (this.#bytes > this.#maxBytes) this.#dropOldest();
  }

  /** The position of a cursor, `undefined` if it is older than the ring or unknown. */
  find(cursor: string): number | undefined {
    return this.#positions.get(cursor);
  }

  /** The cursor so many frames before the end, `undefined` if the ring holds fewer. */
  rewind(count: number): string | undefined {
    const position = this.#end - count;
    return position === this.#begin
      ? this.#beginCursor
      : this.#frames.get(position - 1)?.event.id;
  }

  /**
   * The frames between two positions of the ring, in order; no further one once
   * they have that many bytes, but at least one.
   */
  slice(from: number, to: number, maxBytes: number): Frame[] {
    const frames: Frame[] = [];
    let bytes = 0;
    for (let position = from; position < to && bytes < maxBytes; position++) {
      // Every position of the ring before its end has a frame.
      const frame = this.#frames.get(position)!;
      frames.push(frame);
      bytes += frame.bytes.byteLength;
    }
    return frames;
  }

  #dropOldest(): void {
    // Bytes are left, so there is a frame.
    const { event, bytes } = this.#frames.get(this.#begin)!;
    this.#positions.delete(this.#beginCursor);
    this.#frames.delete(this.#begin);
    this.#bytes -= bytes.byteLength + FRAME_OVERHEAD;
    this.#beginCursor = event.id;
    this.#begin++;
  }
}
