// Copyright 2026 the Tidings authors. MIT license.

/**
 * All that the events of a run can come from, seen as one kind of iterator.
 *
 * @module
 */

import {
  type EventResult,
  isEventIterable,
  openIterator,
  type SourceIterator,
} from "../_server/source_iterator.ts";
import type { ServerSentEventInit } from "../event.ts";
import { EventStreamParser, readEvents } from "../parser.ts";
import type { EventIterable } from "../server.ts";

/** What the source of a run is told. */
export interface EventRun {
  /** The ID of the run. */
  readonly id: string;
  /** Aborted when the run is to end before its source does. */
  readonly signal: AbortSignal;
}

/** An event stream, as its bytes or its text in chunks of any size. */
export type EventStreamChunks =
  | ReadableStream<Uint8Array | string>
  | AsyncIterable<Uint8Array | string>;

/**
 * Where the events of a run come from: a function that gives events, or a response or
 * chunks that are an event stream already.
 *
 * @typeParam Events What `json` is, by event type. Left out, any event may be given.
 */
export type EventRunSource<Events = unknown> = (
  run: EventRun,
) =>
  | EventIterable<Events>
  | EventStreamChunks
  | Response
  | Promise<EventIterable<Events> | EventStreamChunks | Response>;

/**
 * Opens what a source gave.
 *
 * @throws {TypeError} If it is none of what a source may give.
 * @throws {EventStreamError} If it is a response that is no event stream.
 */
export function openRunIterator(given: unknown): SourceIterator {
  // Told apart by shape: a response may come from another realm or library.
  if (Object(given) === given && "headers" in (given as Response)) {
    return readEvents(given as Response);
  }
  if (isEventIterable(given)) return new ParsingIterator(openIterator(given));
  throw new TypeError(
    `Cannot run source: it gave a value of type ${typeof given}, events or an event stream are wanted`,
  );
}

/** Passes events on, and parses what is text or bytes. */
class ParsingIterator implements SourceIterator {
  readonly #iterator: SourceIterator;
  /** Events that were parsed, of which those from `#next` on are to be passed on. */
  #parsed: ServerSentEventInit[] = [];
  #next = 0;
  /** Set by the first chunk: most sources give events. */
  #parser: EventStreamParser | undefined;

  constructor(iterator: SourceIterator) {
    this.#iterator = iterator;
  }

  async next(): Promise<EventResult> {
    while (this.#next === this.#parsed.length) {
      const result = await this.#iterator.next();
      if (result.done) return result;
      const chunk: unknown = result.value;
      if (typeof chunk !== "string" && !(chunk instanceof Uint8Array)) {
        return result;
      }
      this.#parsed = [];
      this.#next = 0;
      this.#parser ??= new EventStreamParser((event) =>
        this.#parsed.push(event)
      );
      this.#parser.push(chunk);
    }
    // There is one, since the loop has ended.
    return { done: false, value: this.#parsed[this.#next++]! };
  }

  return(): unknown {
    return this.#iterator.return?.();
  }
}
