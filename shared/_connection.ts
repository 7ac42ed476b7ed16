// Copyright 2026 the Tidings authors. MIT license.

import { Backlog, LOST, NEW } from "./_backlog.ts";
import { CatchUp, type LateTab } from "./_catch_up.ts";
import { CLOSED, CONNECTING, OPEN } from "../_client/connection_state.ts";
import {
  assertOptions,
  type ConnectOptions,
} from "../_client/connection_options.ts";
import type { EventSourceConnection } from "../_client/event_source.ts";
import type { ServerSentEvent } from "../event.ts";
import { Leader, type LeadingTab } from "./_leader.ts";
import { holdLock } from "./_locks.ts";
import type { Hello, News, Place } from "./_message.ts";
import { Outlet, type StateChange } from "./_outlet.ts";
import { describe, NO_CONNECTION, type Status } from "./_status.ts";

/** Milliseconds of silence after which the leader is asked whether it is there. */
const SILENCE = 5000;
/** Milliseconds for its answer; after that the lock is taken from it. */
const ANSWER_TIMEOUT = 5000;
/** Milliseconds for the others to hear of the end before one of them connects. */
const FAREWELL = 100;
/**
 * How many events a tab may have seen that the others have not. Whose numbers are
 * further off has counted with others, who are gone.
 */
const MAX_LEAD = 1e6;

/** One tab's part in a connection that many share. */
export class SharedConnection
  implements EventSourceConnection, LeadingTab, LateTab {
  readonly url: string;
  readonly options: ConnectOptions;
  readonly name: string;
  readonly backlog: Backlog;
  /** The last event ID as of the events that this tab has got. */
  lastEventId = "";
  /** The greatest term that this tab has heard of: who has a lesser one is robbed. */
  term = 0;
  readonly #id = Math.random();
  readonly #outlet: Outlet;
  // Ends what listens to the page and to the signal.
  readonly #life = new AbortController();
  // Gives up the lock, or the place in the queue for it.
  #turn: AbortController | undefined;
  // Set while this tab takes part.
  #channel: BroadcastChannel | undefined;
  // Set while this tab holds the connection.
  #leader: Leader | undefined;
  #catchUp: CatchUp | undefined;
  // Until the leader is asked, or robbed.
  #timer: ReturnType<typeof setTimeout> | undefined;
  // Whether what is missing was asked for.
  #isAsking = false;

  constructor(url: string, options: ConnectOptions, key: string) {
    assertOptions(options);
    this.url = url;
    this.options = options;
    // Tabs of another version may say other things: the number is theirs.
    this.name = `tidings 1 ${url} ${options.withCredentials} ${key}`;
    this.backlog = new Backlog(options.lastEventId ?? "");
    this.#outlet = new Outlet(options.onStateChange);
    const { signal } = options;
    if (signal?.aborted) this.close();
    signal?.addEventListener("abort", this.close, this.#life);
    this.#listen();
    this.#join();
  }

  get readyState(): 0 | 1 | 2 {
    return this.#outlet.readyState;
  }

  /** Whether the connection of all is that of this tab. */
  get isLeader(): boolean {
    return this.#leader !== undefined;
  }

  readonly close = (): void => {
    this.#outlet.close();
    this.#end();
  };

  [Symbol.asyncIterator](): AsyncIterator<ServerSentEvent> {
    return this.#outlet[Symbol.asyncIterator]();
  }

  /** Says something to all tabs, as their leader. */
  post(news: News): void {
    this.#channel?.postMessage(news);
  }

  /** Goes on to where these events end. */
  absorb(place: Place): void {
    const { backlog } = this;
    const { events, next, lastEventId } = place;
    if (this.#isHole(place)) {
      this.#catchUp?.close();
      backlog.moveTo(next - events.length, lastEventId);
      this.#catchUp = new CatchUp(this);
    }
    for (const event of events.slice(events.length + backlog.next - next)) {
      backlog.push(event);
      if (!this.#catchUp?.isRunning) this.deliver(event);
    }
    // There may have been an ID without an event.
    if (next === backlog.next) backlog.lastEventId = lastEventId;
    if (this.#catchUp?.isRunning) this.#catchUp.check();
    else this.lastEventId = backlog.lastEventId;
  }

  /** Gives this tab a change of state. */
  tell(change: StateChange): void {
    this.#outlet.push(change);
    if (change.readyState !== CLOSED) return;
    if (this.#leader) {
      const turn = this.#turn;
      setTimeout(() => turn?.abort(), FAREWELL);
      this.#turn = undefined;
    }
    this.#end();
  }

  /** Gives this tab an event. */
  deliver(event: ServerSentEvent): void {
    this.lastEventId = event.lastEventId;
    this.#outlet.push(event);
  }

  /** Leaves while the page cannot take part, and comes back with it. */
  #listen(): void {
    const { signal } = this.#life;
    // Those of the document do not bubble.
    const init = { capture: true, signal };
    for (const type of ["freeze", "pagehide"]) {
      addEventListener(type, () => this.#leave(), init);
    }
    for (const type of ["resume", "pageshow"]) {
      addEventListener(type, () => this.#join(), init);
    }
  }

  #join(): void {
    const { signal } = this.#life;
    if (signal.aborted || this.#channel || this.#leader) return;
    this.#follow(NO_CONNECTION);
    try {
      this.#channel = new BroadcastChannel(this.name);
    } catch {
      // Where a user lets a site store nothing.
      return this.#hold();
    }
    this.#channel.onmessage = ({ data }) =>
      "from" in data ? this.#hearTab(data) : this.#hearLeader(data);
    this.#ask();
    this.#queue();
  }

  #leave(): void {
    this.#leader?.close();
    this.#leader = undefined;
    this.#channel?.close();
    this.#channel = undefined;
    this.#turn?.abort();
    clearTimeout(this.#timer);
    if (this.#catchUp?.isRunning) {
      this.#catchUp.close();
      this.backlog.moveTo(LOST, this.lastEventId);
    }
  }

  #end(): void {
    this.#life.abort();
    this.#leave();
  }

  /** Waits for the lock, or takes it from who has it. */
  async #queue(steal = false): Promise<void> {
    this.#turn?.abort();
    const { signal } = this.#turn = new AbortController();
    try {
      await holdLock(this.name, signal, steal, () => this.#hold());
    } catch (error) {
      if (signal.aborted) return;
      this.#leave();
      // Robbed, or refused.
      if ((error as Error).name === "AbortError") this.#join();
      else this.#hold();
    }
  }

  #hold(): void {
    clearTimeout(this.#timer);
    this.#follow(NO_CONNECTION);
    // Those who have not met yet differ by the clock, or else by chance.
    const isFirst = this.term === 0;
    this.term = Math.max(this.term + 1, Date.now()) + Math.random();
    this.#leader = new Leader(this, isFirst);
  }

  #hearTab(hello: Hello): void {
    if (this.#leader === undefined) return;
    if (hello.term > this.term) this.#yieldTo(hello.term);
    else this.#leader.answer(hello);
  }

  #hearLeader(news: News): void {
    const { term, next, to } = news;
    // From one who was robbed, and does not know it yet.
    if (term < this.term) return;
    const isForMe = to === this.#id;
    const isRollCall = term > this.term && !isForMe;
    if (term > this.term) this.#yieldTo(term);
    if (isRollCall) this.#say(next);
    this.#expectNews();
    const isHole = this.#isHole(news);
    // Others are told of what they alone have missed.
    if (isHole && to !== undefined && !isForMe) return;
    this.#follow(news);
    // Where it begins is known after the roll call.
    if (isRollCall) return;
    if (isForMe || this.backlog.next === NEW || !isHole) {
      this.#isAsking = false;
      this.absorb(news);
    } else if (!this.#isAsking) {
      this.#isAsking = true;
      this.#ask();
    }
  }

  /** Follows a later leader. */
  #yieldTo(term: number): void {
    this.term = term;
    this.#isAsking = false;
    if (this.#leader) {
      this.#leave();
      this.#join();
    }
  }

  /** Whether these events do not follow on those that this tab knows. */
  #isHole({ events, next }: Place): boolean {
    const lacking = next - this.backlog.next;
    return lacking > events.length || lacking < -MAX_LEAD;
  }

  /** Takes over the state of the connection. */
  #follow(status: Status): void {
    const { readyState, hasFailed } = status;
    const { latestState } = this.#outlet;
    const isNews = readyState === CONNECTING
      ? latestState === OPEN
      : readyState !== latestState;
    if (hasFailed || isNews) this.tell({ readyState, state: describe(status) });
  }

  /** Asks the leader if there is nothing to hear of it. */
  #expectNews(): void {
    clearTimeout(this.#timer);
    // Not all at once: the answer to one is an answer to all.
    const delay = SILENCE * (1 + Math.random());
    this.#timer = setTimeout(() => this.#ask(), delay);
  }

  /** Asks the leader for what is missing, and robs it if there is no answer. */
  #ask(): void {
    this.#say(this.backlog.next);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      // There is a leader, whom nothing was ever heard of.
      this.term ||= 1;
      this.#queue(true);
    }, ANSWER_TIMEOUT);
  }

  /** Tells the leader this tab's place, and what it lacks if it waits for `next`. */
  #say(next: number): void {
    this.#channel?.postMessage(
      {
        ...this.backlog.since(next),
        from: this.#id,
        term: this.term,
      } satisfies Hello,
    );
  }
}
