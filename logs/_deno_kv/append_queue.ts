// Copyright 2026 the Tidings authors. MIT license.

/**
 * Appends events to Deno KV: those of one event loop turn share a commit.
 *
 * @module
 */

import { AppendQueue } from "../_engine/append_queue.ts";
import { EventQueue } from "../_engine/event_queue.ts";
import { type Line, makeCheckedLine, MAX_EVENT_SIZE } from "./batches.ts";

/** The most that one commit writes. It is little, so that few events are dropped at once. */
const BATCH_BOUNDS = { items: 128, bytes: MAX_EVENT_SIZE };

/** Events that wait to be written. */
export class KvAppendQueue extends EventQueue<Line> {
  /** @param write Writes events, all or none, and gives their IDs. */
  constructor(write: (lines: readonly Line[]) => Promise<readonly string[]>) {
    const queue = new AppendQueue(BATCH_BOUNDS, write);
    super(queue, makeCheckedLine, ({ size }) => size);
  }
}
