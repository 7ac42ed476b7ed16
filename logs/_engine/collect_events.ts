// Copyright 2026 the Tidings authors. MIT license.

/**
 * Collects events from numbered batches, for the reads of the logs in Deno KV and in SQLite.
 *
 * @module
 */

import type { LoggedEvent } from "../../_log/event_log.ts";
import type { ReadBounds } from "../../_log/option_checks.ts";
import { readEventLine } from "./event_line.ts";
import { makeFault } from "./make_fault.ts";

/** Consecutive events as they are read. */
export interface EventLines {
  readonly first: number;
  readonly last: number;
  readonly lines: readonly string[];
}

/** Events, and what was skipped before them. */
export interface CollectedEvents {
  readonly events: readonly LoggedEvent[];
  /** The sequence of the last event that was read or skipped. */
  readonly sequence: number;
  /** The sequence of the last skipped event, `undefined` if none was. */
  readonly skippedTo: number | undefined;
}

/**
 * Collects the events after a sequence until the bounds are met, or until the next missing
 * event.
 */
export class EventCollector {
  readonly #state: { readonly epoch: string; readonly last: number };
  readonly #bounds: ReadBounds;
  readonly #events: LoggedEvent[] = [];
  #sequence: number;
  #skippedTo: number | undefined;
  #size = 0;

  /**
   * @param state The state of the log.
   * @param after The sequence, less than that of the last event.
   * @param bounds How much to collect.
   */
  constructor(
    state: { readonly epoch: string; readonly last: number },
    after: number,
    bounds: ReadBounds,
  ) {
    this.#state = state;
    this.#sequence = after;
    this.#bounds = bounds;
  }

  /**
   * Adds a batch; the first is the one with the first event.
   *
   * @returns Whether there is room for the next one.
   */
  add(batch: EventLines): boolean {
    const events = this.#events;
    if (batch.first > this.#sequence + 1) {
      // The next read reports what is missing here.
      if (events.length > 0) return false;
      this.#skippedTo = this.#sequence = batch.first - 1;
    }
    if (batch.lines.length !== batch.last - batch.first + 1) {
      if (this.#isFull && events.length > 0) return false;
      this.#sequence = batch.last;
      const expected = "expected a batch of events, got something else";
      events.push(makeFault(this.#id, expected));
      return true;
    }
    for (const line of batch.lines.slice(this.#sequence + 1 - batch.first)) {
      if (this.#isFull && events.length > 0) break;
      this.#sequence++;
      events.push(readEventLine(line, this.#id));
      this.#size += 2 * line.length;
    }
    return !this.#isFull;
  }

  /** Gives what was collected, once there is no further batch or no room. */
  finish(): CollectedEvents {
    const { last } = this.#state;
    // All events after the sequence were deleted, or expired just now.
    if (this.#events.length === 0 && this.#sequence < last) {
      this.#skippedTo = this.#sequence = last;
    }
    return {
      events: this.#events,
      sequence: this.#sequence,
      skippedTo: this.#skippedTo,
    };
  }

  get #id(): string {
    return `${this.#state.epoch}-${this.#sequence}`;
  }

  get #isFull(): boolean {
    return this.#events.length >= this.#bounds.limit ||
      this.#size >= this.#bounds.maxBytes;
  }
}
