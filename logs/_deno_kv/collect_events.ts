// Copyright 2026 the Tidings authors. MIT license.

/**
 * Collects events from batches, for the reads of both kinds of logs in Deno KV.
 *
 * @module
 */

import type { LoggedEvent } from "../../_log/event_log.ts";
import type { ReadBounds } from "../../_log/option_checks.ts";
import { makeFault } from "../_engine/make_fault.ts";
import { type KvBatch, readLine } from "./batches.ts";

/** Events, and what was skipped before them. */
export interface CollectedEvents {
  readonly events: readonly LoggedEvent[];
  /** The sequence of the last event that was read or skipped. */
  readonly sequence: number;
  /** The sequence of the last skipped event, `undefined` if none was. */
  readonly skippedTo: number | undefined;
}

/**
 * Collects the events after a sequence until the bounds are met, or until the next missing
 * event.
 *
 * @param batches The batches from the one with the first event on.
 * @param state The state of the log.
 * @param after The sequence, less than that of the last event.
 * @param bounds How much to collect.
 * @returns The events.
 */
export async function collectEvents(
  batches: AsyncIterable<KvBatch>,
  { epoch, last }: { readonly epoch: string; readonly last: number },
  after: number,
  { limit, maxBytes }: ReadBounds,
): Promise<CollectedEvents> {
  const events: LoggedEvent[] = [];
  let sequence = after;
  let skippedTo: number | undefined;
  let size = 0;
  const isFull = (): boolean => events.length >= limit || size >= maxBytes;
  for await (const batch of batches) {
    if (batch.first > sequence + 1) {
      // The next read reports what is missing here.
      if (events.length > 0) break;
      skippedTo = sequence = batch.first - 1;
    }
    if (batch.lines.length !== batch.last - batch.first + 1) {
      if (isFull() && events.length > 0) break;
      sequence = batch.last;
      const expected = "expected a batch of events, got something else";
      events.push(makeFault(`${epoch}-${sequence}`, expected));
      continue;
    }
    for (const line of batch.lines.slice(sequence + 1 - batch.first)) {
      if (isFull() && events.length > 0) break;
      sequence++;
      events.push(readLine(line, `${epoch}-${sequence}`));
      size += 2 * line.length;
    }
    if (isFull()) break;
  }
  // All events after the sequence were deleted, or expired just now.
  if (events.length === 0 && sequence < last) skippedTo = sequence = last;
  return { events, sequence, skippedTo };
}
