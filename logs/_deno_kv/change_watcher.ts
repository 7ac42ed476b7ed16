// Copyright 2026 the Tidings authors. MIT license.

import type {
  EventLogBatch,
  EventLogFollowOptions,
} from "../../_log/event_log.ts";
import { orAborted } from "../_engine/retry.ts";

/** Wakes one who follows: when the store tells of a change, or when it is time. */
export class KvChangeWatcher {
  readonly #reader: ReadableStreamDefaultReader<unknown>;
  readonly #pollInterval: number;
  /** Settles once the store tells of nothing any more. */
  readonly #run: Promise<void>;
  /** Whether there was a change that no wait has reported; cleared by a wait. */
  #isChanged = false;
  #failure: unknown;
  /** Ends the wait under way. */
  #wake: () => void = () => {};

  /**
   * @param changes Gives a chunk for each change.
   * @param pollInterval Milliseconds that a wait takes at most, or `Infinity`.
   */
  constructor(changes: ReadableStream<unknown>, pollInterval: number) {
    this.#reader = changes.getReader();
    this.#pollInterval = pollInterval;
    this.#run = this.#read();
  }

  /** Waits for the next change, or for the time to look without one. */
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
    // Where the stream has failed, there is nothing to cancel.
    await this.#reader.cancel().catch(() => {});
    await this.#run;
  }

  async #read(): Promise<void> {
    try {
      while (!(await this.#reader.read()).done) {
        this.#isChanged = true;
        this.#wake();
      }
      throw new Error(
        "Cannot follow event log: the store is closed, an open one is wanted",
      );
    } catch (error) {
      this.#failure = error;
      this.#wake();
    }
  }
}

/**
 * How a log is read to be followed. Nothing is tried again here: whoever follows begins
 * again, and knows of it.
 */
export interface ChangesReader {
  /** Reads what comes after a cursor. */
  read(after: string): Promise<EventLogBatch>;
  /** Finds the end of the log. */
  findEnd(): Promise<string>;
}

/** Follows a log by reading what comes after each change. */
export async function followChanges(
  reader: ChangesReader,
  watch: () => KvChangeWatcher,
  onBatch: (batch: EventLogBatch) => void,
  { after, signal }: EventLogFollowOptions,
): Promise<never> {
  signal?.throwIfAborted();
  // It is watched before it is read: what comes in between is not overlooked.
  const changes = watch();
  try {
    let batch = after === undefined
      ? {
        events: [],
        cursor: await orAborted(reader.findEnd(), signal),
        gap: false,
      }
      : await orAborted(reader.read(after), signal);
    for (;;) {
      onBatch(batch);
      const { cursor } = batch;
      do {
        signal?.throwIfAborted();
        if (batch.events.length === 0) await changes.next(signal);
        batch = await orAborted(reader.read(cursor), signal);
      } while (batch.events.length === 0 && !batch.gap);
    }
  } finally {
    await changes.cancel();
  }
}
