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
 * The most entries of this process that are remembered until the channel has followed the
 * log to them. An entry that is forgotten may end streams that were opened after it.
 */
const MAX_APPENDED = 1000;

/**
 * Numbers the streams of a process as they open, and finds the last one that an entry of
 * the log ends. The ID that a client brings does not count: a client could invent one, and
 * its stream would not end. Clocks do not count either, since those of processes differ.
 *
 * When a process sees an entry of another process, all streams that are open end. An entry
 * of this process may be seen after its `append()` has resolved. A stream that opens in
 * between belongs to a client that was let in after the call, so it stays.
 */
export class Disconnections {
  #opened = 0;
  /** The number of the last stream that was open, by the ID of an entry that was not seen. */
  readonly #appended = new Map<string, number>();

  /** Numbers a stream that opens. */
  open(): number {
    return ++this.#opened;
  }

  /**
   * Notes that an entry of this process is in the log.
   *
   * @param id The ID of the entry.
   * @param followed The newest events of the log that this process has seen.
   * @returns `false` if the log is known to have dropped the entry's `disconnect`.
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
    return position === followed.begin ||
      followed.eventAt(position - 1).disconnect === true;
  }

  /** Whether an entry is known to be one of this process that ends streams. */
  has(id: string): boolean {
    return this.#appended.size > 0 && this.#appended.has(id);
  }

  /** Finds the number of the last stream that an entry ends. Called when the entry is seen. */
  take(id: string): number {
    const last = this.#appended.get(id) ?? this.#opened;
    this.#appended.delete(id);
    return last;
  }
}
