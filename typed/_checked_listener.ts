// Copyright 2026 the Tidings authors. MIT license.

import { reportException } from "../_client/report_exception.ts";
import type { ServerSentEvent } from "../event.ts";
import { checkData } from "./_check_data.ts";
import { EventCheckError } from "./_event_check_error.ts";
import type { StandardSchema } from "./_standard_schema.ts";

/**
 * Makes a listener that checks what it passes on.
 *
 * @param schema What the data, read as JSON, has to fit.
 * @param listener Is called with what the schema makes of it, and the event.
 * @param onInvalid Is told of what does not fit; left out, it is reported.
 * @returns The listener.
 */
export function makeListener<Output>(
  schema: StandardSchema<unknown, Output>,
  listener: (json: Output, event: MessageEvent<string>) => unknown,
  onInvalid: ((error: EventCheckError) => void) | undefined,
): (event: MessageEvent<string>) => void {
  /** Settles when the events so far have had their turn; set while one waits. */
  let turn: Promise<void> | undefined;
  return (message) => {
    const json = startCheck(message, schema);
    if (turn === undefined && !(json instanceof Promise)) {
      listener(json, message);
      return;
    }
    const ownTurn = Promise.allSettled([json, turn])
      .then(([result]) => {
        if (result.status === "fulfilled") listener(result.value, message);
        else refuse(result.reason, onInvalid);
      })
      .catch(reportException)
      .then(() => {
        if (turn === ownTurn) turn = undefined;
      });
    turn = ownTurn;
  };
}

function startCheck<Output>(
  { type, data, lastEventId }: MessageEvent<string>,
  schema: StandardSchema<unknown, Output>,
): Output | Promise<Output> {
  // Which block the ID came with, a listener is not told.
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
  // What a schema throws is for nobody to decide about.
  if (!(error instanceof EventCheckError) || onInvalid === undefined) {
    throw error;
  }
  onInvalid(error);
}
