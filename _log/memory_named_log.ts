// Copyright 2026 the Tidings authors. MIT license.

/**
 * The log of one name in memory: its events, its claim and its expiry. `MemoryEventLogs`
 * makes one for each name.
 *
 * @module
 */

import { listenForAbort } from "../_abort.ts";
import type {
  EventLog,
  EventLogBatch,
  EventLogFollowOptions,
  LoggedEvent,
} from "./event_log.ts";
import { checkFollowOptions } from "./option_checks.ts";

/** A log with all optional methods. */
type FullLog = Required<EventLog>;

/** A log that can be claimed. */
export class MemoryNamedLog {
  /** When it expires, in milliseconds of the monotonic clock. */
  expiresAt = Infinity;
  readonly #makeLog: () => FullLog;
  #log: FullLog;
  #last: LoggedEvent | undefined;
  /** The cursor of the end; set when the log is opened. */
  #end = "";
  /** The ID of the last claim. */
  #claimId: string | undefined;
  /** Whether there is a claim that was not released. */
  #isHeld = false;
  /** When others can claim it, on the monotonic clock. */
  #leaseEnd = 0;
  /** One for each call of `follow` under way, to end it. */
  readonly #followers = new Set<AbortController>();

  /** @param makeLog Makes an empty log that keeps all of its events. */
  constructor(makeLog: () => FullLog) {
    this.#makeLog = makeLog;
    this.#log = this.#open();
  }

  /** The events. */
  get log(): FullLog {
    return this.#log;
  }

  /** The last event. */
  get last(): LoggedEvent | undefined {
    return this.#last;
  }

  /** The cursor of the end. */
  get endCursor(): string {
    return this.#end;
  }

  /** The ID of the last claim, whether it is held or not. */
  get claimId(): string | undefined {
    return this.#claimId;
  }

  /** Whether it has expired. An empty log does not expire while it is followed. */
  get hasExpired(): boolean {
    const isFollowed = this.#last === undefined && this.#followers.size > 0;
    return !isFollowed && this.expiresAt <= performance.now();
  }

  /** Whether the log is claimed now. */
  get isClaimed(): boolean {
    return this.#isHeld && performance.now() < this.#leaseEnd;
  }

  /** Whether a claim is the last one, and was not released. */
  isClaimedBy(id: string): boolean {
    return this.#isHeld && this.#claimId === id;
  }

  /** Claims the log, or renews the lease of its claim. */
  claim(id: string, leaseTime: number): void {
    this.#claimId = id;
    this.#isHeld = true;
    this.#leaseEnd = performance.now() + leaseTime;
  }

  /** Releases the claim. */
  release(): void {
    this.#isHeld = false;
  }

  /** Drops the events. */
  clear(): void {
    this.end();
    this.#last = undefined;
    this.#log = this.#open();
  }

  /** Follows the log, as `EventLog.follow`, until its events are dropped. */
  async follow(
    onBatch: (batch: EventLogBatch) => void,
    options: EventLogFollowOptions = {},
  ): Promise<never> {
    const { after, signal } = checkFollowOptions(options);
    signal?.throwIfAborted();
    const controller = new AbortController();
    const onAbort = (): void => controller.abort(signal?.reason);
    const stopListening = listenForAbort(signal, onAbort);
    this.#followers.add(controller);
    try {
      return await this.#log.follow(onBatch, {
        after,
        signal: controller.signal,
      });
    } finally {
      this.#followers.delete(controller);
      stopListening();
    }
  }

  /** Makes all calls of `follow` fail. */
  end(): void {
    for (const controller of this.#followers) {
      controller.abort(
        new Error(
          "Cannot follow event log: its events are gone",
        ),
      );
    }
  }

  #open(): FullLog {
    const log = this.#makeLog();
    // It is called back within each append. It is never aborted: it ends with the log.
    log.follow(({ events, cursor }) => {
      this.#last = events.at(-1) ?? this.#last;
      this.#end = cursor;
    });
    return log;
  }
}
