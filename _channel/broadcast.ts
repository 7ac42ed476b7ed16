// Copyright 2026 the Tidings authors. MIT license.

/**
 * The frames of one event loop turn, on their way to all groups. The broadcaster
 * makes one; the groups take their chunks from it.
 *
 * @module
 */

import { type Frame, joinFrames } from "./segment.ts";
import type { LoggedEvent } from "../log.ts";

/** The bytes that a live subscriber is handed in one write. */
export interface Chunk {
  /** `undefined` if the subscriber gets none of the events. */
  readonly bytes: Uint8Array<ArrayBuffer> | undefined;
  /** How many events the chunk holds. */
  readonly events: number;
  /** The position after the last of them. */
  readonly end: number;
}

/** The frames of one broadcast. A part of them is a list of their indices, in order. */
export class Broadcast {
  readonly frames: readonly Frame[];
  /** The part that is all frames of events. */
  readonly all: readonly number[];
  /** The part without topics, which every subscriber gets. */
  readonly common: readonly number[];
  /** The cursor before the first frame. */
  readonly before: string;
  /** The position before the first frame. */
  readonly begin: number;
  /** The chunks made so far, by their parts as text. */
  readonly #chunks = new Map<string, Chunk>();
  /** The chunk of all frames. Most groups get all, and need no text to find it. */
  #whole: Chunk | undefined;

  /**
   * @param frames The frames.
   * @param before The cursor before the first frame.
   * @param end The position after the last frame.
   */
  constructor(frames: readonly Frame[], before: string, end: number) {
    this.frames = frames;
    this.all = frames.flatMap(({ ends }, index) => ends ? [] : index);
    const common = this.all.filter((index) =>
      this.eventAt(index).topics === undefined
    );
    this.common = common.length === this.all.length ? this.all : common;
    this.before = before;
    this.begin = end - frames.length;
  }

  /** The event of the frame at an index. */
  eventAt(index: number): LoggedEvent {
    // Every index of a part is the index of a frame.
    return this.frames[index]!.event;
  }

  /** Joins a part into one chunk, once for all groups that get the same part. */
  join(part: readonly number[]): Chunk {
    if (part.length === this.frames.length) {
      return this.#whole ??= this.#make(part);
    }
    const key = part.join();
    let chunk = this.#chunks.get(key);
    if (chunk === undefined) {
      chunk = this.#make(part);
      this.#chunks.set(key, chunk);
    }
    return chunk;
  }

  #make(part: readonly number[]): Chunk {
    // Every index of a part is the index of a frame.
    const frames = part.map((index) => this.frames[index]!);
    return {
      bytes: frames.length === 0 ? undefined : joinFrames(frames),
      events: frames.length,
      end: this.begin + (part.at(-1) ?? -1) + 1,
    };
  }
}
