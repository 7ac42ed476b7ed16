// Copyright 2026 the Tidings authors. MIT license.

/**
 * What a subscriber is sent in place of events that are missing.
 *
 * @module
 */

import { assertReturnableId } from "../_validate.ts";
import { encodeEvents } from "../encoder.ts";
import type { ServerSentEventInit, TextEventInit } from "../event.ts";

/** Tells what a client is sent that is known to be at a cursor. */
export type DescribeGap = (
  lastEventId: string,
) =>
  | readonly ServerSentEventInit[]
  | Promise<readonly ServerSentEventInit[]>;

/** The chunk of a notice, `undefined` if there is nothing to send. */
export type GapNotice = Uint8Array<ArrayBuffer> | undefined;

/** The event that tells of a gap after an ID, where the server does not say otherwise. */
export function makeGapEvent(lastEventId: string): TextEventInit {
  return { event: "gap", data: JSON.stringify({ lastEventId }) };
}

/**
 * Makes what a client is sent, at once if that takes no time: with thousands of clients
 * that come back together, each wait would add to the work that nothing interrupts.
 *
 * @throws What `describeGap` and `encodeEvents` throw, and a `TypeError` if an ID cannot
 * come back in a header. The promise rejects with the same.
 */
export function makeGapNotice(
  describeGap: DescribeGap,
  lastEventId: string,
): GapNotice | Promise<GapNotice> {
  const events = describeGap(lastEventId);
  return events instanceof Promise ? events.then(encode) : encode(events);
}

function encode(events: readonly ServerSentEventInit[]): GapNotice {
  for (const { id } of events) assertReturnableId("tell of gap", id);
  return events.length === 0 ? undefined : encodeEvents(events);
}
