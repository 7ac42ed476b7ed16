// Copyright 2026 the Tidings authors. MIT license.

/**
 * Takes the events of a run from all that its source can give: events, an event stream
 * in bytes or text, or a response. The producer of a run reads them through one iterator.
 *
 * @module
 */

import {
  type EventResult,
  isEventIterable,
  openIterator,
  type SourceIterator,
} from "../_server/source_iterator.ts";
import { startIdleTimer } from "../_idle_timer.ts";
import { quote } from "../_validate.ts";
import type { ServerSentEventInit } from "../event.ts";
import { EventStreamParser, readEvents } from "../parser.ts";
import type { EventIterable } from "../server.ts";

/** What the source of a run is called with. */
export interface EventRun {
  /** The ID of the run. */
  readonly id: string;
  /** Aborted when the run ends before its source does. */
  readonly signal: AbortSignal;
}

/** An event stream as bytes or text, in chunks of any size. */
export type EventStreamChunks =
  | ReadableStream<Uint8Array | string>
  | AsyncIterable<Uint8Array | string>;

/**
 * Where the events of a run come from: a function that returns events, or an event
 * stream as a response or in chunks.
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
 * Opens the iterator of what a source gave.
 *
 * @param given What the source gave.
 * @param maxSilence Milliseconds that it may give nothing while an event is waited for.
 * Each byte counts, those of comments too.
 * @param onSilent Called once if that was exceeded, unless the iterator throws.
 * @returns The iterator of its events.
 * @throws {TypeError} If it is nothing that a source may give.
 */
export function openRunIterator(
  given: unknown,
  maxSilence: number,
  onSilent: () => void,
): SourceIterator {
  // A response is known by its shape: `instanceof` would refuse a response of another
  // realm or library.
  if (Object(given) === given && "headers" in (given as Response)) {
    return readEvents(given as Response, { idleTimeout: maxSilence });
  }
  if (isEventIterable(given)) {
    return new ParsingIterator(openIterator(given), maxSilence, onSilent);
  }
  throw new TypeError(
    `Cannot produce run: expected "source" to give events or an event stream, got ${
      quote(given)
    }`,
  );
}

/** Passes events on, and parses what is text or bytes. */
class ParsingIterator implements SourceIterator {
  readonly #iterator: SourceIterator;
  readonly #maxSilence: number;
  readonly #onSilent: () => void;
  /** The events of the latest chunk; those before `#next` were passed on. */
  #parsed: ServerSentEventInit[] = [];
  #next = 0;
  /** Set by the first chunk. Sources that give events need none. */
  #parser: EventStreamParser | undefined;

  #stopTimer = (): void => {};

  constructor(
    iterator: SourceIterator,
    maxSilence: number,
    onSilent: () => void,
  ) {
    this.#iterator = iterator;
    this.#maxSilence = maxSilence;
    this.#onSilent = onSilent;
  }

  async next(): Promise<EventResult> {
    while (this.#next === this.#parsed.length) {
      const result = await this.#read();
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
    // The loop ended because `#next` is within the array.
    return { done: false, value: this.#parsed[this.#next++]! };
  }

  return(): unknown {
    this.#stopTimer();
    return this.#iterator.return?.();
  }

  async #read(): Promise<EventResult> {
    this.#stopTimer = startIdleTimer(this.#maxSilence, this.#onSilent);
    try {
      return await this.#iterator.next();
    } finally {
      this.#stopTimer();
    }
  }
}
