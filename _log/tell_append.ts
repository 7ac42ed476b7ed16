// Copyright 2026 the Tidings authors. MIT license.

/**
 * Tells of an append that failed, unless the caller is a channel or a run, which tells it
 * itself. All logs and claims call it.
 *
 * @module
 */

import {
  isAbortOf,
  isToldElsewhere,
  tellRejection,
  warn,
} from "../_warning.ts";

/**
 * Appends an event, and warns of what that fails with. The promise may be left alone. An
 * abort is not told: the caller has asked for it.
 *
 * @param append Appends the event. It calls its argument with the signal of the append.
 * @returns What `append` gives.
 */
export function tellAppend(
  append: (noteSignal: (signal: AbortSignal | undefined) => void) => Promise<
    string
  >,
): Promise<string> {
  let signal: AbortSignal | undefined;
  const id = append((given) => signal = given);
  return tellRejection(id, async (error) => {
    if (signal !== undefined && isAbortOf(signal, error)) return;
    if (await isToldElsewhere(error)) return;
    warn("TIDINGS_PUBLISH", "An event was not appended to its log", error);
  });
}
