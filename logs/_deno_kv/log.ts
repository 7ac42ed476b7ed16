// Copyright 2026 the Tidings authors. MIT license.

/**
 * The log of a `DenoKvEventLog`.
 *
 * @module
 */

import { compareEpochCursors } from "../../_log/epoch_cursor.ts";
import type {
  EventLog,
  EventLogAppendOptions,
  EventLogBatch,
} from "../../_log/event_log.ts";
import type { ReadBounds } from "../../_log/option_checks.ts";
import type { TextEventInit } from "../../event.ts";
import { BEGINNING } from "../_engine/beginning.ts";
import { findPosition } from "../_engine/epoch_reader.ts";
import { LogCalls } from "../_engine/log_calls.ts";
import { KvAppendQueue } from "./append_queue.ts";
import { classifyError } from "./error_kinds.ts";
import type { KvHistory } from "./history.ts";
import { readEvents } from "./read_events.ts";

/** The log of a prefix. */
export class KvLog extends LogCalls implements EventLog {
  readonly #appends: KvAppendQueue;

  /**
   * @param name What errors call the log.
   * @param pollInterval Milliseconds after which a follower reads even without a change.
   * @param timeout Milliseconds without an answer after which a call fails.
   */
  constructor(
    history: KvHistory,
    name: string,
    pollInterval: number,
    timeout: number,
  ) {
    super(
      {
        read: (after, bounds) => read(history, after, bounds),
        rewind: (count) => rewind(history, count),
        watch: () => history.watch(pollInterval),
      },
      { timeout, name, classifyError },
    );
    this.#appends = new KvAppendQueue((lines) =>
      this.retry(history.prepareWrite(lines), "append to")
    );
  }

  append(
    event: TextEventInit,
    options: EventLogAppendOptions = {},
  ): Promise<string> {
    return this.#appends.append(event, options);
  }

  compare(a: string, b: string): number | undefined {
    return compareEpochCursors(a, b);
  }
}

async function read(
  history: KvHistory,
  after: string,
  bounds: ReadBounds,
): Promise<EventLogBatch> {
  const state = await history.readState();
  // A channel's log always has an epoch, so this cursor is none of its own.
  const cursor = after === BEGINNING ? "" : after;
  // Nor has it events that a claim could miss.
  const { gapCursor: _, ...batch } = await readEvents(
    state,
    cursor,
    bounds,
    (sequence) => history.batchesAfter(sequence),
  );
  return batch;
}

async function rewind(history: KvHistory, count: number): Promise<string> {
  const state = await history.readState();
  return findPosition(state, count, await history.findOldest());
}
