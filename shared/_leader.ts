// Copyright 2026 the Tidings authors. MIT license.

/**
 * The leader's part of a shared connection: it has the connection to the server, and
 * sends its events and states to the followers.
 *
 * @module
 */

import { COLLECT_TIME, LOST, NUMBERS_PER_MS } from "./_numbers.ts";
import type { RecentEvents } from "./_recent_events.ts";
import {
  CONNECTING,
  type ConnectionState,
} from "../_client/connection_state.ts";
import type { ConnectOptions } from "../_client/connection_options.ts";
import { ON_PAGE_CHANGE } from "../_client/page_change.ts";
import { EventStreamConnection } from "../_client/connection.ts";
import type { ServerSentEvent } from "../event.ts";
import type {
  EventRange,
  FollowerMessage,
  LeaderMessage,
  PageWake,
} from "./_messages.ts";
import { type Failure, type StateChange, toFailure } from "./_status.ts";

/** What a leader needs of its tab. */
export interface LeaderTab {
  readonly url: string;
  readonly options: ConnectOptions;
  readonly recent: RecentEvents;
  post(message: Omit<LeaderMessage, "term">): void;
  receive(range: EventRange): void;
  changeState(change: StateChange): void;
}

/**
 * Has the connection for all tabs, for one term. Before it connects, it collects the
 * followers' reports, to resume after the last event that any of them has received.
 */
export class Leader {
  readonly #tab: LeaderTab;
  #connection: EventStreamConnection | undefined;
  #isClosed = false;
  // Ends the collection of reports.
  readonly #timer: ReturnType<typeof setTimeout>;
  // Why there is no connection: for tabs that join now as well.
  #failure: Failure | undefined;
  // The report of the tab that has received the most.
  #furthest: EventRange;

  /**
   * @param tab The leader's tab.
   * @param isFirst Whether there was no leader before, as far as the tab knows.
   */
  constructor(tab: LeaderTab, isFirst: boolean) {
    this.#tab = tab;
    this.#furthest = tab.recent;
    this.#tell(tab.recent.next);
    this.#timer = setTimeout(() => this.#connect(), isFirst ? 0 : COLLECT_TIME);
  }

  /** Answers a follower; or collects its report, before the connection is made. */
  answer(message: FollowerMessage): void {
    // While reports are collected, the first event is not known. All followers get a
    // message when it is.
    if (this.#connection) this.#tell(message.next, message.from);
    else if (message.next > this.#furthest.next) this.#furthest = message;
  }

  /** Ends the wait for a connection, and makes one again that was silent for too long. */
  wake(page: PageWake): void {
    this.#connection?.[ON_PAGE_CHANGE]({
      ...page,
      isPaused: false,
      onClose: undefined,
    });
  }

  /** Ends the connection, without a message. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#connection?.close();
  }

  async #connect(): Promise<void> {
    const { url, options, recent } = this.#tab;
    this.#tab.receive(this.#furthest);
    // By the clock, these numbers are greater than those of all leaders before.
    if (recent.next <= LOST) recent.next = Date.now() * NUMBERS_PER_MS;
    // A follower that has received less asks for the rest.
    this.#tell(recent.next);
    this.#connection = new EventStreamConnection(url, {
      ...options,
      signal: undefined,
      lastEventId: recent.lastEventId || options.lastEventId,
      onStateChange: (state) => this.#onStateChange(state),
    });
    try {
      for await (const event of this.#connection) this.#publish(event);
    } catch {
      // The last change of state has reported the error.
    }
  }

  #publish(event: ServerSentEvent): void {
    // After close(), the next leader publishes what has arrived in the meantime.
    if (this.#isClosed) return;
    const next = this.#tab.recent.next + 1;
    const range = { events: [event], next, lastEventId: event.lastEventId };
    this.#post(range);
    this.#tab.receive(range);
  }

  #onStateChange(state: ConnectionState): void {
    // The tab left by itself.
    if (this.#isClosed) return;
    const error = state.state === "open" ? undefined : state.error;
    // An error in this tab only, such as in an option's function, may not happen in
    // the next leader.
    if (error?.reason !== "local-error") {
      this.#failure = error && toFailure(error);
      this.#tell(this.#tab.recent.next, undefined, error !== undefined);
    }
    this.#tab.changeState({ readyState: this.#readyState, state });
  }

  get #readyState(): 0 | 1 | 2 {
    return this.#connection?.readyState ?? CONNECTING;
  }

  /** Sends the state, and the events from `next` on. */
  #tell(next: number, to?: number, hasFailed?: boolean): void {
    const { recent } = this.#tab;
    // A block without data has an ID and is no event.
    if (this.#connection) recent.lastEventId = this.#connection.lastEventId;
    this.#post(recent.since(next), to, hasFailed);
  }

  #post(range: EventRange, to?: number, hasFailed = false): void {
    this.#tab.post({
      ...range,
      readyState: this.#readyState,
      url: this.#connection?.response?.url ?? "",
      hasFailed,
      failure: this.#failure,
      to,
    });
  }
}
