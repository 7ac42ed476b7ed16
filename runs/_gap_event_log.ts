// Copyright 2026 the Tidings authors. MIT license.

/**
 * A log of a run that replaces gaps by `gap` events, for the channel of its readers.
 * At a gap in the middle of a log, a channel takes a reader for a slow client and ends its
 * stream, which would look like the end of the run. With the event, the reader goes on.
 *
 * @module
 */

import { makeGapEvent } from "../_channel/gap_notice.ts";
import { quote } from "../_validate.ts";
import type {
  EventLog,
  EventLogBatch,
  EventLogFollowOptions,
  EventLogReadOptions,
  LoggedEvent,
} from "../log.ts";
import { ForwardingLog } from "./_forwarding_log.ts";

/** A log with a `gap` event in each gap that it can name the end of. */
export class GapEventLog extends ForwardingLog {
  readonly #onError: (error: unknown) => void;
  /** The gaps that were reported, by the cursors after them. */
  readonly #reported = new Set<string>();

  /**
   * @param log The log of the run.
   * @param onError Called once for each gap.
   */
  constructor(log: EventLog, onError: (error: unknown) => void) {
    super(log);
    this.#onError = onError;
  }

  override async read(
    after: string,
    options?: EventLogReadOptions,
  ): Promise<EventLogBatch> {
    return this.#replaceGap(await this.inner.read(after, options), after);
  }

  override follow(
    onBatch: (batch: EventLogBatch) => void,
    options: EventLogFollowOptions = {},
  ): Promise<never> {
    let after = options.after ?? "";
    return this.inner.follow((batch) => {
      onBatch(this.#replaceGap(batch, after));
      after = batch.cursor;
    }, options);
  }

  /** Puts a `gap` event before a batch, if events before it are missing. */
  #replaceGap(batch: EventLogBatch, after: string): EventLogBatch {
    const { gap, gapCursor, events, cursor } = batch;
    // Without a cursor after the gap, the log does not know the reader's cursor. The channel
    // sends the `gap` event then, and all such readers share one reading of the rest.
    if (!gap || gapCursor === undefined) return batch;
    if (!this.#reported.has(gapCursor)) {
      this.#reported.add(gapCursor);
      this.#onError(
        new Error(
          `Cannot read run: events after ${quote(after)} are missing`,
        ),
      );
    }
    // A client that reconnects with this ID goes on after the gap.
    const notice: LoggedEvent = { ...makeGapEvent(after), id: gapCursor };
    return { events: [notice, ...events], cursor, gap: false };
  }
}
