// Copyright 2026 the Tidings authors. MIT license.

/**
 * Follows a log until it is stopped, and tries again with growing delays whenever that
 * fails. Channels and runs read the end of their logs with it.
 *
 * @module
 */

import { listenForAbort } from "../_abort.ts";
import type { EventLog, EventLogBatch } from "../log.ts";
import { drawRetryDelay } from "../_log/retry_delay.ts";

/** Why a channel gets nothing from its log at present. */
export interface EventChannelStall {
  /** When following the log failed first, in milliseconds since the epoch. */
  since: number;
  /** What it failed with most recently. */
  error: unknown;
}

/** Follows the end of a log. */
export class LogFollower {
  readonly #log: EventLog;
  readonly #onBatch: (batch: EventLogBatch) => void;
  readonly #onError: ((error: unknown) => void) | undefined;
  readonly #controller = new AbortController();
  /** Settles once the follower is stopped; set when it is started. */
  #run: Promise<void> | undefined;
  /** The cursor up to which the log was followed; set by the first batch. */
  #cursor: string | undefined;
  /** When following failed last, in milliseconds since the epoch. */
  #failedAt: number | undefined;
  /** Set when following fails, cleared by the next batch. */
  #stall: EventChannelStall | undefined;
  #failures = 0;

  /**
   * @param log The log to follow.
   * @param onBatch Called with each batch, each event once. If it throws, the batch
   * counts as not delivered, and is asked for again.
   * @param onError Called with each failure.
   * @param after The cursor after which to begin. Left out, it is the end of the log.
   */
  constructor(
    log: EventLog,
    onBatch: (batch: EventLogBatch) => void,
    onError: ((error: unknown) => void) | undefined,
    after?: string,
  ) {
    this.#log = log;
    this.#cursor = after;
    this.#onBatch = onBatch;
    this.#onError = onError;
  }

  /** Aborted when the follower is stopped. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The failure that keeps events from coming; `undefined` if there is none. */
  get stall(): EventChannelStall | undefined {
    return this.#stall;
  }

  /** Milliseconds since following failed last; `undefined` if it never has. */
  get sinceFailure(): number | undefined {
    return this.#failedAt === undefined
      ? undefined
      : Math.max(0, Date.now() - this.#failedAt);
  }

  /** Begins to follow the log. Later calls have no effect. */
  start(): void {
    this.#run ??= this.#follow();
  }

  /** Stops for good. */
  async stop(): Promise<void> {
    this.#controller.abort();
    await this.#run;
  }

  async #follow(): Promise<void> {
    const { signal } = this;
    while (!signal.aborted) {
      const { error } = await this.#followOnce();
      if (signal.aborted) return;
      this.#failedAt = Date.now();
      this.#stall = { since: this.#stall?.since ?? this.#failedAt, error };
      this.#onError?.(error);
      // `onError` may have closed the channel.
      if (!signal.aborted) await wait(drawRetryDelay(this.#failures++), signal);
    }
  }

  /**
   * Follows until that fails, and returns the error: within an object, since a promise
   * would look for a `then` in what may be any value.
   */
  async #followOnce(): Promise<{ error: unknown }> {
    const { signal } = this;
    try {
      return await this.#log.follow((batch) => {
        this.#onBatch(batch);
        this.#cursor = batch.cursor;
        this.#stall = undefined;
        this.#failures = 0;
      }, { after: this.#cursor, signal });
    } catch (error) {
      return { error };
    }
  }
}

function wait(delay: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(end, delay);
    const stopListening = listenForAbort(signal, end);

    function end(): void {
      clearTimeout(timer);
      stopListening();
      resolve();
    }
  });
}
