// Copyright 2026 the Tidings authors. MIT license.

/**
 * The listener that `checkListener()` returns.
 *
 * @module
 */

import { reportException } from "../_client/report_exception.ts";
import type { ServerSentEvent } from "../event.ts";
import { checkData } from "./_check_data.ts";
import { EventCheckError } from "./_event_check_error.ts";
import type { StandardSchema } from "./_standard_schema.ts";

/**
 * Makes a listener that checks events before it calls another.
 *
 * @param schema The schema for the data, read as JSON.
 * @param listener Called with the output of the schema, and the event.
 * @param onInvalid Called with the error of an event that does not fit; if it is left out,
 * the error is reported.
 * @returns The listener.
 */
export function makeListener<Output>(
  schema: StandardSchema<unknown, Output>,
  listener: (json: Output, event: MessageEvent<string>) => unknown,
  onInvalid: ((error: EventCheckError) => void) | undefined,
): (event: MessageEvent<string>) => void {
  /** Settles when all events before were handed on; set while one of them waits. */
  let before: Promise<void> | undefined;
  return (message) => {
    const json = startCheck(message, schema);
    if (before === undefined && !(json instanceof Promise)) {
      listener(json, message);
      return;
    }
    const done = Promise.allSettled([json, before])
      .then(([result]) => {
        if (result.status === "fulfilled") listener(result.value, message);
        else refuse(result.reason, onInvalid);
      })
      .catch(reportException)
      .then(() => {
        if (before === done) before = undefined;
      });
    before = done;
  };
}

function startCheck<Output>(
  { type, data, lastEventId }: MessageEvent<string>,
  schema: StandardSchema<unknown, Output>,
): Output | Promise<Output> {
  // A `MessageEvent` does not tell whether its own block had the ID.
  const event: ServerSentEvent = {
    event: type,
    data,
    id: undefined,
    lastEventId,
  };
  try {
    return checkData(event, schema);
  } catch (error) {
    return Promise.reject(error);
  }
}

function refuse(
  error: unknown,
  onInvalid: ((error: EventCheckError) => void) | undefined,
): void {
  // An error that a schema throws is a bug of the program, and no invalid event.
  if (!(error instanceof EventCheckError) || onInvalid === undefined) {
    throw error;
  }
  onInvalid(error);
}
