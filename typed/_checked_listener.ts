// Copyright 2026 the Tidings authors. MIT license.

/**
 * The listener that `checkListener()` returns.
 *
 * @module
 */

import { reportException } from "../_client/report_exception.ts";
import { warn } from "../_warning.ts";
import type { ServerSentEvent } from "../event.ts";
import { checkData, LEFT_OUT } from "./_check_data.ts";
import { EventCheckError } from "./_event_check_error.ts";
import type { StandardSchema } from "./_standard_schema.ts";

/**
 * Makes a listener that checks events before it calls another.
 *
 * @param schema The schema for the data, read as JSON.
 * @param listener Called with the output of the schema, and the event.
 * @param onInvalid Called with the error of an event that does not fit; if it is left out,
 * the source of the event dispatches an `error` event.
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
    // While the event is dispatched only.
    const target = message.currentTarget;
    const take = (json: Output | typeof LEFT_OUT): void => {
      if (json !== LEFT_OUT) listener(json, message);
    };
    const json = startCheck(message, schema);
    if (before === undefined && !(json instanceof Promise)) return take(json);
    const done = Promise.allSettled([json, before])
      .then(([result]) => {
        if (result.status === "fulfilled") {
          take(result.value as Output | typeof LEFT_OUT);
        } else refuse(result.reason, onInvalid, target);
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
): ReturnType<typeof checkData<Output>> {
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

/**
 * Tells what does not fit, and what a schema throws. It is never reported as an exception:
 * what a server sends would end the process of a client.
 */
function refuse(
  error: unknown,
  onInvalid: ((error: EventCheckError) => void) | undefined,
  target: EventTarget | null,
): void {
  if (error instanceof EventCheckError && onInvalid !== undefined) {
    return onInvalid(error);
  }
  try {
    // Without a source, and with one that is no `EventTarget`, there is the warning.
    if (target?.dispatchEvent(makeErrorEvent(error)) !== undefined) return;
  } catch {
    // What a listener throws is no part of what happened.
  }
  warn("TIDINGS_CHECK", "An event does not fit its schema", error);
}

/** Makes an event with the members of an `ErrorEvent`, which Node does not have. */
function makeErrorEvent(error: unknown): Event {
  const message = error instanceof Error ? error.message : String(error);
  return Object.assign(new Event("error"), { error, message });
}
