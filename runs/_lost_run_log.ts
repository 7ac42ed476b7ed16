// Copyright 2026 the Tidings authors. MIT license.

/**
 * The log of a run as its readers have it: when all of the run is gone before its end,
 * they are told so by an entry that no engine has.
 *
 * @module
 */

import type {
  EventLog,
  EventLogAppendOptions,
  EventLogBatch,
  EventLogFollowOptions,
  EventLogOptions,
  EventLogReadOptions,
  LoggedEvent,
} from "../log.ts";
import type { TextEventInit } from "../event.ts";
import { isEnd } from "./_status_entries.ts";

/** A log that can be lost. */
export class LostRunLog implements EventLog {
  readonly #log: EventLog;
  /** The entry that tells of the loss; set by `lose()`. */
  #loss: LoggedEvent | undefined;
  #hasEnd = false;
  /** Aborted by `lose()`. */
  readonly #controller = new AbortController();
  /** As the log has it, or not. */
  readonly reaches?: (cursor: string) => boolean;
  /** The log's own, if it compares cursors: it has none of the entry's. */
  readonly compare?: NonNullable<EventLog["compare"]>;

  /** @param log The log in the engine. */
  constructor(log: EventLog) {
    this.#log = log;
    if (log.compare !== undefined) this.compare = log.compare.bind(log);
    if (log.reaches === undefined) return;
    this.reaches = (cursor) =>
      this.#loss === undefined
        ? log.reaches?.(cursor) ?? false
        : cursor === this.#loss.id;
  }

  /** Whether a reader has been given the end of the run. */
  get hasEnd(): boolean {
    return this.#hasEnd;
  }

  /**
   * Ends the log: whatever a reader has seen, an entry comes next, and nothing after it.
   *
   * @param entry The entry.
   */
  lose(entry: TextEventInit): void {
    // No engine gives such an ID: who comes back with it is told of a gap.
    this.#loss ??= { ...entry, id: `lost-${crypto.randomUUID()}` };
    this.#controller.abort(new Error("The run is gone"));
  }

  append(
    event: TextEventInit,
    options?: EventLogAppendOptions,
  ): Promise<string> {
    return this.#log.append(event, options);
  }

  async read(
    after: string,
    options?: EventLogReadOptions,
  ): Promise<EventLogBatch> {
    if (this.#loss !== undefined) return tell(this.#loss, after);
    try {
      const batch = await this.#log.read(after, options);
      this.#note(batch);
      const isGone = isEmptied(batch) && await this.#isGone(options?.signal);
      if (this.#loss !== undefined) return tell(this.#loss, after);
      return isGone ? { events: [], cursor: after, gap: false } : batch;
    } catch (error) {
      options?.signal?.throwIfAborted();
      if (this.#loss === undefined) throw error;
      return tell(this.#loss, after);
    }
  }

  async rewind(count: number, options?: EventLogOptions): Promise<string> {
    return this.#loss === undefined
      ? await this.#log.rewind(count, options)
      : this.#loss.id;
  }

  async follow(
    onBatch: (batch: EventLogBatch) => void,
    { after, signal }: EventLogFollowOptions = {},
  ): Promise<never> {
    signal?.throwIfAborted();
    let cursor = after;
    /** A gap that is not told yet. */
    let held: EventLogBatch | undefined;
    const tellBatch = (batch: EventLogBatch): void => {
      onBatch(held === undefined ? batch : { ...batch, gap: true });
      cursor = batch.cursor;
      held = undefined;
    };
    const give = (batch: EventLogBatch): void => {
      this.#note(batch);
      const isEmpty = batch.events.length === 0;
      if (!isEmpty || (!batch.gap && held === undefined)) {
        return tellBatch(batch);
      }
      const gap = held = { ...batch, gap: true };
      this.#isGone(signal).then((isGone) => {
        const isOver = signal?.aborted || this.#loss !== undefined;
        if (!isGone && !isOver && held === gap) tellBatch(gap);
        // Where the log fails, the following does so too, and begins again.
      }).catch(() => {});
    };
    try {
      if (this.#loss === undefined) {
        await this.#followEngine(give, after, signal);
      }
    } catch (error) {
      held = undefined;
      signal?.throwIfAborted();
      if (this.#loss === undefined) throw error;
    }
    // It was set by what has ended the following.
    onBatch(tell(this.#loss!, cursor));
    return await new Promise<never>((_, reject) =>
      signal?.addEventListener("abort", () => reject(signal.reason))
    );
  }

  async #followEngine(
    onBatch: (batch: EventLogBatch) => void,
    after: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<never> {
    const controller = new AbortController();
    const end = (): void => controller.abort(signal?.reason);
    signal?.addEventListener("abort", end);
    this.#controller.signal.addEventListener("abort", end);
    try {
      const options = { after, signal: controller.signal };
      return await this.#log.follow(onBatch, options);
    } finally {
      signal?.removeEventListener("abort", end);
      this.#controller.signal.removeEventListener("abort", end);
    }
  }

  /** Whether the log has no event at all. */
  async #isGone(signal: AbortSignal | undefined): Promise<boolean> {
    const cursor = await this.#log.rewind(1, { signal });
    const { events } = await this.#log.read(cursor, { limit: 1, signal });
    return events.length === 0;
  }

  #note({ events }: EventLogBatch): void {
    this.#hasEnd ||= events.some(isEnd);
  }
}

/**
 * Whether a batch may say that all of the run is gone. Its readers are about to be told
 * of the loss, and a gap before that tells them nothing: they wait where they are. Where
 * something is left, as after a restored snapshot that ends before a reader's place, they
 * would wait in vain: they are told of the gap.
 */
function isEmptied({ events, gap }: EventLogBatch): boolean {
  return gap && events.length === 0;
}

function tell(loss: LoggedEvent, after: string | undefined): EventLogBatch {
  const events = after === loss.id ? [] : [loss];
  return { events, cursor: loss.id, gap: false };
}
