// Copyright 2026 the Tidings authors. MIT license.

/**
 * Makes what a client is sent in place of events that are missing. Subscribers send it;
 * the logs of runs make the same `gap` event.
 *
 * @module
 */

import type { EventChannelOptions } from "./options.ts";
import { assertReturnableId } from "../_validate.ts";
import { encodeEvents } from "../encoder.ts";
import type { ServerSentEventInit, TextEventInit } from "../event.ts";

/** Makes the events that stand in for what is missing after a cursor. */
export type DescribeGap = (
  lastEventId: string,
) =>
  | readonly ServerSentEventInit[]
  | Promise<readonly ServerSentEventInit[]>;

/** The encoded events; `undefined` if there are none. */
export type GapNotice = Uint8Array<ArrayBuffer> | undefined;

/** Makes the `gap` event, which is sent where the server does not define another. */
export function makeGapEvent(lastEventId: string): TextEventInit {
  return { event: "gap", data: JSON.stringify({ lastEventId }) };
}

/**
 * Makes what a client is sent in place of missing events. Without `onGap`, the request is
 * not kept in memory for as long as the client is connected.
 */
export function makeDescribeGap(
  onGap: EventChannelOptions["onGap"],
  request: Request,
): DescribeGap {
  if (onGap === undefined) return describeGap;
  return (lastEventId) =>
    onGap({ lastEventId, request }) ?? describeGap(lastEventId);
}

/**
 * Encodes what stands in for missing events. It does so at once if `describeGap` is
 * synchronous: with thousands of clients that come back together, a promise for each
 * would add to work that already blocks the event loop.
 *
 * @param describeGap Makes the events.
 * @param lastEventId The ID after which events are missing.
 * @param onNotice Called with the notice.
 * @param onError Called instead with what `describeGap` and `encodeEvents` throw, and
 * with a `TypeError` if an ID cannot come back in a header.
 */
export function makeGapNotice(
  describeGap: DescribeGap,
  lastEventId: string,
  onNotice: (notice: GapNotice) => void,
  onError: (error: unknown) => void,
): void {
  let notice: GapNotice | Promise<GapNotice>;
  try {
    const events = describeGap(lastEventId);
    notice = events instanceof Promise ? events.then(encode) : encode(events);
  } catch (error) {
    return onError(error);
  }
  if (notice instanceof Promise) notice.then(onNotice, onError);
  else onNotice(notice);
}

function encode(events: readonly ServerSentEventInit[]): GapNotice {
  for (const { id } of events) assertReturnableId("tell of gap", id);
  return events.length === 0 ? undefined : encodeEvents(events);
}

function describeGap(lastEventId: string): ServerSentEventInit[] {
  return [makeGapEvent(lastEventId)];
}
