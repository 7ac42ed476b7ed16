// Copyright 2026 the Tidings authors. MIT license.

/**
 * Waits for changes of a log for a follower. The engine reports them by `wake()`: Deno KV for
 * a key, SQLite for a database, PostgreSQL for a payload.
 *
 * @module
 */

import type { ChangeWatcher } from "./follow_changes.ts";
import { orAborted } from "./retry.ts";

/** Watches one log for one follower. */
export class WakeWatcher implements ChangeWatcher {
  /** Tells the log from the others of the engine; may be empty where nobody asks. */
  readonly key: string;
  /** The most milliseconds of a wait, or `Infinity`. */
  readonly #pollInterval: number;
  readonly #onCancel: () => Promise<void> | void;
  /** Set by a change, cleared by the wait that reports it. */
  #isChanged = false;
  #failure: { error: unknown } | undefined;
  /** Ends the wait under way. */
  #end: () => void = () => {};

  /**
   * @param onCancel Called when the watch ends.
   * @param options The key, and the milliseconds after which a wait ends without a report, or
   * `Infinity`.
   */
  constructor(
    onCancel: () => Promise<void> | void,
    { key = "", pollInterval = Infinity }: {
      key?: string;
      pollInterval?: number;
    } = {},
  ) {
    this.key = key;
    this.#onCancel = onCancel;
    this.#pollInterval = pollInterval;
  }

  /**
   * Waits for the next change.
   *
   * @param delay The most milliseconds of the wait, or `Infinity`.
   * @param isDeaf Whether changes do not end the wait, nor those before it.
   */
  async next(
    signal: AbortSignal | undefined,
    delay = this.#pollInterval,
    isDeaf = false,
  ): Promise<void> {
    if (isDeaf || !(this.#isChanged || this.#failure !== undefined)) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const woken = new Promise<void>((resolve) => {
        this.#end = isDeaf ? () => {} : resolve;
        if (delay !== Infinity) timer = setTimeout(resolve, delay);
      });
      await orAborted(woken, signal).finally(() => clearTimeout(timer));
    }
    if (this.#failure !== undefined) throw this.#failure.error;
    this.#isChanged = false;
  }

  /** Reports a change. */
  wake(): void {
    this.#isChanged = true;
    this.#end();
  }

  /** Makes the wait of the follower fail. */
  fail(error: unknown): void {
    this.#failure = { error };
    this.#end();
  }

  /** Ends the watch. */
  cancel(): Promise<void> | void {
    return this.#onCancel();
  }
}
