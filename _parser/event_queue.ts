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

/** Answers a call of `next()` that waits for an event. */
type Resolve = (result: EventResult | Promise<EventResult>) => void;

/**
 * Events in their order, and the calls of `next()` in theirs. A step costs one resolved
 * promise, where an async generator costs three times and a stream ten times as much.
 */
export class EventQueue {
  readonly #onTake: ((event: ServerSentEvent) => void) | undefined;
  #events: ServerSentEvent[] = [];
  /** Which of the events is the next to hand out. */
  #index = 0;
  #requests: Resolve[] = [];
  /** Whether no more events are taken. */
  hasEnded = false;
  /** What to call between the events, and how many of them come before each. */
  #calls: [at: number, call: () => void][] = [];
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

  /** Adds an event. A parser's callback may have ended the queue within its chunk. */
  push(event: ServerSentEvent): void {
    if (!this.hasEnded) this.#events.push(event);
  }

  /**
   * Calls back between the events: once the event that was added last was handed out, and
   * the next one is asked for.
   */
  defer(call: () => void): void {
    this.#calls.push([this.#events.length, call]);
  }

  /** Hands out the next event, now or once it is there. */
  next(): Promise<EventResult> {
    if (!this.hasRequests) this.#callDue();
    // A callback may call next(), while an earlier call waits for an event
    // of the same chunk, which is in the queue already: the earlier call gets it.
    if (!this.hasRequests && !this.isEmpty) {
      return Promise.resolve(this.#take());
    }
    return new Promise((resolve) => {
      this.#requests.push(resolve);
      this.answer();
    });
  }

  /** Answers the calls that wait, in their order, as far as there is an answer. */
  answer(): void {
    while (this.hasRequests) {
      this.#callDue();
      // A callback may have called next().
      if (!this.hasRequests || (this.isEmpty && !this.hasEnded)) return;
      // Cannot fail: the loop has looked whether there is one.
      this.#requests.shift()!(this.isEmpty ? this.#conclude() : this.#take());
    }
  }

  /** Drops the events that were not handed out. */
  clear(): void {
    this.#events = [];
    this.#index = 0;
    this.#calls = [];
  }

  /**
   * Takes no more events.
   *
   * @param failure What `next()` rejects with once, after the events that are left.
   */
  end(failure?: { error: unknown }): void {
    this.hasEnded = true;
    this.#failure = failure;
    this.answer();
  }

  #conclude(): EventResult | Promise<never> {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure === undefined) return DONE;
    const rejected = Promise.reject(failure.error);
    // The promise that is resolved with this one handles it a microtask later, and workerd
    // has told of an unhandled rejection by then.
    rejected.catch(() => {});
    return rejected;
  }

  #take(): IteratorYieldResult<ServerSentEvent> {
    // Cannot fail: the callers have looked whether there is an event.
    const value = this.#events[this.#index++]!;
    if (this.#index === this.#events.length) {
      this.#events = [];
      this.#index = 0;
      for (const call of this.#calls) call[0] = 0;
    }
    this.#onTake?.(value);
    return { done: false, value };
  }

  #callDue(): void {
    while ((this.#calls[0]?.[0] ?? Infinity) <= this.#index) {
      // Cannot fail: the loop has looked whether there is one.
      this.#calls.shift()![1]();
    }
  }
}
