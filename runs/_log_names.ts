// Copyright 2026 the Tidings authors. MIT license.

/**
 * The IDs of runs, and the names of the two logs that each run has: its events, and the
 * requests to stop it.
 *
 * @module
 */

import { assertLogName } from "../_log/event_logs.ts";

/** Bytes of UTF-8 that the ID of a run may take; U+0000 counts as two. */
const MAX_ID_BYTES = 1024;

/**
 * Checks the ID of a run.
 *
 * @throws {TypeError} If it is not a string, empty or not well-formed.
 * @throws {RangeError} If it takes too many bytes.
 */
export function assertRunId(verb: string, id: string): void {
  assertLogName(verb, id, MAX_ID_BYTES, "id");
}

/**
 * Whether a run can have an ID, which may come out of a URL.
 *
 * @throws {TypeError} If it is not a string.
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

/** What the name of a log of stops ends with. No name of a run does. */
const STOP_SUFFIX = "\0stop";
/** IDs that end like the name of a log of stops, or like the name that such an ID gets. */
const STOP_LIKE_REGEXP = /\0stop\0*$/;

/**
 * The name of the log of a run: its ID. Without the exception, the run `alice\0stop`
 * would have the log that stops the run `alice`.
 */
export function logNameOf(id: string): string {
  return STOP_LIKE_REGEXP.test(id) ? `${id}\0` : id;
}

/**
 * The name of the log that tells whoever produces a run to stop. It is a log beside that
 * of the run, so that the producer is not told of each of its own events.
 */
export function stopLogNameOf(id: string): string {
  return logNameOf(id) + STOP_SUFFIX;
}
