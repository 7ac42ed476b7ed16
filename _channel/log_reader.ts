// Copyright 2026 the Tidings authors. MIT license.

/**
 * Reads from a log for the subscribers of a channel, and waits with growing delays when
 * that fails. `CatchUp` and the log feed call it.
 *
 * @module
 */

import { drawRetryDelay } from "../_log/retry_delay.ts";
import type { EventLog, EventLogBatch, EventLogReadOptions } from "../log.ts";

/** Reads from a log. All calls that have failed share one timer. */
export class LogReader {
  readonly #log: EventLog;
  readonly #signal: AbortSignal;
  readonly #onError: ((error: unknown) => void) | undefined;
  /** Failures since the last success; those that share one wait count as one. */
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The calls that wait for the timer. */
  #waiting: (() => void)[] = [];

  /**
   * @param log The log to read from.
   * @param signal Aborts all reads; {@linkcode LogReader.wake} has to be called after it.
   * @param onError Called with each failure.
   */
  constructor(
    log: EventLog,
    signal: AbortSignal,
    onError: ((error: unknown) => void) | undefined,
  ) {
    this.#log = log;
    this.#signal = signal;
    this.#onError = onError;
  }

  /**
   * Reads what comes after a cursor. If that fails, it waits until it is time to retry,
   * from this cursor or another.
   *
   * @param bounds How much to read.
   * @param isNeeded Whether a subscriber still needs the answer.
   * @returns The batch; `undefined` if the log has failed or the answer is not needed.
   */
  read(
    cursor: string,
    bounds: Pick<EventLogReadOptions, "limit" | "maxBytes">,
    isNeeded: () => boolean,
  ): Promise<EventLogBatch | undefined> {
    const signal = this.#signal;
    return this.#attempt(
      () => this.#log.read(cursor, { ...bounds, signal }),
      isNeeded,
    );
  }

  /**
   * Finds the cursor a number of events before the end, and retries until it succeeds.
   *
   * @param isNeeded Whether a subscriber still needs the answer.
   * @returns The cursor; `undefined` once it is not needed.
   */
  async rewind(
    count: number,
    isNeeded: () => boolean,
  ): Promise<string | undefined> {
    const signal = this.#signal;
    const call = (): Promise<string> => this.#log.rewind(count, { signal });
    while (isNeeded()) {
      const cursor = await this.#attempt(call, isNeeded);
      if (cursor !== undefined) return cursor;
    }
    return undefined;
  }

  /**
   * Finds the cursor before the oldest event. If that fails, it waits as
   * {@linkcode LogReader.read}.
   *
   * @param isNeeded Whether a subscriber still needs the answer.
   * @returns The cursor; `undefined` if the log has failed or the answer is not needed.
   */
  findBegin(isNeeded: () => boolean): Promise<string | undefined> {
    const signal = this.#signal;
    return this.#attempt(
      () => this.#log.rewind(Infinity, { signal }),
      isNeeded,
    );
  }

  /** Ends the wait of all calls that have failed. */
  wake(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const end of waiting) end();
  }

  async #attempt<T>(
    call: () => Promise<T>,
    isNeeded: () => boolean,
  ): Promise<T | undefined> {
    try {
      const answer = await call();
      this.#failures = 0;
      return isNeeded() ? answer : undefined;
    } catch (error) {
      if (!isNeeded()) return undefined;
      this.#onError?.(error);
      // `onError` may have closed the channel.
      if (isNeeded()) await this.#wait();
      return undefined;
    }
  }

  #wait(): Promise<void> {
    this.#timer ??= setTimeout(
      () => this.wake(),
      drawRetryDelay(this.#failures++),
    );
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }
}
