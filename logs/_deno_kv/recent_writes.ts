// Copyright 2026 the Tidings authors. MIT license.

/**
 * The last writes of a claim. The claim writes them again if they are deleted, or if an
 * older copy of the store is restored.
 *
 * @module
 */

import type { Line } from "./batches.ts";

/** What one commit wrote. */
export interface RecentWrite {
  /** Marks its batches. */
  readonly tag: string;
  /** The sequence of its first event. */
  readonly first: number;
  readonly lines: readonly Line[];
}

/** Beyond one of these, the oldest writes are forgotten. */
const MAX_EVENTS = 1000;
const MAX_BYTES = 1_048_576;

/** The last writes of a claim, the oldest first. */
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
      // It may go if so much is left without it.
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
