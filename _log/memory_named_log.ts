// Copyright 2026 the Tidings authors. MIT license.

/**
 * One of many logs in memory: its events, who holds it, and when it is gone.
 *
 * @module
 */

import type {
  EventLog,
  EventLogBatch,
  EventLogFollowOptions,
  LoggedEvent,
} from "./event_log.ts";

/** A log that tells at once what it has. */
type NearLog = Required<EventLog>;

/** A log that somebody may hold. */
export class MemoryNamedLog {
  /** When it is gone, in milliseconds of the monotonic clock. */
  expiresAt = Infinity;
  readonly #makeLog: () => NearLog;
  #log: NearLog;
  #last: LoggedEvent | undefined;
  /** Who has claimed it last; cleared when the claim is released. */
  #holder: symbol | undefined;
  /** When it can be claimed by others, on the monotonic clock. */
  #leaseEnd = 0;
  /** Ends the following of each who follows. */
  readonly #followers = new Set<AbortController>();

  /** @param makeLog Makes an empty log that keeps all of its events. */
  constructor(makeLog: () => NearLog) {
    this.#makeLog = makeLog;
    this.#log = this.#open();
  }

  /** The events. */
  get log(): NearLog {
    return this.#log;
  }

  /** The last event. */
  get last(): LoggedEvent | undefined {
    return this.#last;
  }

  /** Whether it is gone. One that is empty waits for as long as somebody follows it. */
  get hasExpired(): boolean {
    const isAwaited = this.#last === undefined && this.#followers.size > 0;
    return !isAwaited && this.expiresAt <= performance.now();
  }

  /** Whether somebody holds the log at present. */
  get isClaimed(): boolean {
    return this.#holder !== undefined && performance.now() < this.#leaseEnd;
  }

  /** Whether somebody has claimed the log, and nobody else since. */
  isHeldBy(holder: symbol): boolean {
    return this.#holder === holder;
  }

  /** Makes somebody the holder, or begins the lease of the holder anew. */
  hold(holder: symbol, leaseTime: number): void {
    this.#holder = holder;
    this.#leaseEnd = performance.now() + leaseTime;
  }

  /** Gives the log free. */
  release(): void {
    this.#holder = undefined;
  }

  /** Drops the events. */
  clear(): void {
    this.end();
    this.#last = undefined;
    this.#log = this.#open();
  }

  /** Follows the log, as `EventLog.follow`, for as long as its events are there. */
  async follow(
    onBatch: (batch: EventLogBatch) => void,
    { after, signal }: EventLogFollowOptions = {},
  ): Promise<never> {
    signal?.throwIfAborted();
    const controller = new AbortController();
    const onAbort = (): void => controller.abort(signal?.reason);
    signal?.addEventListener("abort", onAbort);
    this.#followers.add(controller);
    try {
      return await this.#log.follow(onBatch, {
        after,
        signal: controller.signal,
      });
    } finally {
      this.#followers.delete(controller);
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /** Fails the following of all who follow. */
  end(): void {
    for (const controller of this.#followers) {
      controller.abort(
        new Error(
          "Cannot follow event log: its events are gone, some are wanted",
        ),
      );
    }
  }

  #open(): NearLog {
    const log = this.#makeLog();
    // It is called back within each append, and never given up: it ends with the log.
    log.follow(({ events }) => this.#last = events.at(-1) ?? this.#last);
    return log;
  }
}
