// Copyright 2026 the Tidings authors. MIT license.

/**
 * Follows a log whose engine tells of changes: waits for one, and reads what is new.
 *
 * @module
 */

import type {
  EventLogBatch,
  EventLogFollowOptions,
} from "../../_log/event_log.ts";
import { isLastBatch } from "./event_log_batch.ts";
import { type FollowedLog, followLog } from "./follow.ts";

/** Waits for changes of a log. */
export interface ChangeWatcher {
  /** Waits for the next change since the last wait, or for a while. */
  next(signal: AbortSignal | undefined): Promise<void>;
  /** Ends the watch. */
  cancel(): Promise<void> | void;
}

/** Follows a log, as `EventLog.follow`: reads it after each change. */
export async function followChanges(
  reader: Pick<FollowedLog, "findEnd" | "read">,
  watch: () => ChangeWatcher,
  onBatch: (batch: EventLogBatch) => void,
  options: EventLogFollowOptions,
): Promise<never> {
  const { signal } = options;
  signal?.throwIfAborted();
  // Watching begins before reading: a change in between would be missed otherwise.
  const changes = watch();
  const readNext = async (batch: EventLogBatch): Promise<EventLogBatch> => {
    // A change since that batch was read ends the wait at once.
    const isLast = batch.events.length === 0 || isLastBatch(batch);
    if (isLast) await changes.next(signal);
    return await reader.read(batch.cursor);
  };
  try {
    return await followLog({ ...reader, readNext }, onBatch, options);
  } finally {
    await changes.cancel();
  }
}
