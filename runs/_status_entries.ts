// Copyright 2026 the Tidings authors. MIT license.

/**
 * The entries in the logs of a run that tell its status: that it was started, that it
 * is to stop, and how it ended. Producers write them; readers and the registry read them.
 *
 * Each is an event with a comment, which a client does not dispatch. Comments of the
 * source are dropped, so that no source can end a run with the comment of an end.
 *
 * @module
 */

import { withData } from "../_encoder/event_data.ts";
import { encodeEvent } from "../encoder.ts";
import type { ServerSentEventInit, TextEventInit } from "../event.ts";
import type { EventLogState, LoggedEvent } from "../log.ts";

/**
 * How a run ended: its source came to its end (`"done"`), `stop()` was called
 * (`"stopped"`), its source failed or exceeded a limit (`"failed"`), the process that
 * produced it is gone (`"lost"`), or another run with its ID took its place
 * (`"replaced"`).
 */
export type EventRunEnd = "done" | "stopped" | "failed" | "lost" | "replaced";

/**
 * The status of a run: it is being produced, or how it ended. It is never `"replaced"`,
 * since the ID then is that of another run.
 */
export type EventRunStatus = "running" | EventRunEnd;

const START_COMMENT = "run started";
const CONTINUATION_COMMENT = "run continued";
const END_COMMENT = "run ended: ";
const ENDS: readonly string[] = [
  "done",
  "stopped",
  "failed",
  "lost",
  "replaced",
];
const STOP_COMMENT = "run to be stopped";
const REPLACEMENT_COMMENT = "run was replaced";

/** The first entry of a run. */
export const START_ENTRY: TextEventInit = { comment: START_COMMENT };

/** The entry after the end of a run that goes on (`restart: "after"`). */
export const CONTINUATION_ENTRY: TextEventInit = {
  comment: CONTINUATION_COMMENT,
};

/**
 * Makes the entry that tells the producer of a run to stop, in a log of its own.
 *
 * @param end Why it is to stop.
 * @param claimId The ID of the claim under which the run is produced. A later run with
 * the same ID ignores the entry.
 * @returns The entry.
 */
export function makeStopEntry(
  end: "stopped" | "replaced",
  claimId: string | undefined,
): TextEventInit {
  const comment = end === "stopped" ? STOP_COMMENT : REPLACEMENT_COMMENT;
  return claimId === undefined ? { comment } : { comment, data: claimId };
}

/**
 * Reads from entries of a stop log how a run is to end.
 *
 * @param entries The entries.
 * @param claimId The ID of the claim under which the run is produced, if it has one.
 * @returns How the run is to end, `undefined` if no entry is for it.
 */
export function readStop(
  entries: readonly LoggedEvent[],
  claimId: string | undefined,
): "stopped" | "replaced" | undefined {
  const entry = entries.find(({ data }) =>
    data === undefined || claimId === undefined || data === claimId
  );
  if (entry === undefined) return undefined;
  return entry.comment === REPLACEMENT_COMMENT ? "replaced" : "stopped";
}

/** What makes the last entry of a run. */
export interface EndOptions {
  /** Makes the event that tells readers the end; `undefined` for none. */
  endEvent: (end: EventRunEnd) => ServerSentEventInit | undefined;
  /** Called with what is wrong with that event. */
  onError: (error: unknown, id: string) => void;
}

/**
 * Makes the last entry of a run. If `endEvent` throws or its event is invalid, the entry
 * has no event: the run must end all the same, or its readers would wait for ever.
 *
 * @param end How the run ended.
 * @param id The ID of the run.
 * @param options What makes the entry.
 * @returns The entry.
 */
export function makeEndEntry(
  end: EventRunEnd,
  id: string,
  { endEvent, onError }: EndOptions,
): TextEventInit {
  const comment = END_COMMENT + end;
  try {
    const { event, data, retry } = withData("end run", endEvent(end) ?? {});
    const entry = { comment, event, data, retry };
    encodeEvent(entry);
    return entry;
  } catch (error) {
    onError(error, id);
    return { comment };
  }
}

/**
 * Reads from an entry how a run ended.
 *
 * @param entry The entry.
 * @returns The end, `undefined` if the entry is not the last one of a run.
 */
export function readEnd({ comment }: LoggedEvent): EventRunEnd | undefined {
  if (comment === undefined || !comment.startsWith(END_COMMENT)) {
    return undefined;
  }
  const end = comment.slice(END_COMMENT.length);
  return ENDS.includes(end) ? end as EventRunEnd : undefined;
}

/** Whether an entry is the last one of a run. */
export function isEnd(entry: LoggedEvent): boolean {
  return readEnd(entry) !== undefined;
}

/** Whether an entry is the first one of a run. */
export function isStart({ comment }: LoggedEvent): boolean {
  return comment === START_COMMENT;
}

/** Whether a run goes on with an entry, after its end. */
export function isContinuation({ comment }: LoggedEvent): boolean {
  return comment === CONTINUATION_COMMENT;
}

/** Whether a client ignores an entry: it has neither `data` nor `retry`. */
export function isInvisible({ data, retry }: LoggedEvent): boolean {
  return data === undefined && retry === undefined;
}

/**
 * Reads the status of a run from the state of its log.
 *
 * @param state The state of the log.
 * @returns The status, `"abandoned"` if the run has no end and no process produces it,
 * `undefined` if there is no run.
 */
export function readStatus(
  { last, isClaimed }: EventLogState,
): EventRunStatus | "abandoned" | undefined {
  const end = last === undefined ? undefined : readEnd(last);
  if (end !== undefined) return end;
  if (isClaimed) return "running";
  return last === undefined ? undefined : "abandoned";
}
