// Copyright 2026 the Tidings authors. MIT license.

/**
 * Appends events to Deno KV: those of one event loop turn share a commit, in the order of
 * the calls.
 *
 * @module
 */

import type { EventLogAppendOptions } from "../../_log/event_log.ts";
import { checkAppend } from "../../_log/option_checks.ts";
import { tellAppend } from "../../_log/tell_append.ts";
import type { TextEventInit } from "../../event.ts";
import { AppendQueue } from "../_engine/append_queue.ts";
import { type Line, makeCheckedLine, MAX_EVENT_SIZE } from "./batches.ts";

/** The most that one commit writes. It is little, so that few events are dropped at once. */
const BATCH_BOUNDS = { items: 128, bytes: MAX_EVENT_SIZE };

/** Events that wait to be written. */
export class KvAppendQueue {
  readonly #queue: AppendQueue<Line>;

  /** @param write Writes events, all or none, and gives their IDs. */
  constructor(write: (lines: readonly Line[]) => Promise<readonly string[]>) {
    this.#queue = new AppendQueue(BATCH_BOUNDS, write);
  }

  /**
   * Writes an event. A failure is told, as {@linkcode tellAppend}.
   *
   * @returns Its ID. It rejects with a `TypeError` if the event has an ID, with a
   * `RangeError` if it is too large, and with what writing fails with.
   */
  append(
    event: TextEventInit,
    options: EventLogAppendOptions = {},
  ): Promise<string> {
    return tellAppend(async (noteSignal) => {
      const given = checkAppend(event, options);
      noteSignal(given.signal);
      const line = makeCheckedLine(event, given);
      return await this.#queue.append(line, line.size, given.signal);
    });
  }
}
