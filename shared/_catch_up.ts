// Copyright 2026 the Tidings authors. MIT license.

/**
 * How a tab that was frozen for long gets the events that no other tab keeps any more.
 * A shared connection starts it when it finds a gap.
 *
 * @module
 */

import type { RecentEvents } from "./_recent_events.ts";
import type { ConnectOptions } from "../_client/connection_options.ts";
import { EventStreamConnection } from "../_client/connection.ts";
import type { ServerSentEvent } from "../event.ts";
import { getLocks } from "./_locks.ts";

/** What catching up needs of its tab. */
export interface LaggingTab {
  readonly url: string;
  readonly options: ConnectOptions;
  readonly name: string;
  /** The last events of the other tabs. */
  readonly recent: RecentEvents;
  /** The last event ID after the events that this tab has received. */
  readonly lastEventId: string;
  deliver(event: ServerSentEvent): void;
}

/**
 * Reads from the server, over a connection of the tab's own, until an event arrives that
 * the other tabs keep. A lock lets one tab at a time do so: many tabs that wake up
 * together take one connection.
 */
export class CatchUp {
  readonly #tab: LaggingTab;
  readonly #controller = new AbortController();

  constructor(tab: LaggingTab) {
    this.#tab = tab;
    this.#run();
  }

  /** Whether the tab has not caught up yet. */
  get isRunning(): boolean {
    return !this.#controller.signal.aborted;
  }

  /** Looks whether the tab has caught up, and hands it the rest if it has. */
  check(): void {
    const { recent, lastEventId } = this.#tab;
    const rest = recent.after(lastEventId);
    if (rest) this.#finish(rest);
  }

  /** Ends it, without the rest. */
  close(): void {
    this.#controller.abort();
  }

  async #run(): Promise<void> {
    const { name, recent, lastEventId } = this.#tab;
    const { signal } = this.#controller;
    try {
      // Without an ID, as in a new tab, there is nothing to resume after.
      if (lastEventId) {
        // There are locks: without them, tabs do not share a connection.
        const locks = getLocks()!;
        await locks.request(`${name} late`, { signal }, () => this.#read());
      }
    } catch {
      // The server has refused the request, or close() was called.
    }
    // What is missing before these is lost: the server does not send it any more.
    this.#finish(recent.events);
  }

  async #read(): Promise<void> {
    const { url, options, lastEventId } = this.#tab;
    const connection = new EventStreamConnection(url, {
      ...options,
      signal: this.#controller.signal,
      lastEventId,
      onStateChange: undefined,
    });
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
