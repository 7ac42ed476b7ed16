// Copyright 2026 the Tidings authors. MIT license.

/**
 * Collects events from batches, for the reads of both kinds of logs in Deno KV.
 *
 * @module
 */

import type { ReadBounds } from "../../_log/option_checks.ts";
import {
  type CollectedEvents,
  EventCollector,
} from "../_engine/collect_events.ts";
import type { KvBatch } from "./batches.ts";

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
  state: { readonly epoch: string; readonly last: number },
  after: number,
  bounds: ReadBounds,
): Promise<CollectedEvents> {
  const collector = new EventCollector(state, after, bounds);
  for await (const batch of batches) if (!collector.add(batch)) break;
  return collector.finish();
}
