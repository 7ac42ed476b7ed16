// Copyright 2026 the Tidings authors. MIT license.

/**
 * A log of a run that notices when another run has taken the place of this one
 * (`restart: "replace"`), and gives nothing of the other run: its readers would take the
 * two for one. The readers of a run and the wait for its end read through it.
 *
 * @module
 */

import { listenForAbort } from "../_abort.ts";
import type {
  EventLog,
  EventLogBatch,
  EventLogFollowOptions,
  EventLogReadOptions,
} from "../log.ts";
import { ForwardingLog } from "./_forwarding_log.ts";
import { isContinuation, isEnd, isStart } from "./_status_entries.ts";

/** The log of one run, and not of the next one with the same ID. */
export class ReplacedRunLog extends ForwardingLog {
  readonly #onReplaced: () => void;
  /** The latest cursor in this run; set by the first batch if it was not known before. */
  #cursor: string | undefined;
  /** The ends of parts after which the run goes on, by the IDs of their entries. */
  readonly #continued = new Set<string>();
  #isReplaced = false;

  /**
   * @param log The log of the run.
   * @param onReplaced Called once, when the run has been replaced.
   * @param cursor The ID of an entry of this run, if one is known. It tells of a run that
   * is replaced before the first batch.
   */
  constructor(log: EventLog, onReplaced: () => void, cursor?: string) {
    super(log);
    this.#onReplaced = onReplaced;
    this.#cursor = cursor;
  }

  /** Whether the run is known to go on after an end (`restart: "after"`). */
  isContinued(endId: string): boolean {
    return this.#continued.has(endId);
  }

  override async read(
    after: string,
    options?: EventLogReadOptions,
  ): Promise<EventLogBatch> {
    const batch = await this.inner.read(after, options);
    if (this.#accept(batch, after)) return batch;
    return { events: [], cursor: after, gap: false };
  }

  override async follow(
    onBatch: (batch: EventLogBatch) => void,
    options: EventLogFollowOptions = {},
  ): Promise<never> {
    const { signal } = options;
    let { after } = options;
    try {
      return await this.inner.follow((batch) => {
        if (!this.#accept(batch, after)) return;
        onBatch(batch);
        after = batch.cursor;
      }, options);
    } catch (error) {
      signal?.throwIfAborted();
      if (after === undefined) throw error;
      // A log may fail because its events were replaced. Found out here, it is no error.
      await this.read(after, { limit: 1, signal }).catch(() => {});
      signal?.throwIfAborted();
      if (!this.#isReplaced) throw error;
      return await new Promise<never>((_, reject) =>
        listenForAbort(signal, () => reject(signal?.reason))
      );
    }
  }

  /** Whether a batch is of this run. */
  #accept(
    { events, cursor }: EventLogBatch,
    after: string | undefined,
  ): boolean {
    if (this.#isReplaced) return false;
    const [first] = events;
    if (first !== undefined && isStart(first) && this.#isOther(first.id)) {
      this.#isReplaced = true;
      this.#onReplaced();
      return false;
    }
    let end = after;
    for (const entry of events) {
      if (isContinuation(entry) && end !== undefined) this.#continued.add(end);
      // Another program may have written between the end and the continuation.
      if (isEnd(entry)) end = entry.id;
    }
    this.#cursor = cursor;
    return true;
  }

  /** Whether the first entry of a run is that of another run than the one so far. */
  #isOther(startId: string): boolean {
    if (this.#cursor === undefined || this.compare === undefined) return false;
    // An entry of another epoch, or one after a cursor that has been reached, begins
    // another run: a run has one first entry.
    const order = this.compare(startId, this.#cursor);
    return order === undefined || order > 0;
  }
}
