// Copyright 2026 the Tidings authors. MIT license.

/**
 * The first steps of an append, for the logs in SQLite and PostgreSQL, which keep an event as
 * one line of JSON and give it its ID.
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
 * Checks an event, and calls `write` with its line before it returns. A failure is told as by
 * {@linkcode tellAppend}.
 *
 * @param verb What fails, with the name of the log.
 * @param write Writes the line, and gives the event's ID.
 * @param checks Which options the log takes.
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
