// Copyright 2026 the Tidings authors. MIT license.

/**
 * What the log of a run holds besides the events of its source: that it was started,
 * and how it has ended.
 *
 * These are told by a comment, which no receiver takes for an event: a reader gets them
 * as they are, and they do no harm. Comments of the source are not kept, so that none of
 * them is taken for one of ours.
 *
 * @module
 */

import { withData } from "../_encoder/event_data.ts";
import { encodeEvent } from "../encoder.ts";
import type { ServerSentEventInit, TextEventInit } from "../event.ts";
import type { EventLogState, LoggedEvent } from "../log.ts";

/**
 * How a run has ended: its source came to its end (`"done"`), somebody stopped it
 * (`"stopped"`), its source failed or reached a limit (`"failed"`), or the process that
 * produced it is gone (`"lost"`).
 */
export type EventRunEnd = "done" | "stopped" | "failed" | "lost";

/** How a run is doing: it is being produced, or it has ended. */
export type EventRunStatus = "running" | EventRunEnd;

const START_COMMENT = "run started";
const END_COMMENT = "run ended: ";
const ENDS: readonly string[] = ["done", "stopped", "failed", "lost"];

/** The entry that a run begins with. */
export const START_ENTRY: TextEventInit = { comment: START_COMMENT };

/** The entry that tells the process that produces a run to stop. */
export const STOP_ENTRY: TextEventInit = { comment: "run to be stopped" };

/** How the end of a run is told. */
export interface EndOptions {
  /** Makes the event that readers are told the end with, if there is to be one. */
  endEvent: (end: EventRunEnd) => ServerSentEventInit | undefined;
  /** Told what is wrong with that event. */
  onError: (error: unknown, id: string) => void;
}

/** Makes the last entry of a run. An event that is wrong must not keep a run from its end. */
export function makeEndEntry(
  end: EventRunEnd,
  id: string,
  { endEvent, onError }: EndOptions,
): TextEventInit {
  const comment = END_COMMENT + end;
  try {
    const { event, data, retry } = withData(endEvent(end) ?? {});
    const entry = { comment, event, data, retry };
    encodeEvent(entry);
    return entry;
  } catch (error) {
    onError(error, id);
    return { comment };
  }
}

/** Reads how a run has ended from an entry, `undefined` if it is not the last one. */
export function readEnd({ comment }: LoggedEvent): EventRunEnd | undefined {
  if (comment === undefined || !comment.startsWith(END_COMMENT)) {
    return undefined;
  }
  const end = comment.slice(END_COMMENT.length);
  return ENDS.includes(end) ? end as EventRunEnd : undefined;
}

/** Whether an entry ends a run. */
export function isEnd(entry: LoggedEvent): boolean {
  return readEnd(entry) !== undefined;
}

/** Whether a reader gets nothing from an entry: it has no data to dispatch. */
export function isInvisible({ data, retry }: LoggedEvent): boolean {
  return data === undefined && retry === undefined;
}

/**
 * Reads how a run is doing from what is known of its name; `"abandoned"` if nobody
 * produces it any more and it has no end yet, `undefined` if there is no run.
 */
export function readStatus(
  { last, isClaimed }: EventLogState,
): EventRunStatus | "abandoned" | undefined {
  const end = last === undefined ? undefined : readEnd(last);
  if (end !== undefined) return end;
  if (isClaimed) return "running";
  return last === undefined ? undefined : "abandoned";
}
