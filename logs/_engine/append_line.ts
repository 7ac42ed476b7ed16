// Copyright 2026 the Tidings authors. MIT license.

/**
 * The head of an append, for the engines that keep an event as one line of JSON and give
 * the IDs.
 *
 * @module
 */

import type { EventLogAppendOptions } from "../../_log/event_log.ts";
import { type AppendChecks, checkAppend } from "../../_log/option_checks.ts";
import { tellAppend } from "../../_log/tell_append.ts";
import type { TextEventInit } from "../../event.ts";
import { assertNoId } from "./assert_no_id.ts";
import { makeEventLine } from "./event_line.ts";
import { nameErrors } from "./name_errors.ts";

/**
 * Checks an event, and appends its line before it returns. A failure is told, as
 * {@linkcode tellAppend}.
 *
 * @param verb What fails, with the name of the log.
 * @param write Writes the line, and gives the event's ID.
 * @param checks What the log takes.
 */
export function appendLine(
  event: TextEventInit,
  options: EventLogAppendOptions,
  verb: string,
  write: (line: string, given: EventLogAppendOptions) => Promise<string>,
  checks?: AppendChecks,
): Promise<string> {
  return tellAppend((noteSignal) => {
    let signal: AbortSignal | undefined;
    try {
      const given = checkAppend(event, options, checks);
      signal = given.signal;
      noteSignal(signal);
      signal?.throwIfAborted();
      assertNoId(event);
      return write(makeEventLine(event, given), given);
    } catch (error) {
      return nameErrors(verb, () => Promise.reject(error), signal);
    }
  });
}
