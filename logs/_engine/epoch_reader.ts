// Copyright 2026 the Tidings authors. MIT license.

/**
 * Reads the events after a cursor, for the engines whose IDs have the form
 * `epoch-sequence`: the engine gives the rows or batches, and this decides what the reader
 * gets of them, and where there is a gap.
 *
 * @module
 */

import type { EventLogBatch, LoggedEvent } from "../../_log/event_log.ts";
import type { ReadBounds } from "../../_log/option_checks.ts";
import { BEGINNING, findSequence } from "./beginning.ts";
import { makeEventLogBatch } from "./event_log_batch.ts";
import { readEventLine } from "./event_line.ts";
import { makeFault } from "./make_fault.ts";

/** Where a log is. */
export interface EpochState {
  /** The first part of the log's IDs. */
  readonly epoch: string;
  /** The sequence of the latest event, 0 before there was one. */
  readonly last: number;
}

/** Consecutive events as they are read. */
export interface EventLines {
  readonly first: number;
  readonly last: number;
  readonly lines: readonly string[];
}

/** One read, as `EventLog.read`. */
export class EpochReader {
  readonly #state: EpochState | undefined;
  readonly #bounds: ReadBounds;
  readonly #events: LoggedEvent[] = [];
  /** The sequence of the last event that was read or skipped. */
  #sequence: number;
  /** The sequence of the last event that was skipped in front of the events. */
  #skippedTo: number | undefined;
  /** Whether the cursor is not one of this log, or is after its end. */
  #isForeign = false;
  #isDone: boolean;
  #size = 0;

  /**
   * @param state The state of the log, `undefined` if it does not exist.
   * @param after The cursor.
   * @param bounds How much to read.
   */
  constructor(
    state: EpochState | undefined,
    after: string,
    bounds: ReadBounds,
  ) {
    this.#state = state;
    this.#bounds = bounds;
    const known = state === undefined
      ? after === BEGINNING ? 0 : undefined
      : findSequence(after, state.epoch);
    const last = state?.last ?? 0;
    // A cursor lies after the end if the engine was restored, or a replica answers.
    this.#isForeign = known === undefined || known > last;
    this.#sequence = Math.min(known ?? 0, last);
    // One of another epoch goes on from the oldest event.
    this.#isDone = state === undefined ||
      (known !== undefined && known >= last);
  }

  /** The sequence after which to read on, `undefined` once no more is needed. */
  get next(): number | undefined {
    return this.#isDone ? undefined : this.#sequence;
  }

  /**
   * Adds consecutive events, the first of them being the one with the next event or a
   * later one.
   */
  add({ first, last, lines }: EventLines): void {
    if (this.#isDone) return;
    const events = this.#events;
    if (first > this.#sequence + 1) {
      // The next read reports what is missing here.
      if (events.length > 0) return void (this.#isDone = true);
      this.#skippedTo = this.#sequence = first - 1;
    }
    if (lines.length !== last - first + 1) {
      this.#sequence = last;
      const expected = "expected a batch of events, got something else";
      events.push(makeFault(this.#id, expected));
    } else {
      this.#addLines(lines.slice(this.#sequence + 1 - first));
    }
    this.#isDone = this.#isFull;
  }

  /** Gives what was read, once there are no further events or none is needed. */
  finish(): EventLogBatch {
    const state = this.#state;
    if (state === undefined) {
      return makeEventLogBatch([], BEGINNING, this.#isForeign);
    }
    // All events after the sequence were deleted, or expired just now.
    if (this.#events.length === 0 && this.#sequence < state.last) {
      this.#skippedTo = this.#sequence = state.last;
    }
    const skippedTo = this.#isForeign ? undefined : this.#skippedTo;
    return makeEventLogBatch(
      this.#events,
      this.#id,
      this.#isForeign || skippedTo !== undefined,
      skippedTo === undefined ? undefined : `${state.epoch}-${skippedTo}`,
    );
  }

  #addLines(lines: readonly string[]): void {
    for (const line of lines) {
      if (this.#isFull) return;
      this.#sequence++;
      this.#events.push(readEventLine(line, this.#id));
      this.#size += 2 * line.length;
    }
  }

  get #id(): string {
    return `${this.#state?.epoch}-${this.#sequence}`;
  }

  /** Whether the bounds are met. A read gives at least one event. */
  get #isFull(): boolean {
    const count = this.#events.length;
    return count > 0 &&
      (count >= this.#bounds.limit || this.#size >= this.#bounds.maxBytes);
  }
}
