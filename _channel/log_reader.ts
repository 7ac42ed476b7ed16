// Copyright 2026 the Tidings authors. MIT license.

/**
 * Reads from a log for the clients of a channel, and waits where that fails.
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
  /** How often reads have failed since one succeeded, counting those of one wait as one. */
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Those who wait for the timer. */
  #waiting: (() => void)[] = [];

  /**
   * @param log The log to read from.
   * @param signal Gives all reads up; then {@linkcode LogReader.wake} must be called.
   * @param onError Told each failure.
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
   * Reads what comes after a cursor. If that fails, it waits until it is time to try
   * again, here or elsewhere.
   *
   * @param bounds How much of it, as the log is asked.
   * @param isNeeded Whether anybody still waits for the answer.
   * @returns What the log answers, `undefined` if it has failed or nobody waits.
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
   * Finds the place so many events before the end, however often that fails.
   *
   * @param isNeeded Whether anybody still waits for the answer.
   * @returns What the log answers, `undefined` once nobody waits for it.
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
   * Finds the place before the oldest event. If that fails, it waits as
   * {@linkcode LogReader.read}.
   *
   * @param isNeeded Whether anybody still waits for the answer.
   * @returns What the log answers, `undefined` if it has failed or nobody waits.
   */
  findBegin(isNeeded: () => boolean): Promise<string | undefined> {
    const signal = this.#signal;
    return this.#attempt(
      () => this.#log.rewind(Infinity, { signal }),
      isNeeded,
    );
  }

  /** Ends the wait of all who wait for the next attempt. */
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
      // Whoever is told may have closed the channel.
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
