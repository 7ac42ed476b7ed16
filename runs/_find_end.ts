// Copyright 2026 the Tidings authors. MIT license.

/**
 * Finds the end of a run whose log goes on after it, since another program has written
 * there. Otherwise a run that is done would be found without an end, and be marked as lost.
 *
 * @module
 */

import type { EventLog, LoggedEvent } from "../log.ts";
import {
  type EventRunEnd,
  isContinuation,
  isEnd,
  isStart,
  readEnd,
} from "./_status_entries.ts";

/** How many entries after an end are looked at. With more, the run counts as lost. */
const LOOK_BACK = 100;

/** The end of a run that is not the last entry of its log. */
export interface FoundEnd {
  /** How the run ended. */
  readonly status: EventRunEnd;
  /** The ID of the entry. */
  readonly id: string;
  /** The entries after it, which do not belong to the run. */
  readonly strays: readonly LoggedEvent[];
}

/**
 * Finds the end of a run that has no producer.
 *
 * @param log The log of the run.
 * @param last The last entry when the run was found. A log may give readers nothing of
 * what was not written under a claim.
 * @returns The end, `undefined` if there is none, or the run goes on after it.
 */
export async function findEnd(
  log: EventLog,
  last: LoggedEvent | undefined,
): Promise<FoundEnd | undefined> {
  const { events } = await log.read(await log.rewind(LOOK_BACK + 1), {
    limit: LOOK_BACK + 1,
  });
  const index = events.map(isEnd).lastIndexOf(true);
  const entry = events[index];
  const status = entry && readEnd(entry);
  if (entry === undefined || status === undefined) return undefined;
  const strays = events.slice(index + 1);
  // Another process may have written the end since: then `last` is before it.
  const isHidden = last && events.every(({ id }) => id !== last.id);
  if (isHidden) strays.push(last);
  const goesOn = strays.some((stray) =>
    isStart(stray) || isContinuation(stray)
  );
  return goesOn ? undefined : { status, id: entry.id, strays };
}
