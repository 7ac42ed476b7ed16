// Copyright 2026 the Tidings authors. MIT license.

/**
 * The log of a run as its readers get it. Where events of a run are missing, readers are
 * told by an event in their place, and go on. The channel sends the same event for a gap
 * before a reader's first event, and where the log has lost its end. At any other gap it
 * takes a reader for one that has fallen behind, and ends the stream: that would look like
 * the end of the run.
 *
 * @module
 */

import { makeGapEvent } from "../_channel/gap_notice.ts";
import { quote } from "../_validate.ts";
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

/** A log that tells gaps by events. */
export class GapEventLog implements EventLog {
  /** There is one only if the log can tell at once what it has. */
  readonly reaches?: (cursor: string) => boolean;
  /** The log's own, if it compares cursors. */
  readonly compare?: NonNullable<EventLog["compare"]>;
  readonly #log: EventLog;
  readonly #onError: (error: unknown) => void;
  /** The gaps that `#onError` was told, by the cursors after them. */
  readonly #told = new Set<string>();

  /**
   * @param log The log of the run.
   * @param onError Told each gap once.
   */
  constructor(log: EventLog, onError: (error: unknown) => void) {
    this.#log = log;
    this.#onError = onError;
    if (log.reaches !== undefined) {
      this.reaches = (cursor) => log.reaches?.(cursor) ?? false;
    }
    if (log.compare !== undefined) this.compare = log.compare.bind(log);
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
    return this.#tell(await this.#log.read(after, options), after);
  }

  rewind(count: number, options?: EventLogOptions): Promise<string> {
    return this.#log.rewind(count, options);
  }

  follow(
    onBatch: (batch: EventLogBatch) => void,
    options: EventLogFollowOptions = {},
  ): Promise<never> {
    let after = options.after ?? "";
    return this.#log.follow((batch) => {
      onBatch(this.#tell(batch, after));
      after = batch.cursor;
    }, options);
  }

  /** Puts an event in the place of those that are missing, if some are. */
  #tell(batch: EventLogBatch, after: string): EventLogBatch {
    const { gap, gapCursor, events, cursor } = batch;
    // Those for whom the log does not know the cursor share one reading of what is left.
    if (!gap || gapCursor === undefined) return batch;
    if (!this.#told.has(gapCursor)) {
      this.#told.add(gapCursor);
      this.#onError(
        new Error(
          `Cannot read run: events after ${
            quote(after)
          } are missing, expected all of them`,
        ),
      );
    }
    // Whoever comes back with this ID goes on after the gap.
    const notice: LoggedEvent = { ...makeGapEvent(after), id: gapCursor };
    return { events: [notice, ...events], cursor, gap: false };
  }
}
