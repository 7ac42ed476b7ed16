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
  /** Events, and what to call between them. */
  #entries: (ServerSentEvent | (() => void))[] = [];
  /** Which of them is the next. */
  #index = 0;
  /** How many events are left. */
  #left = 0;
  #requests: Resolve[] = [];
  /** Whether no more events are taken. */
  hasEnded = false;
  /** What `next()` rejects with after the last event, until it did once. */
  #failure: { error: unknown } | undefined;

  /** @param onTake Called with each event that is handed out. */
  constructor(onTake?: (event: ServerSentEvent) => void) {
    this.#onTake = onTake;
  }

  /** Whether there is no event to hand out. */
  get isEmpty(): boolean {
    return this.#left === 0;
  }

  /** Whether a call of `next()` waits. */
  get hasRequests(): boolean {
    return this.#requests.length > 0;
  }

  /** Adds an event. A parser's callback may have ended the queue within its chunk. */
  push(event: ServerSentEvent): void {
    if (this.hasEnded) return;
    this.#left++;
    this.#entries.push(event);
  }

  /**
   * Calls back between the events: once the event that was added last was handed out, and
   * the next one is asked for.
   */
  defer(call: () => void): void {
    this.#entries.push(call);
  }

  /** Hands out the next event if it is there, and no call of `next()` waits for it. */
  take(): ServerSentEvent | undefined {
    if (!this.hasRequests) this.#callDue();
    // A callback may call next(), while an earlier call waits for an event
    // of the same chunk, which is in the queue already: the earlier call gets it.
    return this.hasRequests || this.isEmpty ? undefined : this.#take();
  }

  /** Hands out the next event, now or once it is there. */
  next(): Promise<EventResult> {
    const value = this.take();
    return value
      ? Promise.resolve({ done: false, value })
      : new Promise((resolve) => {
        this.#requests.push(resolve);
        this.answer();
      });
  }

  /** Answers the calls that wait, in their order, as far as there is an answer. */
  answer(): void {
    while (this.hasRequests) {
      this.#callDue();
      if (this.isEmpty && !this.hasEnded) return;
      // A callback may have called next(), which has answered all.
      this.#requests.shift()?.(
        this.isEmpty ? this.#conclude() : { done: false, value: this.#take() },
      );
    }
  }

  /** Drops the events that were not handed out. */
  clear(): void {
    this.#entries = [];
    this.#index = this.#left = 0;
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

  /** Takes the next event. The callers have looked whether there is one. */
  #take(): ServerSentEvent {
    this.#left--;
    const event = this.#shift() as ServerSentEvent;
    this.#onTake?.(event);
    return event;
  }

  #shift(): unknown {
    const entry = this.#entries[this.#index++];
    if (this.#index === this.#entries.length) this.clear();
    return entry;
  }

  #callDue(): void {
    while (typeof this.#entries[this.#index] === "function") {
      (this.#shift() as () => void)();
    }
  }
}
