// Copyright 2026 the Tidings authors. MIT license.

import type { Backlog } from "./_backlog.ts";
import type { ConnectOptions } from "../_client/connection_options.ts";
import { EventStreamConnection } from "../_client/connection.ts";
import type { ServerSentEvent } from "../event.ts";
import { getLocks } from "./_locks.ts";

/** What catching up needs of the tab that is behind. */
export interface LateTab {
  readonly url: string;
  readonly options: ConnectOptions;
  readonly name: string;
  /** The events that the others have seen last. */
  readonly backlog: Backlog;
  /** The last event ID as of the events that this tab has got. */
  readonly lastEventId: string;
  deliver(event: ServerSentEvent): void;
}

/**
 * Brings a tab that was away to where the others are: over a connection of its own,
 * until its last event is among the last ones of the shared stream. One tab does so
 * at a time, so that many that wake up together take one connection.
 */
export class CatchUp {
  readonly #tab: LateTab;
  readonly #controller = new AbortController();

  constructor(tab: LateTab) {
    this.#tab = tab;
    this.#run();
  }

  /** Whether the tab is not there yet. */
  get isRunning(): boolean {
    return !this.#controller.signal.aborted;
  }

  /** Looks whether the tab is there, and gives it the rest if it is. */
  check(): void {
    const { backlog, lastEventId } = this.#tab;
    const rest = backlog.after(lastEventId);
    if (rest !== undefined) this.#finish(rest);
  }

  /** Gives up. */
  close(): void {
    this.#controller.abort();
  }

  async #run(): Promise<void> {
    const { name, backlog, lastEventId } = this.#tab;
    const { signal } = this.#controller;
    try {
      // Without an ID, as where the tab is new, there is nothing to resume from.
      if (lastEventId !== "") {
        // Cannot fail where there are other tabs.
        const locks = getLocks()!;
        await locks.request(`${name} late`, { signal }, () => this.#read());
      }
    } catch {
      // Refused by the server, or closed.
    }
    // What the server does not give any more is lost.
    this.#finish(backlog.events);
  }

  async #read(): Promise<void> {
    const { url, options, lastEventId } = this.#tab;
    const connection = new EventStreamConnection(url, {
      ...options,
      signal: this.#controller.signal,
      lastEventId,
      onStateChange: undefined,
    }, true);
    for await (const event of connection) {
      this.#tab.deliver(event);
      this.check();
    }
  }

  #finish(rest: readonly ServerSentEvent[]): void {
    if (!this.isRunning) return;
    this.#controller.abort();
    for (const event of rest) this.#tab.deliver(event);
  }
}
