// Copyright 2026 the Tidings authors. MIT license.

/**
 * Appends events to Redis: those of one event loop turn share a command.
 *
 * @module
 */

import {
  AppendQueue,
  type AppendQueueBounds,
} from "../_engine/append_queue.ts";
import { assertNoId } from "../_engine/assert_no_id.ts";
import { EventQueue } from "../_engine/event_queue.ts";
import type { WriteLimiter } from "../_engine/write_limiter.ts";
import { makeFields, sizeOf } from "./entries.ts";

/** Events that wait to be written. */
export class RedisAppendQueue extends EventQueue<string[]> {
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
    const queue = new AppendQueue(bounds, write, limiter);
    super(queue, (event, given) => {
      assertNoId(event);
      return makeFields(event, given);
    }, sizeOf);
  }
}
