// Copyright 2026 the Tidings authors. MIT license.

/**
 * Decides when a log drops old events, where that is a call of its own to the engine: after a
 * number of events that this process has written or followed, and at an interval.
 *
 * @module
 */

import { warn } from "../../_warning.ts";
import type { KeptEvents } from "./kept_events.ts";
import { orTimedOut } from "./retry.ts";

/** What to keep of a log. */
export interface RetentionBounds extends KeptEvents {
  /** Bytes of UTF-8, or `Infinity`. */
  readonly maxBytes: number;
}

/** The most milliseconds that an append or a follower waits until events are dropped. */
const PATIENCE = 1000;
/** Milliseconds after which a drop that was not answered does not stop the next one. */
const OVERDUE = 60_000;
/** Milliseconds between two drops of what is too old while no events come. */
const IDLE_INTERVAL = 60_000;

/** Drops events of one log when it is time. */
export class Retention {
  readonly #drop: () => Promise<void>;
  readonly #events: number;
  readonly #bytes: number;
  readonly #maxAge: number;
  readonly #interval: number;
  /** How many events, and bytes, until events are dropped. The first use drops. */
  #eventsLeft = 0;
  #bytesLeft = 0;
  #next = 0;
  /** When there were events last; before this process, there may have been some. */
  #noted = performance.now();
  /** When the last drop that succeeded began. */
  #dropped = -Infinity;
  /** When the drop under way began; `undefined` if there is none. */
  #began: number | undefined;
  /** Whether the last attempt failed, which is told once. */
  #isTold = false;

  /** @param drop Drops what is too old or too much. */
  constructor(
    { maxEvents, maxBytes, maxAge }: RetentionBounds,
    drop: () => Promise<void>,
  ) {
    this.#drop = drop;
    this.#events = clamp(maxEvents / 10, 100, 1000);
    this.#bytes = clamp(maxBytes / 10, 65_536, Infinity);
    this.#maxAge = maxAge;
    this.#interval = clamp(maxAge / 10, 100, 60_000);
    if (maxAge === Infinity) this.#interval = Infinity;
    const isBounded = Math.min(maxEvents, maxBytes, maxAge) < Infinity;
    if (!isBounded) this.#eventsLeft = this.#bytesLeft = this.#next = Infinity;
  }

  /** Notes that this process has written or followed events. */
  note(lines: readonly string[]): void {
    if (lines.length > 0) this.#noted = performance.now();
    this.#eventsLeft -= lines.length;
    for (const line of lines) this.#bytesLeft -= line.length;
  }

  /** Drops events if it is time. It never fails; `signal` ends the wait for it. */
  async dropIfDue(signal?: AbortSignal): Promise<void> {
    const now = performance.now();
    const isDue = this.#eventsLeft <= 0 || this.#bytesLeft <= 0 ||
      now >= this.#next && this.#mayHaveOld(now);
    const isBusy = this.#began !== undefined && now < this.#began + OVERDUE;
    if (!isDue || isBusy) return;
    this.#eventsLeft = this.#events;
    this.#bytesLeft = this.#bytes;
    this.#next = now + this.#interval;
    this.#began = now;
    await orTimedOut(this.#tryDrop(now), PATIENCE, "drop events", signal)
      .catch(() => {});
  }

  /** Whether an event may have become too old since the last drop. */
  #mayHaveOld(now: number): boolean {
    // When all are, and some time more, since the clock of the engine is another one.
    const end = this.#noted + 1.1 * this.#maxAge;
    if (now >= end) return this.#dropped < end;
    return this.#noted > this.#dropped || now >= this.#dropped + IDLE_INTERVAL;
  }

  async #tryDrop(began: number): Promise<void> {
    try {
      await this.#drop();
      this.#dropped = began;
      this.#isTold = false;
    } catch (error) {
      const what = "Old events of a log were not dropped";
      if (!this.#isTold) warn("TIDINGS_LOG", what, error);
      this.#isTold = true;
    }
    if (this.#began === began) this.#began = undefined;
  }
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max);
}
