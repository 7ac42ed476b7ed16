// Copyright 2026 the Tidings authors. MIT license.

/**
 * Waits for a change of a log in Deno KV, or for the poll interval.
 *
 * @module
 */

import type { ChangeWatcher } from "../_engine/follow_changes.ts";
import { orAborted } from "../_engine/retry.ts";

/** Waits for changes that the store reports, and for the poll interval. */
export class KvChangeWatcher implements ChangeWatcher {
  readonly #reader: ReadableStreamDefaultReader<unknown>;
  readonly #pollInterval: number;
  /** Settles once the store reports no more changes. */
  readonly #run: Promise<void>;
  /** Set by a change, cleared by the wait that reports it. */
  #isChanged = false;
  #failure: unknown;
  /** Ends the wait under way. */
  #wake: () => void = () => {};

  /**
   * @param changes Gives a chunk for each change.
   * @param pollInterval The most milliseconds of a wait, or `Infinity`.
   */
  constructor(changes: ReadableStream<unknown>, pollInterval: number) {
    this.#reader = changes.getReader();
    this.#pollInterval = pollInterval;
    this.#run = this.#read();
  }

  /** Waits for the next change, at most for the poll interval. */
  async next(signal: AbortSignal | undefined): Promise<void> {
    if (this.#failure === undefined && !this.#isChanged) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
        if (this.#pollInterval === Infinity) return;
        timer = setTimeout(resolve, this.#pollInterval);
      });
      await orAborted(woken, signal).finally(() => clearTimeout(timer));
    }
    if (this.#failure !== undefined) throw this.#failure;
    this.#isChanged = false;
  }

  /** Ends the watch. */
  async cancel(): Promise<void> {
    // A stream that has failed rejects here; its error is reported elsewhere.
    await this.#reader.cancel().catch(() => {});
    await this.#run;
  }

  async #read(): Promise<void> {
    try {
      while (!(await this.#reader.read()).done) {
        this.#isChanged = true;
        this.#wake();
      }
      throw new Error("Cannot follow event log: the store is closed");
    } catch (error) {
      this.#failure = error;
      this.#wake();
    }
  }
}
