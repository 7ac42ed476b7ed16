// Copyright 2026 the Tidings authors. MIT license.

/**
 * One tab's part in a shared connection: a Web Lock elects one tab as the leader, the
 * leader numbers the events of its connection and sends them over a `BroadcastChannel`,
 * the followers report which number they expect next, and each leader has a term that is
 * greater than that of the leader before, whose messages are ignored from then on.
 * `SharedEventSource` makes one of these for each source.
 *
 * @module
 */

import { listenForAbort } from "../_abort.ts";
import {
  ANSWER_TIMEOUT,
  CLOSE_DELAY,
  LOST,
  MAX_AHEAD,
  NEW,
  SILENCE_TIMEOUT,
} from "./_numbers.ts";
import { RecentEvents } from "./_recent_events.ts";
import { CatchUp, type LaggingTab } from "./_catch_up.ts";
import { CLOSED, CONNECTING, OPEN } from "../_client/connection_state.ts";
import type { ConnectOptions } from "../_client/connection_options.ts";
import type { EventSourceConnection } from "../_client/event_source_connection.ts";
import { ON_PAGE_CHANGE, type PageChange } from "../_client/page_change.ts";
import { assertOptions } from "../_client/option_checks.ts";
import type { ServerSentEvent } from "../event.ts";
import { Leader, type LeaderTab } from "./_leader.ts";
import { getLocks } from "./_locks.ts";
import type {
  EventRange,
  FollowerMessage,
  LeaderMessage,
  PageWake,
} from "./_messages.ts";
import { EventQueue } from "../_client/event_queue.ts";
import {
  type ConnectionStatus,
  describe,
  NO_CONNECTION,
  type StateChange,
} from "./_status.ts";

/** The connection of one tab, which is the leader or a follower. */
export class SharedConnection
  implements EventSourceConnection, LeaderTab, LaggingTab {
  declare readonly url: string;
  declare readonly options: ConnectOptions;
  declare readonly name: string;
  declare readonly recent: RecentEvents;
  /** The last event ID after the events that this tab has received. */
  lastEventId = "";
  /** The greatest term that this tab knows. A leader of a lesser one was replaced. */
  term = 0;
  /** The state after the items that were taken from the queue. */
  readyState: 0 | 1 | 2 = CONNECTING;
  // The state after all items in the queue.
  #latestState: 0 | 1 | 2 = CONNECTING;
  readonly #id = Math.random();
  readonly #queue = new EventQueue();
  // Aborted at the end: removes the listeners on the page and on the signal.
  readonly #listening = new AbortController();
  // Gives up the lock, or the request for it.
  #lockRequest: AbortController | undefined;
  // Set from #join() to #leave().
  #channel: BroadcastChannel | undefined;
  // Set while this tab is the leader.
  #leader: Leader | undefined;
  #catchUp: CatchUp | undefined;
  // Runs until the leader is asked, or the lock is taken from it.
  #timer: ReturnType<typeof setTimeout> | undefined;
  // Whether `followPage()` has paused this tab's part in the connection.
  #isPaused = false;
  // Tells followPage() of the end.
  #onClose: (() => void) | undefined;
  // Whether the leader was asked for missing events, and has not answered.
  #isAsking = false;

  constructor(url: string, options: ConnectOptions, key: string) {
    assertOptions(options);
    this.url = url;
    this.options = options;
    // The number is the protocol's version: tabs with another one have another channel.
    this.name = `tidings 1 ${url} ${options.withCredentials} ${key}`;
    this.recent = new RecentEvents(options.lastEventId ?? "");
    const { signal } = options;
    this.#listening.signal.addEventListener(
      "abort",
      listenForAbort(signal, this.close),
    );
    if (signal?.aborted) this.close();
    this.#listen();
    this.#join();
  }

  /** Whether this tab is the leader. */
  get isLeader(): boolean {
    return Boolean(this.#leader);
  }

  readonly close = (): void => {
    if (this.readyState === CLOSED) return;
    this.readyState = this.#latestState = CLOSED;
    this.#queue.clear();
    this.#queue.end();
    this.#end();
  };

  [Symbol.asyncIterator](): AsyncIterator<ServerSentEvent> {
    return this.#queue;
  }

  /**
   * A page that pauses leaves, as if it were frozen: another tab leads. For one that is
   * back, the leader looks after the connection.
   */
  [ON_PAGE_CHANGE](change: PageChange): void {
    const { isPaused, isBack, staleAfter, onClose } = change;
    if (this.#listening.signal.aborted) return onClose?.();
    this.#onClose = onClose;
    this.#isPaused = isPaused;
    if (isPaused) {
      this.#leave();
      this.#applyStatus(NO_CONNECTION);
    } else if (this.#leader) this.#leader.wake(change);
    else if (!this.#channel) this.#join();
    else if (isBack || staleAfter < Infinity) {
      this.#askLeader({ isBack, staleAfter });
    }
  }

  /** Sends a message of the leader to all other tabs. */
  post(
    message: Omit<LeaderMessage, "term"> | Omit<FollowerMessage, "term">,
  ): void {
    this.#channel?.postMessage({ ...message, term: this.term });
  }

  /** Receives events of the shared stream, whichever tab has the connection. */
  receive(range: EventRange): void {
    const { recent } = this;
    const { events, next, lastEventId } = range;
    if (this.#hasGap(range)) {
      this.#catchUp?.close();
      recent.moveTo(next - events.length, lastEventId);
      this.#catchUp = new CatchUp(this);
    }
    for (const event of events.slice(events.length + recent.next - next)) {
      recent.push(event);
      if (!this.#catchUp?.isRunning) this.deliver(event);
    }
    // A block without data has an ID and is no event.
    if (next === recent.next) recent.lastEventId = lastEventId;
    if (this.#catchUp?.isRunning) this.#catchUp.check();
    else this.lastEventId = recent.lastEventId;
  }

  /** Tells this tab of a change of state. */
  changeState({ readyState, state }: StateChange): void {
    this.#latestState = readyState;
    // From now on, no ID of the options or of the headers counts in a later leader.
    if (readyState === OPEN) this.options.lastEventId = "";
    this.#queue.defer(() => {
      this.readyState = readyState;
      // The state of an end has an error. That of this tab's own options is thrown, as an
      // exception that nothing catches.
      if (readyState === CLOSED) this.#queue.end(state as { error: unknown });
      this.options.onStateChange?.(state);
    });
    this.#wake();
    if (readyState !== CLOSED) return;
    if (this.#leader) {
      const lockRequest = this.#lockRequest;
      setTimeout(() => lockRequest?.abort(), CLOSE_DELAY);
      this.#lockRequest = undefined;
    }
    this.#end();
  }

  /** Hands this tab an event. */
  deliver(event: ServerSentEvent): void {
    this.lastEventId = event.lastEventId;
    this.#queue.push(event);
    this.#wake();
  }

  /** Hands out what was added: later, since a listener may close the connection. */
  #wake(): void {
    queueMicrotask(() => this.#queue.answer());
  }

  /** Leaves while the page is frozen or in the back/forward cache, and joins after. */
  #listen(): void {
    const { signal } = this.#listening;
    // "freeze" and "resume" are events of the document that do not bubble.
    const init = { capture: true, signal };
    addEventListener("freeze", () => this.#leave(), init);
    addEventListener("pagehide", () => this.#leave(), init);
    addEventListener("resume", () => this.#join(), init);
    addEventListener("pageshow", () => this.#join(), init);
  }

  #join(): void {
    const { signal } = this.#listening;
    if (signal.aborted || this.#isPaused) return;
    if (this.#channel || this.#leader) return;
    this.#applyStatus(NO_CONNECTION);
    try {
      this.#channel = new BroadcastChannel(this.name);
    } catch {
      // Browsers throw where the user has blocked all storage for the site.
      return this.#lead();
    }
    this.#channel.onmessage = ({ data }) =>
      "from" in data ? this.#onFollower(data) : this.#onLeader(data);
    this.#askLeader();
    this.#requestLock();
  }

  #leave(): void {
    this.#leader?.close();
    this.#leader = undefined;
    this.#channel?.close();
    this.#channel = undefined;
    this.#lockRequest?.abort();
    clearTimeout(this.#timer);
    if (this.#catchUp?.isRunning) {
      this.#catchUp.close();
      this.recent.moveTo(LOST, this.lastEventId);
    }
  }

  #end(): void {
    this.#listening.abort();
    this.#leave();
    this.#onClose?.();
  }

  /** Waits for the lock, or takes it from the leader. */
  async #requestLock(steal = false): Promise<void> {
    this.#lockRequest?.abort();
    const { signal } = this.#lockRequest = new AbortController();
    try {
      // There are locks: without them, tabs do not share a connection.
      const locks = getLocks()!;
      await locks.request(this.name, steal ? { steal } : { signal }, () => {
        if (signal.aborted) return;
        return new Promise((resolve) => {
          signal.addEventListener("abort", () => resolve());
          this.#lead();
        });
      });
    } catch (error) {
      if (signal.aborted) return;
      this.#leave();
      // "AbortError" means that another tab took the lock; others, that there is none.
      if ((error as Error).name === "AbortError") this.#join();
      else this.#lead();
    }
  }

  #lead(): void {
    clearTimeout(this.#timer);
    this.#applyStatus(NO_CONNECTION);
    // Two leaders that have not received each other's messages differ by the clock, or
    // else by the random part.
    const isFirst = this.term === 0;
    this.term = Math.max(this.term + 1, Date.now()) + Math.random();
    this.#leader = new Leader(this, isFirst);
  }

  #onFollower(message: FollowerMessage): void {
    if (!this.#leader) return;
    if (message.term > this.term) this.#followLeader(message.term);
    else {
      this.#leader.answer(message);
      if (message.page) this.#leader.wake(message.page);
    }
  }

  #onLeader(message: LeaderMessage): void {
    const { term, next, to } = message;
    // A leader that hung may still send, before it learns that it was replaced.
    if (term < this.term) return;
    const isForMe = to === this.#id;
    const isNewLeader = term > this.term && !isForMe;
    if (term > this.term) this.#followLeader(term);
    if (isNewLeader) this.#report(next);
    this.#awaitLeader();
    const hasGap = this.#hasGap(message);
    // It has the events that another follower has missed.
    if (hasGap && to !== undefined && !isForMe) return;
    this.#applyStatus(message);
    // A new leader collects what the followers have received before it sends events.
    if (isNewLeader) return;
    if (isForMe || this.recent.next === NEW || !hasGap) {
      this.#isAsking = false;
      this.receive(message);
    } else if (!this.#isAsking) {
      this.#isAsking = true;
      this.#askLeader();
    }
  }

  /** Accepts a later leader. */
  #followLeader(term: number): void {
    this.term = term;
    this.#isAsking = false;
    if (this.#leader) {
      this.#leave();
      this.#join();
    }
  }

  /** Whether events are missing between those of this tab and these. */
  #hasGap({ events, next }: EventRange): boolean {
    const lacking = next - this.recent.next;
    return lacking > events.length || lacking < -MAX_AHEAD;
  }

  /** Tells this tab of the leader's state, if that is a change. */
  #applyStatus(status: ConnectionStatus): void {
    const { readyState, hasFailed } = status;
    const latestState = this.#latestState;
    const hasChanged = readyState === CONNECTING
      ? latestState === OPEN
      : readyState !== latestState;
    if (hasFailed || hasChanged) {
      this.changeState({ readyState, state: describe(status) });
    }
  }

  /** Asks the leader for a message if none comes for a while. */
  #awaitLeader(): void {
    clearTimeout(this.#timer);
    // With jitter, one follower asks before the others. The answer counts for all.
    this.#timer = setTimeout(
      () => this.#askLeader(),
      SILENCE_TIMEOUT * (1 + Math.random()),
    );
  }

  /** Asks the leader for missing events, and takes the lock if there is no answer. */
  #askLeader(page?: PageWake): void {
    this.#report(this.recent.next, page);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      // There is a leader, although it never sent a message: this is not the first term.
      this.term ||= 1;
      this.#requestLock(true);
    }, ANSWER_TIMEOUT);
  }

  /** Reports to the leader which event this tab expects, and those from `next` on. */
  #report(next: number, page?: PageWake): void {
    this.post({ ...this.recent.since(next), from: this.#id, page });
  }
}
