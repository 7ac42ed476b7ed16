// Copyright 2026 the Tidings authors. MIT license.

/**
 * The last writes of a claim, or of a log that keeps its claims in its state. They are written
 * again if the engine loses them: if they are deleted, or after a failover or a restart from an
 * older copy.
 *
 * @module
 */

/** What a write takes. */
export interface WriteSize {
  readonly events: number;
  readonly bytes: number;
}

/** Beyond one of these, the oldest writes are forgotten. */
const MAX_EVENTS = 1000;
const MAX_BYTES = 1_048_576;

/** The last writes, the oldest first. */
export class RecentWrites<T> {
  readonly #measure: (write: T) => WriteSize;
  readonly #writes: T[] = [];
  #events = 0;
  #bytes = 0;

  /** @param measure Tells what a write takes. */
  constructor(measure: (write: T) => WriteSize) {
    this.#measure = measure;
  }

  /** The writes. */
  get all(): readonly T[] {
    return this.#writes;
  }

  /** Adds a write. */
  add(write: T): void {
    this.#writes.push(write);
    this.#count(write, 1);
    for (;;) {
      const [oldest] = this.#writes;
      if (oldest === undefined) return;
      const { events, bytes } = this.#measure(oldest);
      // It may go if so much is left without it.
      const isMore = this.#events - events >= MAX_EVENTS ||
        this.#bytes - bytes >= MAX_BYTES;
      if (!isMore) return;
      this.#writes.shift();
      this.#count(oldest, -1);
    }
  }

  /** Forgets the last write, which was not done. */
  removeLast(): void {
    const write = this.#writes.pop();
    if (write !== undefined) this.#count(write, -1);
  }

  #count(write: T, sign: 1 | -1): void {
    const { events, bytes } = this.#measure(write);
    this.#events += sign * events;
    this.#bytes += sign * bytes;
  }
}
