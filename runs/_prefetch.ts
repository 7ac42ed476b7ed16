// Copyright 2026 the Tidings authors. MIT license.

/**
 * What a reader is sent first, asked for while it is not yet certain that there is such
 * a run: each answer of a log far away that is waited for holds up the first byte.
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
} from "../log.ts";
import type { TextEventInit } from "../event.ts";

/** Events that are asked for. More of them would hold up the first. */
const LIMIT = 8;

/** The first events for a reader. */
export interface Prefetch {
  /** The place that it comes after. */
  readonly after: string;
  /** Whether that place is the beginning of the log. */
  readonly isFirst: boolean;
  readonly batch: EventLogBatch;
}

/**
 * Reads the first events for a reader.
 *
 * @returns The events, `undefined` if the log fails: whoever asks next will find out.
 */
export async function prefetch(
  log: EventLog,
  lastEventId: string | undefined,
): Promise<Prefetch | undefined> {
  try {
    const after = lastEventId ?? await log.rewind(Infinity);
    const batch = await log.read(after, { limit: LIMIT });
    return { after, isFirst: lastEventId === undefined, batch };
  } catch {
    return undefined;
  }
}

/** A log that need not be asked for its first events and for its end. */
export class PrefetchedLog implements EventLog {
  readonly #log: EventLog;
  /** Cleared once it is read: it grows old. */
  #prefetched: Prefetch | undefined;
  readonly #end: string | undefined;
  /** The log's own, if it compares cursors. */
  readonly compare?: NonNullable<EventLog["compare"]>;

  /**
   * @param log The log.
   * @param prefetched Its first events.
   * @param end The cursor of its end, as it was about when they were read, if that
   * is known.
   */
  constructor(log: EventLog, prefetched: Prefetch, end: string | undefined) {
    this.#log = log;
    this.#prefetched = prefetched;
    this.#end = end;
    if (log.compare !== undefined) this.compare = log.compare.bind(log);
  }

  append(
    event: TextEventInit,
    options?: EventLogAppendOptions,
  ): Promise<string> {
    return this.#log.append(event, options);
  }

  read(after: string, options?: EventLogReadOptions): Promise<EventLogBatch> {
    const prefetched = this.#prefetched;
    if (prefetched?.after !== after) return this.#log.read(after, options);
    this.#prefetched = undefined;
    return Promise.resolve(prefetched.batch);
  }

  rewind(count: number, options?: EventLogOptions): Promise<string> {
    return count === Infinity && this.#prefetched?.isFirst
      ? Promise.resolve(this.#prefetched.after)
      : this.#log.rewind(count, options);
  }

  async follow(
    onBatch: (batch: EventLogBatch) => void,
    options: EventLogFollowOptions = {},
  ): Promise<never> {
    const end = this.#end;
    if (options.after !== undefined || end === undefined) {
      return await this.#log.follow(onBatch, options);
    }
    onBatch({ events: [], cursor: end, gap: false });
    // To ask for what comes after it would hold up what is sent first.
    await new Promise((resolve) => setTimeout(resolve, 0));
    return await this.#log.follow(onBatch, { ...options, after: end });
  }
}
