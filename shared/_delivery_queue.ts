// Copyright 2026 the Tidings authors. MIT license.

/**
 * The queue between a shared connection and the `SharedEventSource` of its tab.
 *
 * @module
 */

import {
  CLOSED,
  CONNECTING,
  type ConnectionState,
} from "../_client/connection_state.ts";
import type { ServerSentEvent } from "../event.ts";

/** A change of `readyState`, and what `onStateChange` is called with. */
export interface StateChange {
  readonly readyState: 0 | 1 | 2;
  readonly state: ConnectionState;
}

/** Events and changes of state in their order, as an async iterable. */
export class DeliveryQueue implements AsyncIterable<ServerSentEvent> {
  /** The state after the items that were taken. */
  readyState: 0 | 1 | 2 = CONNECTING;
  /** The state after all items in the queue. */
  latestState: 0 | 1 | 2 = CONNECTING;
  readonly #onStateChange: ((state: ConnectionState) => void) | undefined;
  readonly #items: (ServerSentEvent | StateChange)[] = [];
  // Set while the source waits for an item.
  #wake: (() => void) | undefined;

  constructor(onStateChange: ((state: ConnectionState) => void) | undefined) {
    this.#onStateChange = onStateChange;
  }

  push(item: ServerSentEvent | StateChange): void {
    if ("state" in item) this.latestState = item.readyState;
    this.#items.push(item);
    this.#wake?.();
  }

  /** Ends the queue at once, and drops what is in it. */
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
        // An error of this tab's own options is thrown, as an exception that nothing
        // catches.
        if (readyState === CLOSED && "error" in state) throw state.error;
      } else {
        yield item;
      }
    }
  }
}
