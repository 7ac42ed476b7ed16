// Copyright 2026 the Tidings authors. MIT license.

/**
 * The last writes of a claim. The claim writes them again if Redis has lost them: after a
 * failover to a replica that lags behind, or a restart from a snapshot.
 *
 * @module
 */

import { isAfter } from "./cursors.ts";

/** An entry as it was written. */
export interface RecentWrite {
  readonly id: string;
  /** Names and values, alternating, as JSON. */
  readonly fields: string;
  /** How many events it has. */
  readonly events: number;
}

/** Beyond one of these, the oldest entries are forgotten. */
const MAX_EVENTS = 1000;
const MAX_BYTES = 1_048_576;

/** The last entries of a claim, the oldest first. */
export class RecentWrites {
  readonly #entries: RecentWrite[] = [];
  #events = 0;
  #bytes = 0;

  /** The ID of the last entry, `undefined` if there is none. */
  get last(): string | undefined {
    return this.#entries.at(-1)?.id;
  }

  /**
   * Adds an entry.
   *
   * @param fields Names and values, alternating. They are copied: a field may be a slice of
   * a large text, and would keep all of it in memory.
   */
  add(id: string, fields: readonly string[], events: number): void {
    const entry = { id, fields: JSON.stringify(fields), events };
    this.#entries.push(entry);
    this.#count(entry, 1);
    for (;;) {
      const [oldest] = this.#entries;
      // It may go if so much is left without it.
      const isMore = oldest !== undefined &&
        (this.#events - oldest.events >= MAX_EVENTS ||
          this.#bytes - sizeOf(oldest) >= MAX_BYTES);
      if (!isMore) return;
      this.#entries.shift();
      this.#count(oldest, -1);
    }
  }

  /** Forgets the last entry, which was not written. */
  removeLast(): void {
    const entry = this.#entries.pop();
    if (entry !== undefined) this.#count(entry, -1);
  }

  /**
   * Gives the entries after an ID up to another one, as many as the bounds allow, but at
   * least one if there is one.
   */
  take(
    after: string,
    upTo: string,
    bounds: { items: number; bytes: number },
  ): readonly RecentWrite[] {
    const taken: RecentWrite[] = [];
    let bytes = 0;
    for (const entry of this.#entries) {
      if (!isAfter(entry.id, after)) continue;
      if (isAfter(entry.id, upTo)) break;
      bytes += sizeOf(entry);
      const isFull = taken.length === bounds.items || bytes > bounds.bytes;
      if (isFull && taken.length > 0) break;
      taken.push(entry);
    }
    return taken;
  }

  #count(entry: RecentWrite, sign: 1 | -1): void {
    this.#events += sign * entry.events;
    this.#bytes += sign * sizeOf(entry);
  }
}

/** The bytes of an entry: two for each UTF-16 code unit. */
function sizeOf({ fields }: RecentWrite): number {
  return 2 * fields.length;
}
