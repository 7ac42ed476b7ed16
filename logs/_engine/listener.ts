// Copyright 2026 the Tidings authors. MIT license.

/**
 * Keeps a connection open on which an engine tells of changes, while followers need it. A
 * connection that is lost, with or without a word, is opened again.
 *
 * @module
 */

import { drawRetryDelay } from "../../_log/retry_delay.ts";
import { warn } from "../../_warning.ts";
import { orTimedOut } from "./retry.ts";

/** Milliseconds in which a notification of ours has to come back, or the connection is lost. */
const HEARTBEAT = 60_000;
/** Milliseconds in which a connection has to be closed. */
const STOP = 1000;
/** Milliseconds that a connection has to stay open; one that is lost before has failed. */
const SHORTEST = 1000;
/** How many failures to listen, one after the other, become a warning. */
const TOLD_FAILURES = 10;
/** How often the delay between two attempts to listen is doubled: it is 800 ms at most. */
const MAX_DOUBLINGS = 3;

/** How an engine tells of changes. */
export interface Feed {
  /**
   * Opens the connection.
   *
   * @param onNotify Is called with each notification.
   * @param onLost Is called when the connection is lost.
   * @returns A function that closes it.
   */
  listen(
    onNotify: (payload: string) => void,
    onLost: () => void,
  ): Promise<() => unknown>;
  /** Sends a notification, which comes back after all that was sent before it. */
  send(payload: string): Promise<unknown>;
}

/** The connection that listens. */
export class Listener {
  readonly #feed: Feed;
  readonly #onNotify: (payload?: string) => void;
  #isNeeded = false;
  #isHeard = false;
  /** Whether the last connection gave no notification, not even ours: it counts as lost. */
  #isSilent = false;
  /** Settles when `#listen()` has ended, `undefined` while it does not run. */
  #listening: Promise<void> | undefined;
  /** Ends the wait of `#listen()`. */
  #end: () => void = () => {};
  /** Ends the wait of `stop()`. */
  #goOn: () => void = () => {};

  /**
   * @param onNotify Is called with each notification; without one, when they begin or cease to
   * be received, since some before that may be missing.
   */
  constructor(feed: Feed, onNotify: (payload?: string) => void) {
    this.#feed = feed;
    this.#onNotify = onNotify;
  }

  /** Whether notifications are received. */
  get isHeard(): boolean {
    return this.#isHeard;
  }

  /** Listens until {@linkcode stop}. */
  start(): void {
    this.#isNeeded = true;
    this.#goOn();
    this.#listening ??= this.#listen();
  }

  /** Closes the connection, unless it is started again meanwhile. */
  async stop(): Promise<void> {
    this.#isNeeded = false;
    this.#end();
    const started = new Promise<void>((resolve) => this.#goOn = resolve);
    await Promise.race([this.#listening, started]);
  }

  async #listen(): Promise<void> {
    for (let failures = 0; this.#isNeeded;) {
      try {
        await this.#listenOnce();
        failures = 0;
      } catch (error) {
        if (++failures === TOLD_FAILURES) tellPolling(error);
      }
      if (!this.#isNeeded) break;
      await this.#wait(drawRetryDelay(Math.min(failures, MAX_DOUBLINGS)));
    }
    this.#listening = undefined;
  }

  /** Listens until the connection is lost, or is not needed. */
  async #listenOnce(): Promise<void> {
    const feed = this.#feed;
    const heartbeat = new Heartbeat(feed);
    let isOpen = false;
    /** Whether the connection is lost, or is not used any more. */
    let isOver = false;
    const opening = feed.listen((payload) => {
      if (heartbeat.note(payload)) {
        this.#isSilent = false;
        this.#isHeard ||= !isOver;
      }
      this.#onNotify(payload);
    }, () => {
      // A client may tell it late, or twice.
      if (isOver) return;
      isOver = true;
      this.#end();
    });
    try {
      await this.#wait(HEARTBEAT, opening.then(() => isOpen = true));
      if (!this.#isNeeded) return;
      if (!isOpen) {
        throw new Error("expected listen() to listen, got no answer");
      }
      this.#setHeard(!this.#isSilent);
      const start = performance.now();
      let due = start + HEARTBEAT;
      while (!isOver && this.#isNeeded) {
        await this.#wait(due - performance.now());
        // A follower has ended, and another one may have begun.
        if (performance.now() < due) continue;
        // It is lost without a word, as behind a proxy that drops it.
        if (heartbeat.isMissing) return this.#noteLoss(heartbeat);
        heartbeat.send();
        due = performance.now() + HEARTBEAT;
      }
      if (isOver && performance.now() - start < SHORTEST) {
        throw new Error("expected a connection that stays open, lost it");
      }
    } finally {
      isOver = true;
      this.#setHeard(false);
      const stopped = opening.then((stop) => stop()).catch(() => {});
      // A server that does not answer must not delay the next attempt.
      if (isOpen) await orTimedOut(stopped, STOP, "stop").catch(() => {});
    }
  }

  #noteLoss({ hasCome, isLate }: Heartbeat): void {
    if (hasCome || !isLate || this.#isSilent) return;
    this.#isSilent = true;
    tellPolling(new Error("expected a notification of ours, got none"));
  }

  #setHeard(isHeard: boolean): void {
    this.#isHeard = isHeard;
    this.#onNotify();
  }

  /** Waits for some milliseconds, for a promise, or until `#end` is called. */
  async #wait(delay: number, promise?: Promise<unknown>): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const elapsed = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, delay);
      this.#end = resolve;
    });
    try {
      await Promise.race(
        promise === undefined ? [elapsed] : [elapsed, promise],
      );
    } finally {
      clearTimeout(timer);
    }
  }
}

/** The notifications of ours, which tell whether a connection gives any. */
class Heartbeat {
  /** Whether one has ever come back. Through a pooler, `LISTEN` succeeds and none does. */
  hasCome = false;
  /** Whether the last one has not come back yet. */
  isMissing = false;
  readonly #feed: Feed;
  readonly #payload = crypto.randomUUID();
  #sentAt = Infinity;

  constructor(feed: Feed) {
    this.#feed = feed;
  }

  /** Whether the last one was sent long ago. */
  get isLate(): boolean {
    return performance.now() - this.#sentAt > HEARTBEAT / 2;
  }

  /** Sends one. If that fails, it says nothing about the connection that listens. */
  send(): void {
    this.isMissing = true;
    this.#sentAt = Infinity;
    this.#feed.send(this.#payload).then(
      () => this.#sentAt = performance.now(),
      () => this.isMissing = false,
    );
  }

  /** Notes a notification, and tells whether it is one of ours. */
  note(payload: string): boolean {
    const isOurs = payload === this.#payload;
    if (isOurs) {
      this.isMissing = false;
      this.hasCome = true;
    }
    return isOurs;
  }
}

function tellPolling(error: unknown): void {
  const what = "Followers of a log get no notifications, and poll for events";
  warn("TIDINGS_LOG", what, error);
}
