// Copyright 2026 the Tidings authors. MIT license.

/**
 * Encodes the events of a log, each once. An entry that is no event is told and left out:
 * a program that may write to the log must not be able to stop the channel.
 *
 * @module
 */

import type { Frame } from "./segment.ts";
import { encodeText, formatBlock } from "../_encoder/format_block.ts";
import { messageOf } from "../_warning.ts";
import { encodeEvent } from "../encoder.ts";
import { EventLogEntryError, type LoggedEvent } from "../log.ts";

/** Encodes an event of a log. */
export type MakeFrame = (event: LoggedEvent) => Frame;

/**
 * Makes the function that encodes the events of a channel's log.
 *
 * @param tellEntry Is called with each entry that is no event.
 * @returns Encodes an event. Of an entry that is none, the ID is left, which clients
 * ignore: the entry keeps its position, and a client may come back with its ID.
 */
export function makeFrameMaker(
  tellEntry: (error: EventLogEntryError) => void,
): MakeFrame {
  return (event) => {
    try {
      if (event.fault !== undefined) throw event.fault;
      assertOptions(event);
      if (event.disconnect) return makeEndingFrame(event);
      return { event, bytes: encodeText(formatBlock(event)) };
    } catch (error) {
      tellEntry(toEntryError(event.id, error));
      return makeEmptyFrame(event);
    }
  };
}

/** Checks what an entry has beside the fields of its event. */
function assertOptions(
  { topics, conflationKey, disconnect }: LoggedEvent,
): void {
  if (conflationKey !== undefined && typeof conflationKey !== "string") {
    throw new TypeError('expected "conflationKey" to be text');
  }
  if (disconnect !== undefined && typeof disconnect !== "boolean") {
    throw new TypeError('expected "disconnect" to be a boolean');
  }
  if (topics === undefined) return;
  const isList = Array.isArray(topics) &&
    topics.every((topic) => typeof topic === "string");
  if (!isList) throw new TypeError('expected "topics" to be a list of texts');
}

function toEntryError(id: string, error: unknown): EventLogEntryError {
  if (error instanceof EventLogEntryError) return error;
  return new EventLogEntryError(id, messageOf(error), { cause: error });
}

/**
 * No client gets the entry as an event, now or out of the history, so the event in the
 * frame has no topics.
 */
function makeEndingFrame({ id, topics = [] }: LoggedEvent): Frame {
  const event = { id, topics: [], disconnect: true };
  return { event, bytes: encodeEvent({ id }), ends: topics };
}

/** Without topics, the entry would reach every client: it may have been for one. */
function makeEmptyFrame({ id }: LoggedEvent): Frame {
  const event = { id, topics: [] };
  try {
    return { event, bytes: encodeEvent({ id }) };
  } catch {
    // Its ID cannot be sent either. Clients ignore a comment.
    return { event, bytes: encodeEvent({ comment: "" }) };
  }
}
