// Copyright 2026 the Tidings authors. MIT license.

/**
 * What the token of a claim has written last, so that it can write it again where it is
 * deleted, or an older state of the store was restored.
 *
 * @module
 */

import type { Line } from "./batches.ts";

/** What one commit wrote. */
export interface RecentWrite {
  /** What its batches are marked with. */
  readonly tag: string;
  /** The sequence of its first event. */
  readonly first: number;
  readonly lines: readonly Line[];
}

/** Beyond these, the oldest are forgotten. Whatever is reached first counts. */
const MAX_EVENTS = 1000;
const MAX_BYTES = 1_048_576;

/** The last writes of a token, the oldest first. */
export class RecentWrites {
  readonly #writes: RecentWrite[] = [];
  #events = 0;
  #bytes = 0;

  /** The writes. */
  get all(): readonly RecentWrite[] {
    return this.#writes;
  }

  /** Adds a write. */
  add(write: RecentWrite): void {
    this.#writes.push(write);
    this.#events += write.lines.length;
    this.#bytes += sizeOf(write);
    for (;;) {
      const [oldest] = this.#writes;
      // At least so much is left without it.
      const isMore = oldest !== undefined &&
        (this.#events - oldest.lines.length >= MAX_EVENTS ||
          this.#bytes - sizeOf(oldest) >= MAX_BYTES);
      if (!isMore) return;
      this.#writes.shift();
      this.#events -= oldest.lines.length;
      this.#bytes -= sizeOf(oldest);
    }
  }
}

function sizeOf({ lines }: RecentWrite): number {
  return lines.reduce((sum, { size }) => sum + size, 0);
}
