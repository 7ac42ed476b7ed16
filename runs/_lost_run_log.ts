// Copyright 2026 the Tidings authors. MIT license.

/**
 * A log of a run that ends with `lost` when the engine has lost all of the run before its
 * end. The channel of the run's readers follows it; the entry is in no engine.
 *
 * @module
 */

import { listenForAbort } from "../_abort.ts";
import type {
  EventLog,
  EventLogBatch,
  EventLogFollowOptions,
  EventLogOptions,
  EventLogReadOptions,
  LoggedEvent,
} from "../log.ts";
import { ForwardingLog } from "./_forwarding_log.ts";
import type { TextEventInit } from "../event.ts";
import { isEnd } from "./_status_entries.ts";

/** A log whose end is told to its readers after the engine has lost it. */
export class LostRunLog extends ForwardingLog {
  /** The entry that tells of the loss; set by `lose()`. */
  #loss: LoggedEvent | undefined;
  #hasEnd = false;
  /** Aborted by `lose()`. */
  readonly #controller = new AbortController();

  /** @param log The log in the engine. */
  constructor(log: EventLog) {
    super(log);
    if (log.reaches === undefined) return;
    // After the loss only its entry is left.
    this.reaches = (cursor) =>
      this.#loss === undefined
        ? log.reaches?.(cursor) ?? false
        : cursor === this.#loss.id;
  }

  /** Whether the end of the run was read, so that its readers have been given it. */
  get hasEnd(): boolean {
    return this.#hasEnd;
  }

  /**
   * Ends the log. Each reader gets the entry next, whatever its cursor is, and nothing
   * after it.
   *
   * @param entry The entry that tells of the loss.
   */
  lose(entry: TextEventInit): void {
    // No engine gives such an ID. A client that brings it to a new run of the same ID gets
    // a gap, and not the middle of that run.
    this.#loss ??= { ...entry, id: `lost-${crypto.randomUUID()}` };
    this.#controller.abort(
      new Error("Cannot follow run: the engine has lost it"),
    );
  }

  override async read(
    after: string,
    options?: EventLogReadOptions,
  ): Promise<EventLogBatch> {
    if (this.#loss !== undefined) return makeLossBatch(this.#loss, after);
    try {
      const batch = await this.inner.read(after, options);
      this.#noteEnd(batch);
      const isGone = isEmptied(batch) && await this.#isGone(options?.signal);
      if (this.#loss !== undefined) return makeLossBatch(this.#loss, after);
      return isGone ? { events: [], cursor: after, gap: false } : batch;
    } catch (error) {
      options?.signal?.throwIfAborted();
      if (this.#loss === undefined) throw error;
      return makeLossBatch(this.#loss, after);
    }
  }

  override async rewind(
    count: number,
    options?: EventLogOptions,
  ): Promise<string> {
    if (this.#loss === undefined) {
      return await this.inner.rewind(count, options);
    }
    const { id } = this.#loss;
    // A reader that begins after the loss gets its entry too.
    return count === 0 ? id : `${id}-before`;
  }

  override async follow(
    onBatch: (batch: EventLogBatch) => void,
    { after, signal }: EventLogFollowOptions = {},
  ): Promise<never> {
    signal?.throwIfAborted();
    let cursor = after;
    /** A batch with a gap, until it is known whether anything is left of the run. */
    let held: EventLogBatch | undefined;
    const passOn = (batch: EventLogBatch): void => {
      onBatch(held === undefined ? batch : { ...batch, gap: true });
      cursor = batch.cursor;
      held = undefined;
    };
    const receive = (batch: EventLogBatch): void => {
      this.#noteEnd(batch);
      const isEmpty = batch.events.length === 0;
      if (!isEmpty || (!batch.gap && held === undefined)) {
        return passOn(batch);
      }
      const gap = held = { ...batch, gap: true };
      this.#isGone(signal).then((isGone) => {
        const isOver = signal?.aborted || this.#loss !== undefined;
        if (!isGone && !isOver && held === gap) passOn(gap);
        // If the log fails here, following it fails too, and begins again.
      }).catch(() => {});
    };
    try {
      if (this.#loss === undefined) {
        await this.#followEngine(receive, after, signal);
      }
    } catch (error) {
      held = undefined;
      signal?.throwIfAborted();
      if (this.#loss === undefined) throw error;
    }
    // `lose()` has set the loss before it ended the following.
    onBatch(makeLossBatch(this.#loss!, cursor));
    return await new Promise<never>((_, reject) =>
      listenForAbort(signal, () => reject(signal?.reason))
    );
  }

  async #followEngine(
    onBatch: (batch: EventLogBatch) => void,
    after: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<never> {
    const controller = new AbortController();
    const end = (): void => controller.abort(signal?.reason);
    const stopListening = listenForAbort(signal, end);
    const stopWaitingForLoss = listenForAbort(this.#controller.signal, end);
    try {
      const options = { after, signal: controller.signal };
      return await this.inner.follow(onBatch, options);
    } finally {
      stopListening();
      stopWaitingForLoss();
    }
  }

  /** Whether the log has no event. */
  async #isGone(signal: AbortSignal | undefined): Promise<boolean> {
    const cursor = await this.inner.rewind(1, { signal });
    const { events } = await this.inner.read(cursor, { limit: 1, signal });
    return events.length === 0;
  }

  #noteEnd({ events }: EventLogBatch): void {
    this.#hasEnd ||= events.some(isEnd);
  }
}

/**
 * Whether a batch may mean that all of the run is gone. If it is, its readers are told the
 * loss soon, and a gap before that would tell them nothing: they keep their cursor. If
 * something is left, such as a restored snapshot that ends before a reader's cursor, no
 * loss follows, and the readers are told the gap.
 */
function isEmptied({ events, gap }: EventLogBatch): boolean {
  return gap && events.length === 0;
}

function makeLossBatch(
  loss: LoggedEvent,
  after: string | undefined,
): EventLogBatch {
  const events = after === loss.id ? [] : [loss];
  return { events, cursor: loss.id, gap: false };
}
