// Copyright 2026 the Tidings authors. MIT license.

/**
 * Appends events to Redis: those of one event loop turn share a command, in the order of
 * the calls.
 *
 * @module
 */

import type { EventLogAppendOptions } from "../../_log/event_log.ts";
import { checkAppend } from "../../_log/option_checks.ts";
import { tellAppend } from "../../_log/tell_append.ts";
import type { TextEventInit } from "../../event.ts";
import {
  AppendQueue,
  type AppendQueueBounds,
} from "../_engine/append_queue.ts";
import { assertNoId } from "../_engine/assert_no_id.ts";
import { makeFields, sizeOf } from "./entries.ts";
import type { WriteLimiter } from "../_engine/write_limiter.ts";

/** Events that wait to be written. */
export class RedisAppendQueue {
  readonly #queue: AppendQueue<string[]>;

  /**
   * @param bounds The most that one command writes.
   * @param write Writes events, given by their fields, all or none, and gives their IDs.
   * @param limiter Delays writes of all queues that share it, if there is one.
   */
  constructor(
    bounds: AppendQueueBounds,
    write: (events: readonly string[][]) => Promise<readonly string[]>,
    limiter?: WriteLimiter,
  ) {
    this.#queue = new AppendQueue(bounds, write, limiter);
  }

  /**
   * Writes an event. A failure is told, as {@linkcode tellAppend}.
   *
   * @returns Its ID. It rejects with a `TypeError` if the event has an ID, and with what
   * writing fails with.
   */
  append(
    event: TextEventInit,
    options: EventLogAppendOptions = {},
  ): Promise<string> {
    return tellAppend(async (noteSignal) => {
      const given = checkAppend(event, options);
      noteSignal(given.signal);
      assertNoId(event);
      const fields = makeFields(event, given);
      return await this.#queue.append(fields, sizeOf(fields), given.signal);
    });
  }
}
