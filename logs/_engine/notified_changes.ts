// Copyright 2026 the Tidings authors. MIT license.

/**
 * Tells followers that their log may have changed, for an engine that sends notifications:
 * after one, and at an interval, which is shorter while an older transaction holds events back.
 *
 * @module
 */

import { type Feed, Listener } from "./listener.ts";
import { WakeWatcher } from "./wake_watcher.ts";

/** The most milliseconds between two reads while no connection listens. */
const UNHEARD_INTERVAL = 1000;
/** Milliseconds between two reads while events are held back. */
const SHORTEST_HOLD = 5;
const LONGEST_HOLD = 1000;
/**
 * Milliseconds from which on a notification does not end the wait. While a transaction is open
 * for long, each commit would otherwise cost each follower a read that finds nothing.
 */
const LONG_HOLD = 100;

/** How a follower waits. */
export interface WatchOptions {
  /** The payload of the notifications of its log. */
  readonly key: string;
  /** Milliseconds between two reads. */
  readonly pollInterval: number;
  /** Is called before each wait. */
  readonly onIdle?: (signal: AbortSignal | undefined) => Promise<void>;
}

/** The watchers of all logs that share a client. */
export class NotifiedChanges {
  readonly #watchers = new Set<HeldWatcher>();
  /** `undefined` if the client cannot listen. */
  readonly #listener: Listener | undefined;

  constructor(feed: Feed | undefined) {
    if (feed === undefined) return;
    this.#listener = new Listener(feed, (payload) => {
      for (const watcher of this.#watchers) {
        if (watcher.key === (payload ?? watcher.key)) watcher.wake();
      }
    });
  }

  /** Watches a log. */
  watch(options: WatchOptions): HeldWatcher {
    const findInterval = (): number =>
      this.#listener?.isHeard
        ? options.pollInterval
        : Math.min(options.pollInterval, UNHEARD_INTERVAL);
    const watcher = new HeldWatcher(options, findInterval, async () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size === 0) await this.#listener?.stop();
    });
    this.#watchers.add(watcher);
    this.#listener?.start();
    return watcher;
  }
}

/** Watches one log for one follower. */
export class HeldWatcher extends WakeWatcher {
  readonly #options: WatchOptions;
  readonly #findInterval: () => number;
  /** Whether the last read found events that an older transaction holds back. */
  #isHeld = false;
  /** Milliseconds until the next read of them. */
  #hold = SHORTEST_HOLD;

  constructor(
    options: WatchOptions,
    findInterval: () => number,
    onCancel: () => Promise<void>,
  ) {
    super(onCancel, options);
    this.#options = options;
    this.#findInterval = findInterval;
  }

  /** Notes what a read has found. */
  noteRead(isHeld: boolean, isEmpty: boolean): void {
    // The first read that finds them held back does not make the wait longer yet.
    this.#hold = this.#isHeld && isHeld && isEmpty
      ? Math.min(2 * this.#hold, LONGEST_HOLD)
      : SHORTEST_HOLD;
    this.#isHeld = isHeld;
  }

  /** Waits for a change, or for the time of the next read. */
  override async next(signal: AbortSignal | undefined): Promise<void> {
    await this.#options.onIdle?.(signal);
    const delay = this.#isHeld ? this.#hold : this.#findInterval();
    const isLong = this.#isHeld && this.#hold >= LONG_HOLD;
    await super.next(signal, delay, isLong);
  }
}
