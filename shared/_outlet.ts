// Copyright 2026 the Tidings authors. MIT license.

import {
  CLOSED,
  CONNECTING,
  type ConnectionState,
} from "../_client/connection_state.ts";
import type { ServerSentEvent } from "../event.ts";

/** A change of `readyState`, and what is told of it. */
export interface StateChange {
  readonly readyState: 0 | 1 | 2;
  readonly state: ConnectionState;
}

/** What one tab gets to see: events and changes of state, in their order. */
export class Outlet implements AsyncIterable<ServerSentEvent> {
  /** As of what the tab has seen. */
  readyState: 0 | 1 | 2 = CONNECTING;
  /** As of what is on its way to the tab. */
  latestState: 0 | 1 | 2 = CONNECTING;
  readonly #onStateChange: ((state: ConnectionState) => void) | undefined;
  readonly #items: (ServerSentEvent | StateChange)[] = [];
  // Set while the tab waits for an item.
  #wake: (() => void) | undefined;

  constructor(onStateChange: ((state: ConnectionState) => void) | undefined) {
    this.#onStateChange = onStateChange;
  }

  push(item: ServerSentEvent | StateChange): void {
    if ("state" in item) this.latestState = item.readyState;
    this.#items.push(item);
    this.#wake?.();
  }

  /** Ends it at once: what is on its way is dropped. */
  close(): void {
    this.readyState = this.latestState = CLOSED;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ServerSentEvent, void> {
    while (this.readyState !== CLOSED) {
      const item = this.#items.shift();
      if (item === undefined) {
        await new Promise<void>((resolve) => this.#wake = resolve);
      } else if ("state" in item) {
        const { readyState, state } = item;
        this.readyState = readyState;
        this.#onStateChange?.(state);
        // What went wrong in this tab is reported here as an exception.
        if (readyState === CLOSED && "error" in state) throw state.error;
      } else {
        yield item;
      }
    }
  }
}
