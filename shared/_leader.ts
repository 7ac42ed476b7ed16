// Copyright 2026 the Tidings authors. MIT license.

import { type Backlog, LOST } from "./_backlog.ts";
import {
  CONNECTING,
  type ConnectionState,
} from "../_client/connection_state.ts";
import type { ConnectOptions } from "../_client/connection_options.ts";
import { EventStreamConnection } from "../_client/connection.ts";
import type { ServerSentEvent } from "../event.ts";
import type { Hello, News, Place } from "./_message.ts";
import type { StateChange } from "./_outlet.ts";

/**
 * Milliseconds for the others to say what they have seen. Who is busy for longer
 * drops by number what it knows.
 */
const ROLL_CALL = 100;
/** No stream has so many events in a millisecond, for long. */
const NUMBERS_PER_MS = 1000;

/** What a leader needs of the tab that it is in. */
export interface LeadingTab {
  readonly url: string;
  readonly options: ConnectOptions;
  readonly term: number;
  readonly backlog: Backlog;
  post(news: News): void;
  absorb(place: Place): void;
  tell(change: StateChange): void;
}

/**
 * Holds the connection for all tabs, for one term. Before it connects it calls the
 * roll, so as to resume after the last event that any of them has seen.
 */
export class Leader {
  readonly #tab: LeadingTab;
  #connection: EventStreamConnection | undefined;
  #isClosed = false;
  // The end of the roll call.
  readonly #timer: ReturnType<typeof setTimeout>;
  // The answer of the one who has seen the most.
  #furthest: Place;

  /**
   * @param tab The tab that holds the connection.
   * @param isFirst Whether nobody has held it before, as far as the tab knows.
   */
  constructor(tab: LeadingTab, isFirst: boolean) {
    this.#tab = tab;
    this.#furthest = tab.backlog;
    this.#tell(tab.backlog.next);
    this.#timer = setTimeout(() => this.#connect(), isFirst ? 0 : ROLL_CALL);
  }

  /** Answers a tab, or takes down what it answers. */
  answer(hello: Hello): void {
    // During the roll call the place is not known yet: all will hear of it.
    if (this.#connection) this.#tell(hello.next, hello.from);
    else if (hello.next > this.#furthest.next) this.#furthest = hello;
  }

  /** Ends the connection, without a word. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#connection?.close();
  }

  async #connect(): Promise<void> {
    const { url, options, backlog } = this.#tab;
    this.#tab.absorb(this.#furthest);
    // Later numbers are greater ones, whoever has counted before.
    if (backlog.next <= LOST) backlog.next = Date.now() * NUMBERS_PER_MS;
    // Who has seen less asks for it.
    this.#tell(backlog.next);
    this.#connection = new EventStreamConnection(url, {
      ...options,
      signal: undefined,
      lastEventId: backlog.lastEventId,
      onStateChange: (state) => this.#onStateChange(state),
    }, true);
    try {
      for await (const event of this.#connection) this.#publish(event);
    } catch {
      // The last change of state has told it.
    }
  }

  #publish(event: ServerSentEvent): void {
    // What was on its way is another's to publish.
    if (this.#isClosed) return;
    const { backlog } = this.#tab;
    const { lastEventId } = event;
    const place = { events: [event], next: backlog.next + 1, lastEventId };
    this.#post(place);
    this.#tab.absorb(place);
  }

  #onStateChange(state: ConnectionState): void {
    // Closed by this side.
    if (this.#isClosed) return;
    const error = state.state === "open" ? undefined : state.error;
    // What went wrong in this tab alone need not go wrong in the next one.
    if (error?.reason !== "local-error") {
      this.#tell(this.#tab.backlog.next, undefined, error !== undefined);
    }
    this.#tab.tell({ readyState: this.#readyState, state });
  }

  get #readyState(): 0 | 1 | 2 {
    return this.#connection?.readyState ?? CONNECTING;
  }

  /** Tells the state, and what somebody lacks who waits for the event `next`. */
  #tell(next: number, to?: number, hasFailed?: boolean): void {
    const { backlog } = this.#tab;
    // There may have been an ID without an event.
    if (this.#connection) backlog.lastEventId = this.#connection.lastEventId;
    this.#post(backlog.since(next), to, hasFailed);
  }

  #post(place: Place, to?: number, hasFailed = false): void {
    this.#tab.post({
      ...place,
      term: this.#tab.term,
      readyState: this.#readyState,
      url: this.#connection?.response?.url ?? "",
      hasFailed,
      to,
    });
  }
}
