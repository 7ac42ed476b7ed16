// Copyright 2026 the Tidings authors. MIT license.

/**
 * Tells followers that their log may have changed: after a `NOTIFY`, and at an interval, which
 * is shorter while an older transaction holds rows back. Each connection has one
 * `PostgresChanges`, and each follower a watcher of it.
 *
 * @module
 */

import { drawRetryDelay } from "../../_log/retry_delay.ts";
import { warn } from "../../_warning.ts";
import { orTimedOut } from "../_engine/retry.ts";
import { WakeWatcher } from "../_engine/wake_watcher.ts";
import type { PostgresClient } from "./client.ts";
import { NOTIFY_CHANNEL } from "./schema.ts";

/** The most milliseconds between two reads while no connection listens. */
const UNHEARD_INTERVAL = 1000;
/** Milliseconds between two reads while rows are held back. */
const SHORTEST_HOLD = 5;
const LONGEST_HOLD = 1000;
/**
 * Milliseconds from which on a `NOTIFY` does not end the wait. While a transaction is open for
 * long, each commit would otherwise cost each follower a read that finds nothing.
 */
const LONG_HOLD = 100;
/** Milliseconds in which a `NOTIFY` of ours has to come back, or the connection is lost. */
const HEARTBEAT = 60_000;
/** Milliseconds in which a connection has to be closed. */
const STOP = 1000;
const NOTIFY = "SELECT pg_notify($1::text, $2::text)";
/** How many failures to listen, one after the other, become a warning. */
const TOLD_FAILURES = 10;
/** How often the delay between two attempts to listen is doubled: it is 800 ms at most. */
const MAX_DOUBLINGS = 3;

/** Is called before each wait of a follower. */
type OnIdle = (signal: AbortSignal | undefined) => Promise<void>;

/** The watchers of all logs that share a client, and the connection that listens. */
export class PostgresChanges {
  readonly #client: PostgresClient;
  readonly #watchers = new Set<PostgresWatcher>();
  /** Settles when `#listen()` has ended, `undefined` while it does not run. */
  #listening: Promise<void> | undefined;
  /** Whether notifications are received. */
  #isHeard = false;
  /** Ends the wait of `#listen()`. */
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
            "Followers of a log get no notifications, and poll for events";
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
        // It comes after all that was sent before it. If it does not come, the connection is
        // lost without a word, as behind a proxy that drops it.
        isBeating = false;
        this.#client.query(NOTIFY, [NOTIFY_CHANNEL, beat])
          .catch(() => isBeating = true);
      }
    } finally {
      this.#setHeard(false);
      const stopped = opening.then((stop) => stop()).catch(() => {});
      // A server that does not answer must not delay the next attempt.
      if (isOpen) await orTimedOut(stopped, STOP, "stop").catch(() => {});
    }
  }

  /**
   * Notes whether notifications are received. All watchers wake, since none was received in
   * between.
   */
  #setHeard(isHeard: boolean): void {
    this.#isHeard = isHeard;
    for (const watcher of this.#watchers) watcher.wake();
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

/** Watches one log for one follower. */
export class PostgresWatcher extends WakeWatcher {
  readonly #key: string;
  readonly #findInterval: () => number;
  readonly #onIdle: OnIdle;
  /** Whether the last read found rows that an older transaction holds back. */
  #isHeld = false;
  /** Milliseconds until the next read of them. */
  #hold = SHORTEST_HOLD;

  constructor(
    key: string,
    findInterval: () => number,
    onIdle: OnIdle,
    onCancel: () => Promise<void>,
  ) {
    super(onCancel);
    this.#key = key;
    this.#findInterval = findInterval;
    this.#onIdle = onIdle;
  }

  /** Notes what a read has found. */
  noteRead(isHeld: boolean, isEmpty: boolean): void {
    this.#isHeld = isHeld;
    this.#hold = isHeld && isEmpty
      ? Math.min(2 * this.#hold, LONGEST_HOLD)
      : SHORTEST_HOLD;
  }

  /** Waits for a change, or for the time of the next read. */
  override async next(signal: AbortSignal | undefined): Promise<void> {
    await this.#onIdle(signal);
    const delay = this.#isHeld ? this.#hold : this.#findInterval();
    const isLong = this.#isHeld && this.#hold >= LONG_HOLD;
    await super.next(signal, delay, isLong);
  }

  /** Takes the payload of a notification. */
  hear(payload: string): void {
    if (payload === this.#key) this.wake();
  }
}
