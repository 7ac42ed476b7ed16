// Copyright 2026 the Tidings authors. MIT license.

/**
 * The IDs of runs, and the names of the two logs that each run has: its events, and the
 * requests to stop it.
 *
 * @module
 */

import { assertLogName } from "../_log/event_logs.ts";

/** The most bytes of UTF-8 of a run's ID; U+0000 counts as two. */
const MAX_ID_BYTES = 1024;

/**
 * Checks the ID of a run.
 *
 * @param verb What fails otherwise.
 * @param id The ID.
 * @throws {TypeError} If it is not a string, is empty or is not well-formed.
 * @throws {RangeError} If it has too many bytes.
 */
export function assertRunId(verb: string, id: string): void {
  assertLogName(verb, id, MAX_ID_BYTES, "id");
}

/**
 * Whether a run can have an ID. The ID may be part of a URL, where a client can write
 * anything.
 *
 * @param id The ID.
 * @returns Whether it can.
 * @throws {TypeError} If it is not a string: that is an error of the caller.
 */
export function isRunId(id: string): boolean {
  try {
    assertRunId("serve run", id);
    return true;
  } catch (error) {
    if (typeof id !== "string") throw error;
    return false;
  }
}

/** The end of the name of a stop log. No log of a run has a name with this end. */
const STOP_SUFFIX = "\0stop";
/** IDs with the end of a stop log's name, or of the name that such an ID gets. */
const STOP_LIKE_REGEXP = /\0stop\0*$/;

/**
 * Gets the name of the log of a run: its ID, with U+0000 added if the ID has the end of a
 * stop log's name. Without that, the run `alice\0stop` would write into the stop log of
 * the run `alice`, and stop it.
 */
export function logNameOf(id: string): string {
  return STOP_LIKE_REGEXP.test(id) ? `${id}\0` : id;
}

/**
 * Gets the name of the stop log of a run, which its producer follows. A request to stop in
 * the log of the run itself would have the producer read back each of its own events.
 */
export function stopLogNameOf(id: string): string {
  return logNameOf(id) + STOP_SUFFIX;
}
