// Copyright 2026 the Tidings authors. MIT license.

/**
 * Tells followers that their log may have changed: by `NOTIFY`, at an interval, and again
 * and again while an older transaction holds rows back.
 *
 * @module
 */

import { drawRetryDelay } from "../../_log/retry_delay.ts";
import { warn } from "../../_warning.ts";
import type { ChangeWatcher } from "../_engine/follow_changes.ts";
import { orAborted, orTimedOut } from "../_engine/retry.ts";
import type { PostgresClient } from "./client.ts";
import { NOTIFY_CHANNEL } from "./schema.ts";

/** Milliseconds between two looks while nobody listens, at most. */
const UNHEARD_INTERVAL = 1000;
/** Milliseconds between two looks at rows that are held back. */
const SHORTEST_HOLD = 5;
const LONGEST_HOLD = 1000;
/** From here on, a `NOTIFY` does not end the wait: it tells of rows that are held back, too. */
const LONG_HOLD = 100;
/** Milliseconds after which a connection is lost on which a `NOTIFY` of ours did not come. */
const HEARTBEAT = 60_000;
/** Milliseconds for a connection to be closed. */
const STOP = 1000;
const NOTIFY = "SELECT pg_notify($1::text, $2::text)";
/** How often to fail to listen before it is told. */
const TOLD_FAILURES = 10;
/** How often the delay between two attempts is doubled: it is 800 ms at most. */
const MAX_DOUBLINGS = 3;

/** Is called before each wait of a follower. */
type OnIdle = (signal: AbortSignal | undefined) => Promise<void>;

/** The watchers of all logs that share a client, and the connection that listens. */
export class PostgresChanges {
  readonly #client: PostgresClient;
  readonly #watchers = new Set<PostgresWatcher>();
  /** Settles once nothing listens any more, `undefined` while nothing does. */
  #listening: Promise<void> | undefined;
  /** Whether notifications are received. */
  #isHeard = false;
  /** Ends the wait of what listens. */
  #end: () => void = () => {};

  constructor(client: PostgresClient) {
    this.#client = client;
  }

  /**
   * Watches a log.
   *
   * @param key The payload of its notifications.
   * @param pollInterval Milliseconds.
   * @param onIdle Is called before each wait.
   */
  watch(
    key: string,
    pollInterval: number,
    onIdle: OnIdle = () => Promise.resolve(),
  ): PostgresWatcher {
    const findInterval = (): number =>
      this.#isHeard ? pollInterval : Math.min(pollInterval, UNHEARD_INTERVAL);
    const watcher = new PostgresWatcher(key, findInterval, onIdle, async () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size > 0) return;
      this.#end();
      await this.#listening;
    });
    this.#watchers.add(watcher);
    if (this.#client.listen !== undefined) this.#listening ??= this.#listen();
    return watcher;
  }

  /** Listens while there are watchers. */
  async #listen(): Promise<void> {
    for (let failures = 0; this.#watchers.size > 0;) {
      try {
        await this.#listenOnce();
        failures = 0;
      } catch (error) {
        if (++failures === TOLD_FAILURES) {
          const what =
            "Followers of a log hear of no events, and look for them";
          warn("TIDINGS_LOG", what, error);
        }
      }
      if (this.#watchers.size === 0) break;
      await this.#wait(drawRetryDelay(Math.min(failures, MAX_DOUBLINGS)));
    }
    this.#listening = undefined;
  }

  /** Listens until the connection is lost, or there are no watchers. */
  async #listenOnce(): Promise<void> {
    const beat = crypto.randomUUID();
    let isBeating = true;
    let isOpen = false;
    let isLost = false;
    // The caller has checked that there is one.
    const opening = this.#client.listen!(NOTIFY_CHANNEL, (payload) => {
      isBeating ||= payload === beat;
      for (const watcher of this.#watchers) watcher.hear(payload);
    }, () => {
      isLost = true;
      this.#end();
    });
    try {
      await this.#wait(HEARTBEAT, opening.then(() => isOpen = true));
      if (this.#watchers.size === 0) return;
      if (!isOpen) {
        throw new Error("expected listen() to listen, got no answer");
      }
      this.#setHeard(true);
      while (!isLost && this.#watchers.size > 0) {
        await this.#wait(HEARTBEAT);
        if (!isBeating) return;
        // It comes behind all that was sent before, unless the connection is lost.
        isBeating = false;
        this.#client.query(NOTIFY, [NOTIFY_CHANNEL, beat])
          .catch(() => isBeating = true);
      }
    } finally {
      this.#setHeard(false);
      const stopped = opening.then((stop) => stop()).catch(() => {});
      // A server that does not answer holds nobody up.
      if (isOpen) await orTimedOut(stopped, STOP, "stop").catch(() => {});
    }
  }

  /** Notes whether notifications are received. What came in between was not told. */
  #setHeard(isHeard: boolean): void {
    this.#isHeard = isHeard;
    for (const watcher of this.#watchers) watcher.wake();
  }

  /** Waits so many milliseconds, for a promise, or until there is something to do. */
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

/** Watches one log for one follower. */
export class PostgresWatcher implements ChangeWatcher {
  readonly #key: string;
  readonly #findInterval: () => number;
  readonly #onIdle: OnIdle;
  readonly #onCancel: () => Promise<void>;
  /** Set by a change, cleared by the wait that reports it. */
  #isChanged = false;
  /** Whether the last read found rows that an older transaction holds back. */
  #isHeld = false;
  /** Milliseconds until the next look at them. */
  #hold = SHORTEST_HOLD;
  /** Ends the wait under way. */
  #end: () => void = () => {};

  constructor(
    key: string,
    findInterval: () => number,
    onIdle: OnIdle,
    onCancel: () => Promise<void>,
  ) {
    this.#key = key;
    this.#findInterval = findInterval;
    this.#onIdle = onIdle;
    this.#onCancel = onCancel;
  }

  /** Notes what a read has found. */
  noteRead(isHeld: boolean, isEmpty: boolean): void {
    this.#isHeld = isHeld;
    this.#hold = isHeld && isEmpty
      ? Math.min(2 * this.#hold, LONGEST_HOLD)
      : SHORTEST_HOLD;
  }

  /** Waits for a change, or for the time of the next look. */
  async next(signal: AbortSignal | undefined): Promise<void> {
    await this.#onIdle(signal);
    const isLong = this.#isHeld && this.#hold >= LONG_HOLD;
    if (!this.#isChanged || isLong) {
      const delay = this.#isHeld ? this.#hold : this.#findInterval();
      let timer: ReturnType<typeof setTimeout> | undefined;
      const ended = new Promise<void>((resolve) => {
        if (delay !== Infinity) timer = setTimeout(resolve, delay);
        this.#end = isLong ? () => {} : resolve;
      });
      try {
        await orAborted(ended, signal);
      } finally {
        clearTimeout(timer);
      }
    }
    this.#isChanged = false;
  }

  /** Takes the payload of a notification. */
  hear(payload: string): void {
    if (payload === this.#key) this.wake();
  }

  /** Reports a change. */
  wake(): void {
    this.#isChanged = true;
    this.#end();
  }

  /** Ends the watch. */
  cancel(): Promise<void> {
    return this.#onCancel();
  }
}
