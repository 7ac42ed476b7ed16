// Copyright 2026 the Tidings authors. MIT license.

/** Tabs that share a connection, all in this process: Deno has locks and channels. */

import {
  SharedEventSource,
  type SharedEventSourceInit,
} from "../../shared/mod.ts";
import { within } from "../support/within.ts";

/** Makes this process one that an origin's tabs run in, to the end of the block. */
export function asOrigin(origin: string | undefined): Disposable {
  const original = Reflect.get(globalThis, "origin");
  Reflect.set(globalThis, "origin", origin);
  // Deno forgets how to send if there is no channel for a moment; workerd has none.
  const channel = globalThis.BroadcastChannel && new BroadcastChannel("tests");
  return {
    [Symbol.dispose]: () => {
      channel?.close();
      Reflect.set(globalThis, "origin", original);
    },
  };
}

/** One tab, and what its source has dispatched. */
export class Tab implements Disposable {
  readonly source: SharedEventSource;
  /** The data of the messages. */
  readonly data: string[] = [];
  /** `open` and `error`, with the state at the time. */
  readonly states: string[] = [];
  // Looks whether what is waited for is there.
  #look: (() => void) | undefined;

  constructor(url: string, init: SharedEventSourceInit = {}) {
    this.source = new SharedEventSource(url, { reconnectionTime: 1, ...init });
    this.source.onmessage = ({ data }) => {
      this.data.push(data);
      this.#look?.();
    };
    this.source.onopen = this.source.onerror = ({ type }) => {
      this.states.push(`${type} ${this.source.readyState}`);
      this.#look?.();
    };
  }

  /** Opens a tab, and waits until it is connected. */
  static async open(url: string, init?: SharedEventSourceInit): Promise<Tab> {
    const tab = new Tab(url, init);
    await tab.reach(SharedEventSource.OPEN);
    return tab;
  }

  /** Waits for a state. */
  reach(readyState: number): Promise<void> {
    return this.#until(
      `state ${readyState}`,
      () => this.source.readyState === readyState,
    );
  }

  /** Waits for an `error`. */
  failed(): Promise<void> {
    return this.#until(
      "an error",
      () => this.states.some((state) => state.startsWith("error")),
    );
  }

  /** Waits for a message. */
  receive(data: string): Promise<void> {
    return this.#until(`message ${data}`, () => this.data.includes(data));
  }

  [Symbol.dispose](): void {
    this.source.close();
  }

  async #until(what: string, isThere: () => boolean): Promise<void> {
    while (!isThere()) {
      await within(what, new Promise<void>((resolve) => this.#look = resolve));
    }
  }
}
