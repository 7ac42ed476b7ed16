// Copyright 2026 the Tidings authors. MIT license.

/**
 * Reads the events after a cursor from batches. Both kinds of logs in Deno KV call it.
 *
 * @module
 */

import type { EventLogBatch } from "../../_log/event_log.ts";
import type { ReadBounds } from "../../_log/option_checks.ts";
import { EpochReader, type EpochState } from "../_engine/epoch_reader.ts";
import type { KvBatch } from "./batches.ts";

/**
 * Reads the events after a cursor, as `EventLog.read`.
 *
 * @param state The state of the log, `undefined` if it does not exist.
 * @param after The cursor.
 * @param bounds How much to read.
 * @param readAfter Gives the batches from the one with the first event after a sequence on.
 */
export async function readEvents(
  state: EpochState | undefined,
  after: string,
  bounds: ReadBounds,
  readAfter: (sequence: number) => AsyncIterable<KvBatch>,
): Promise<EventLogBatch> {
  const reader = new EpochReader(state, after, bounds);
  if (reader.next === undefined) return reader.finish();
  for await (const batch of readAfter(reader.next)) {
    reader.add(batch);
    if (reader.next === undefined) break;
  }
  return reader.finish();
}
