// Copyright 2026 the Tidings authors. MIT license.

/**
 * Follows a log by reading it again and again: the loop that the engines share.
 *
 * @module
 */

import type {
  EventLogBatch,
  EventLogFollowOptions,
} from "../../_log/event_log.ts";
import { orAborted } from "./retry.ts";

/**
 * How a follower reads a log. It does not retry: a failure ends following, and the caller
 * follows again.
 */
export interface FollowedLog {
  /** Finds the end of the log. */
  findEnd(): Promise<string>;
  /** Reads the events after a cursor. */
  read(after: string): Promise<EventLogBatch>;
  /** Reads the events after a batch. It may wait for them, and give none. */
  readNext(batch: EventLogBatch): Promise<EventLogBatch>;
}

/** Follows a log, as `EventLog.follow`. */
export async function followLog(
  log: FollowedLog,
  onBatch: (batch: EventLogBatch) => void,
  { after, signal }: EventLogFollowOptions,
): Promise<never> {
  let batch = await orAborted(readFirst(log, after), signal);
  for (;;) {
    onBatch(batch);
    do {
      signal?.throwIfAborted();
      batch = await orAborted(log.readNext(batch), signal);
    } while (batch.events.length === 0 && !batch.gap);
  }
}

/** Reads the first batch of a follower: without a cursor, an empty one at the end. */
export async function readFirst(
  log: Pick<FollowedLog, "findEnd" | "read">,
  after: string | undefined,
): Promise<EventLogBatch> {
  return after === undefined
    ? { events: [], cursor: await log.findEnd(), gap: false }
    : await log.read(after);
}
