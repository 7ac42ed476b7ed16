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

/** Resolves and rejects a call of `next()` that waits. */
type Request = [
  resolve: (result: EventResult) => void,
  reject: (error: unknown) => void,
];

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
  /** How many entries there are up to the last event. */
  #end = 0;
  readonly #requests: Request[] = [];
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
    return this.#index >= this.#end;
  }

  /** Whether a call of `next()` waits. */
  get hasRequests(): boolean {
    return this.#requests.length > 0;
  }

  /** Adds an event. */
  push(event: ServerSentEvent): void {
    this.#end = this.#entries.push(event);
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
    const entry = this.#entries[this.#index];
    if (typeof entry === "object" && !this.hasRequests) {
      return this.#take(entry);
    }
    return undefined;
  }

  /** Hands out the next event, now or once it is there. */
  next(): Promise<EventResult> {
    const value = this.take();
    return value
      ? Promise.resolve({ done: false, value })
      : new Promise((...request) => {
        this.#requests.push(request);
        this.answer();
      });
  }

  /** Answers the calls that wait, in their order, as far as there is an answer. */
  answer(): void {
    while (this.hasRequests) {
      const entry = this.#entries[this.#index];
      if (typeof entry === "function") {
        this.#pass();
        // It may call next(), which answers the calls before.
        entry();
        continue;
      }
      if (!entry && !this.hasEnded) return;
      // Cannot fail: a call waits.
      const [resolve, reject] = this.#requests.shift()!;
      const failure = this.#failure;
      if (entry) resolve({ done: false, value: this.#take(entry) });
      else if (failure) {
        this.#failure = undefined;
        reject(failure.error);
      } else resolve(DONE);
    }
  }

  /** Drops the events that were not handed out. */
  clear(): void {
    this.#entries = [];
    this.#index = this.#end = 0;
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

  #take(event: ServerSentEvent): ServerSentEvent {
    this.#pass();
    this.#onTake?.(event);
    return event;
  }

  #pass(): void {
    if (++this.#index === this.#entries.length) this.clear();
  }
}
