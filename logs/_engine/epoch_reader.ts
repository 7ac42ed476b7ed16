// Copyright 2026 the Tidings authors. MIT license.

/**
 * Reads the events after a cursor, for logs whose IDs have the form `epoch-sequence`, such as
 * all in SQLite and Deno KV. The history of the log adds rows or batches, and the reader
 * decides which events they give, and where there is a gap.
 *
 * @module
 */

import type { EventLogBatch, LoggedEvent } from "../../_log/event_log.ts";
import type { ReadBounds } from "../../_log/option_checks.ts";
import { BEGINNING, findSequence } from "./beginning.ts";
import { makeEventLogBatch } from "./event_log_batch.ts";
import { readEventLine } from "./event_line.ts";
import { makeFault } from "./make_fault.ts";

/** The end of a log. */
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

/**
 * Finds the position `count` events before the end, as `EventLog.rewind`.
 *
 * @param state The state of the log, `undefined` if it does not exist.
 * @param oldest The sequence of the oldest event, `undefined` if there is none.
 */
export function findPosition(
  state: EpochState | undefined,
  count: number,
  oldest: number | undefined,
): string {
  if (state === undefined) return BEGINNING;
  const { epoch, last } = state;
  // The oldest may have been appended after the state was read.
  const first = Math.min(oldest ?? Infinity, last + 1);
  return `${epoch}-${Math.max(first - 1, last - count)}`;
}

/** One read, as `EventLog.read`. */
export class EpochReader {
  readonly #state: EpochState | undefined;
  readonly #bounds: ReadBounds;
  readonly #events: LoggedEvent[] = [];
  /** The sequence of the last event that was read or skipped. */
  #sequence: number;
  /** The sequence of the last event that is missing before the first one that was read. */
  #skippedTo: number | undefined;
  /** Whether the cursor is of another log or epoch, or lies after the end. */
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
    // A cursor lies after the end if the engine was restored from a backup, or if a replica
    // answers that lags behind.
    this.#isForeign = known === undefined || known > last;
    this.#sequence = Math.min(known ?? 0, last);
    // A reader with a cursor of another epoch continues from the oldest event.
    this.#isDone = state === undefined ||
      (known !== undefined && known >= last);
  }

  /** The sequence after which to read on, `undefined` once no more is needed. */
  get next(): number | undefined {
    return this.#isDone ? undefined : this.#sequence;
  }

  /**
   * Adds consecutive events: those that have the event after {@linkcode next}, or later ones
   * if it is missing.
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

  /** Adds the event of a sequence, as {@linkcode EpochReader.add}. */
  addLine(sequence: number, line: string): void {
    this.add({ first: sequence, last: sequence, lines: [line] });
  }

  /** Gives the batch. Called when there are no further events, or none is needed. */
  finish(): EventLogBatch {
    const state = this.#state;
    if (state === undefined) {
      return makeEventLogBatch([], BEGINNING, this.#isForeign);
    }
    // No row was found up to the end: the events were deleted, or have just expired.
    if (this.#events.length === 0 && this.#sequence < state.last) {
      this.#skippedTo = this.#sequence = state.last;
    }
    const skippedTo = this.#isForeign ? undefined : this.#skippedTo;
    return makeEventLogBatch(
      this.#events,
      this.#id,
      this.#isForeign || skippedTo !== undefined,
      skippedTo === undefined ? undefined : `${state.epoch}-${skippedTo}`,
      this.#sequence >= state.last,
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
