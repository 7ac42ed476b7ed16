// Copyright 2026 the Tidings authors. MIT license.

/**
 * Makes one kind of iterator of all that a source can be: iterables, async iterables and
 * streams. Sessions and runs take their events from it.
 *
 * @module
 */

import type { EventIterable } from "./event_session.ts";
import type { ServerSentEventInit } from "../event.ts";

/** Gives the events of a source one by one, at once or later. */
export interface SourceIterator {
  /** Asks for the next event. */
  next(): EventResult | Promise<EventResult>;
  /** Releases the source. Not to be called once it has ended or thrown. */
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
 * Opens the iterator of a source.
 *
 * @param iterable The source.
 * @returns Its iterator.
 * @throws {TypeError} If it is a stream that is locked.
 */
export function openIterator(iterable: EventIterable): SourceIterator {
  if (iterable instanceof ReadableStream) {
    // The `return()` of the stream's own iterator waits for a pending read, and where no
    // event comes that is for ever. `cancel()` does not wait.
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
