// Copyright 2026 the Tidings authors. MIT license.

/**
 * What one turn of the event loop brought, joined once for all who get the same of it.
 *
 * @module
 */

import { type Frame, joinFrames } from "./segment.ts";
import type { LoggedEvent } from "../log.ts";

/** What a client is given at once. */
export interface Chunk {
  /** `undefined` if there is nothing for the client. */
  readonly bytes: Uint8Array<ArrayBuffer> | undefined;
  /** How many events they are. */
  readonly events: number;
  /** The position after the last of them. */
  readonly end: number;
}

/** The frames of one turn. A part of them is told by their indices, in order. */
export class Broadcast {
  readonly frames: readonly Frame[];
  /** All of them. */
  readonly all: readonly number[];
  /** Those without topics, which everybody gets. */
  readonly common: readonly number[];
  /** The cursor of the place before the first frame. */
  readonly before: string;
  /** The position before the first frame. */
  readonly begin: number;
  /** The chunks made so far, by their indices as text. */
  readonly #chunks = new Map<string, Chunk>();
  /** The chunk of all frames, which needs no such text. */
  #whole: Chunk | undefined;

  /**
   * @param frames What the turn brought.
   * @param before The cursor of the place before the first frame.
   * @param end The position after the last of them.
   */
  constructor(frames: readonly Frame[], before: string, end: number) {
    this.frames = frames;
    this.all = [...frames.keys()];
    const common = this.all.filter((index) =>
      this.eventAt(index).topics === undefined
    );
    this.common = common.length === frames.length ? this.all : common;
    this.before = before;
    this.begin = end - frames.length;
  }

  /** The event of one of the frames. */
  eventAt(index: number): LoggedEvent {
    // There is a frame at each index.
    return this.frames[index]!.event;
  }

  /** Joins a part, once for all groups that have the same. */
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
    // The indices are those of frames.
    const frames = part.map((index) => this.frames[index]!);
    return {
      bytes: frames.length === 0 ? undefined : joinFrames(frames),
      events: frames.length,
      end: this.begin + (part.at(-1) ?? -1) + 1,
    };
  }
}
