// Copyright 2026 the Tidings authors. MIT license.

/**
 * Reads the first events for a reader together with the status of the run. Read after
 * the status, they would delay the first byte by another round trip to the engine.
 *
 * @module
 */

import type {
  EventLog,
  EventLogBatch,
  EventLogFollowOptions,
  EventLogOptions,
  EventLogReadOptions,
} from "../log.ts";
import { ForwardingLog } from "./_forwarding_log.ts";

/** How many events are read. More of them would delay the first one. */
const LIMIT = 8;

/** The first events for a reader. */
export interface Prefetch {
  /** The cursor that they come after. */
  readonly after: string;
  /** Whether that cursor is the beginning of the log. */
  readonly isBeginning: boolean;
  readonly batch: EventLogBatch;
}

/**
 * Reads the first events for a reader.
 *
 * @param log The log of the run.
 * @param lastEventId The ID that the reader brings, if it brings one.
 * @param signal Ends the calls on the log.
 * @returns The events, `undefined` if the log fails. The channel then reads them itself,
 * and deals with the error.
 */
export async function prefetch(
  log: EventLog,
  lastEventId: string | undefined,
  signal: AbortSignal,
): Promise<Prefetch | undefined> {
  try {
    const after = lastEventId ?? await log.rewind(Infinity, { signal });
    const batch = await log.read(after, { limit: LIMIT, signal });
    return { after, isBeginning: lastEventId === undefined, batch };
  } catch {
    return undefined;
  }
}

/** A log that answers the first read and the first follow from what was prefetched. */
export class PrefetchedLog extends ForwardingLog {
  /** Cleared once it is read: a later read must get what was appended since. */
  #prefetched: Prefetch | undefined;
  readonly #end: string | undefined;

  /**
   * @param log The log.
   * @param prefetched Its first events.
   * @param end The cursor of its end at about the time when they were read, if that is
   * known.
   */
  constructor(log: EventLog, prefetched: Prefetch, end: string | undefined) {
    super(log);
    this.#prefetched = prefetched;
    this.#end = end;
  }

  override read(
    after: string,
    options?: EventLogReadOptions,
  ): Promise<EventLogBatch> {
    const prefetched = this.#prefetched;
    if (prefetched?.after !== after) return this.inner.read(after, options);
    this.#prefetched = undefined;
    return Promise.resolve(prefetched.batch);
  }

  override rewind(count: number, options?: EventLogOptions): Promise<string> {
    return count === Infinity && this.#prefetched?.isBeginning
      ? Promise.resolve(this.#prefetched.after)
      : this.inner.rewind(count, options);
  }

  override async follow(
    onBatch: (batch: EventLogBatch) => void,
    options: EventLogFollowOptions = {},
  ): Promise<never> {
    const end = this.#end;
    if (options.after !== undefined || end === undefined) {
      return await this.inner.follow(onBatch, options);
    }
    onBatch({ events: [], cursor: end, gap: false });
    // The reader is sent the prefetched events in this event loop turn. A call on the
    // engine before that would delay them.
    await new Promise((resolve) => setTimeout(resolve, 0));
    return await this.inner.follow(onBatch, { ...options, after: end });
  }
}
