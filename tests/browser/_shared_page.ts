// Copyright 2026 the Tidings authors. MIT license.

/** Puts into a page or a worker what its tests use. */

import {
  SharedEventSource,
  type SharedEventSourceInit,
} from "../../shared/mod.ts";

/** A source, and what it has dispatched. */
export class Subscription {
  readonly source: EventSource | SharedEventSource;
  /** The data of the messages. */
  readonly data: string[] = [];
  /** The types of the other events. */
  readonly states: string[] = [];
  // Looks whether what is waited for is there.
  #look: (() => void) | undefined;

  constructor(url: string, init: SharedEventSourceInit | "native" = {}) {
    this.source = init === "native"
      ? new EventSource(url)
      : new SharedEventSource(url, init);
    this.source.onmessage = ({ data }: MessageEvent) => {
      this.data.push(data);
      this.#look?.();
    };
    this.source.onopen = this.source.onerror = ({ type }: Event) => {
      this.states.push(type);
      this.#look?.();
    };
  }

  get isLeader(): boolean {
    return this.source instanceof SharedEventSource && this.source.isLeader;
  }

  /** Waits for a state, and gives all that there were. */
  async reach(readyState: number): Promise<string[]> {
    await this.#until(() => this.source.readyState === readyState);
    return this.states;
  }

  /** Waits for a message, and gives the data of all that there were. */
  async receive(data: string): Promise<string[]> {
    await this.#until(() => this.data.includes(data));
    return this.data;
  }

  async #until(isThere: () => boolean): Promise<void> {
    while (!isThere()) {
      await new Promise<void>((resolve) => this.#look = resolve);
    }
  }
}

Object.assign(globalThis, { Subscription });
