// Copyright 2026 the Tidings authors. MIT license.

/**
 * Decides which streams an entry of the log ends: those that were open when it was
 * appended. The broadcaster asks it, and `EventChannel.disconnect()` tells it what this
 * process has appended.
 *
 * @module
 */

import type { Segment } from "./segment.ts";

/**
 * The most entries of this process that are remembered until they are followed. An entry
 * that is forgotten may end streams that were opened after it.
 */
const MAX_APPENDED = 1000;

/**
 * Numbers the streams of a process as they open, and finds the last one that an entry of
 * the log ends. No clock is asked, and no ID that a client brings: a client could invent
 * one to stay.
 *
 * A process sees an entry when it follows the log up to it: the streams that are open
 * then were open when it was appended, as far as the order of the log tells. An entry of
 * this process may be followed later than its `append()` is fulfilled. What opens in
 * between has seen that it is there, and stays.
 */
export class Disconnections {
  #opened = 0;
  /** The last stream that was open, by the ID of an entry that is not followed so far. */
  readonly #appended = new Map<string, number>();

  /** Numbers a stream that opens. */
  open(): number {
    return ++this.#opened;
  }

  /**
   * Notes that an entry of this process is in the log.
   *
   * @param id The ID of the entry.
   * @param followed What was followed of the log so far.
   * @returns Whether the log has kept what the entry is, as far as that can be told.
   */
  noteAppended(id: string, followed: Segment): boolean {
    const position = followed.find(id);
    if (position === undefined) {
      this.#appended.set(id, this.#opened);
      if (this.#appended.size > MAX_APPENDED) {
        const [oldest = ""] = this.#appended.keys();
        this.#appended.delete(oldest);
      }
      return true;
    }
    const isKept = position === followed.begin ||
      followed.eventAt(position - 1).disconnect === true;
    return isKept;
  }

  /** Whether an entry is known to be one of this process that ends streams. */
  has(id: string): boolean {
    return this.#appended.size > 0 && this.#appended.has(id);
  }

  /** Finds the number of the last stream that an entry ends, when it is followed. */
  take(id: string): number {
    const last = this.#appended.get(id) ?? this.#opened;
    this.#appended.delete(id);
    return last;
  }
}
