// Copyright 2026 the Tidings authors. MIT license.

/**
 * All that events can be taken from, seen as one kind of iterator.
 *
 * @module
 */

import type { EventIterable } from "./event_session.ts";
import type { ServerSentEventInit } from "../event.ts";

/** Gives events one by one, at once or in its own time. */
export interface SourceIterator {
  /** Asks for the next event. */
  next(): EventResult | Promise<EventResult>;
  /** Releases what the supply holds. Not to be called once it has ended or thrown. */
  return?(): unknown;
}

/** An event, or the end. */
export type EventResult = IteratorResult<ServerSentEventInit, unknown>;

/**
 * Tells whether events can be taken from a value.
 *
 * @param value Any value.
 * @returns Whether it is an iterable object or a stream; a string is not.
 */
export function isEventIterable(value: unknown): value is EventIterable {
  return typeof value === "object" && value !== null &&
    (value instanceof ReadableStream || Symbol.asyncIterator in value ||
      Symbol.iterator in value);
}

/**
 * Begins to take events.
 *
 * @param iterable What they are taken from.
 * @returns Its supply of events.
 * @throws {TypeError} If it is a stream that is locked.
 */
export function openIterator(iterable: EventIterable): SourceIterator {
  if (iterable instanceof ReadableStream) {
    // The stream's own iterator does not return before a pending read is over,
    // and with no event to come that is never. `cancel` does not wait.
    const reader = iterable.getReader();
    return {
      next: () => reader.read() as Promise<EventResult>,
      return: () => reader.cancel(),
    };
  }
  return Symbol.asyncIterator in iterable
    ? iterable[Symbol.asyncIterator]()
    : iterable[Symbol.iterator]();
}
