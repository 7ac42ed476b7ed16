// Copyright 2026 the Tidings authors. MIT license.

/**
 * The queue between a parser and the calls of `next()`: for the iterator of
 * `readEvents()`, and for the connection of the client.
 *
 * @module
 */

import type { ServerSentEvent } from "../event.ts";

/** What a call of `next()` gives. */
export type EventResult = IteratorResult<ServerSentEvent, undefined>;

/** What `next()` gives after the last event. */
export const DONE: IteratorReturnResult<undefined> = {
  done: true,
  value: undefined,
};

/** A call of `next()` that waits for an event. */
interface EventRequest {
  resolve(result: EventResult): void;
  reject(reason: unknown): void;
}

/**
 * Events in their order, and the calls of `next()` in theirs. A step costs one resolved
 * promise, where an async generator costs three times and a stream ten times as much.
 */
export class EventQueue {
  readonly #onTake: ((event: ServerSentEvent) => void) | undefined;
  #events: ServerSentEvent[] = [];
  /** Which of the events is the next to hand out. */
  #index = 0;
  #requests: EventRequest[] = [];
  #hasEnded = false;
  /** What `next()` rejects with after the last event, until it did once. */
  #failure: { error: unknown } | undefined;

  /** @param onTake Called with each event that is handed out. */
  constructor(onTake?: (event: ServerSentEvent) => void) {
    this.#onTake = onTake;
  }

  /** Whether there is no event to hand out. */
  get isEmpty(): boolean {
    return this.#events.length === 0;
  }

  /** Whether a call of `next()` waits. */
  get hasRequests(): boolean {
    return this.#requests.length > 0;
  }

  /** Whether no more events are taken. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Adds an event. A parser's callback may have ended the queue within its chunk. */
  push(event: ServerSentEvent): void {
    if (!this.#hasEnded) this.#events.push(event);
  }

  /** Hands out the next event, now or once it is there. */
  next(): Promise<EventResult> {
    // A callback of the parser may call next(), while an earlier call waits for an event
    // of the same chunk, which is in the queue already: the earlier call gets it.
    if (this.#requests.length === 0 && this.#events.length > 0) {
      return Promise.resolve(this.#take());
    }
    return new Promise((resolve, reject) => {
      this.#requests.push({ resolve, reject });
      this.answer();
    });
  }

  /** Answers the calls that wait, in their order, as far as there is an answer. */
  answer(): void {
    while (this.#requests.length > 0) {
      const isEmpty = this.isEmpty;
      if (isEmpty && !this.#hasEnded) return;
      // Cannot fail: the loop has looked at the length.
      const { resolve, reject } = this.#requests.shift()!;
      if (!isEmpty) resolve(this.#take());
      else if (this.#failure === undefined) resolve(DONE);
      else {
        reject(this.#failure.error);
        this.#failure = undefined;
      }
    }
  }

  /** Drops the events that were not handed out. */
  clear(): void {
    this.#events = [];
    this.#index = 0;
  }

  /**
   * Takes no more events.
   *
   * @param failure What `next()` rejects with once, after the events that are left.
   */
  end(failure?: { error: unknown }): void {
    this.#hasEnded = true;
    this.#failure = failure;
    this.answer();
  }

  #take(): IteratorYieldResult<ServerSentEvent> {
    // Cannot fail: the callers have looked whether there is an event.
    const value = this.#events[this.#index++]!;
    if (this.#index === this.#events.length) this.clear();
    this.#onTake?.(value);
    return { done: false, value };
  }
}
