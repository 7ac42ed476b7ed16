// Copyright 2026 the Tidings authors. MIT license.

/**
 * The interface of a log, which every engine implements. There is no behaviour here.
 *
 * @module
 */

import type { TextEventInit } from "../event.ts";
import type { EventLogEntryError } from "./entry_error.ts";

/** An event in a log: it always has an ID. */
export interface LoggedEvent extends TextEventInit {
  /** The event's ID in this log, and the cursor of the position after it. Never empty. */
  id: string;
  /**
   * The topics of the event: they decide which clients of a channel get it, and are
   * never sent. `undefined` if the event is for all.
   */
  topics?: readonly string[] | undefined;
  /**
   * Names the value that the event updates: a client of a channel that catches up gets only
   * the newest event of each key. It is never sent. `undefined` if the event has none.
   */
  conflationKey?: string | undefined;
  /**
   * Whether the entry is not an event, and ends the streams of its topics instead. Clients
   * get nothing of it but its ID. `undefined` or `false` for events.
   */
  disconnect?: boolean | undefined;
  /**
   * Why the entry is no event: another program has written it. The event then has an ID
   * and nothing to send. A channel leaves it out, and tells its `onError` once.
   */
  fault?: EventLogEntryError | undefined;
}

/** Events that follow a cursor. */
export interface EventLogBatch {
  /** The events, in the order of the log and with none left out between them. */
  events: readonly LoggedEvent[];
  /**
   * The cursor to go on from: the ID of the last of `events`, or, without events, the
   * cursor of the position that was reached.
   */
  cursor: string;
  /**
   * Whether events after the cursor that was asked about may be missing, since it is
   * not in the history. Where `events` begin then is in the table of
   * {@linkcode EventLog.read}.
   */
  gap: boolean;
  /**
   * Where there is a gap after a cursor that the log knows, the cursor of the position
   * after the gap, right before the first of `events`. A log that has no such cursor
   * leaves it out.
   */
  gapCursor?: string | undefined;
}

/** Options that all methods of a log take. */
export interface EventLogOptions {
  /**
   * Aborts the call: its promise rejects with the signal's reason. An append
   * that was aborted may still be done.
   */
  signal?: AbortSignal | undefined;
}

/** Options of {@linkcode EventLog.append}. */
export interface EventLogAppendOptions extends EventLogOptions {
  /** The event's {@linkcode LoggedEvent.topics}, which the log keeps as they are. */
  topics?: readonly string[] | undefined;
  /**
   * The event's {@linkcode LoggedEvent.conflationKey}: well-formed text of 1 to 256 UTF-16
   * code units, without line breaks and U+0000. A log that does not keep it gives every
   * event without one, and clients that catch up get all events.
   */
  conflationKey?: string | undefined;
  /**
   * The entry's {@linkcode LoggedEvent.disconnect}. A log that does not keep it gives an
   * event with nothing to send, and ends no stream.
   */
  disconnect?: boolean | undefined;
  /**
   * A transaction of the application that the event is part of: readers get it after the
   * commit, and never after a rollback. Its type depends on the log; a log that takes no
   * transaction rejects with a `TypeError`. The promise resolves when the event is written,
   * which is before the commit.
   */
  transaction?: unknown;
}

/** Options of {@linkcode EventLog.read}. */
export interface EventLogReadOptions extends EventLogOptions {
  /**
   * The most events to give at once, an integer of at least 1 or `Infinity`. Others
   * are left for the next read.
   *
   * @default {256}
   */
  limit?: number | undefined;
  /**
   * Give no further event once those in the batch take about this many bytes, as
   * the log counts them. There is always at least one event if there is one to give.
   *
   * @default {65_536}
   */
  maxBytes?: number | undefined;
}

/** Options of {@linkcode EventLog.follow}. */
export interface EventLogFollowOptions extends EventLogOptions {
  /** The cursor to begin after. Left out, it is the end of the log as it is now. */
  after?: string | undefined;
}

/**
 * The ordered, bounded history of events: it gives each its ID, reads after a
 * cursor, and lets readers follow its end. How order, cursors and gaps work is at
 * the top of the module `log.ts`.
 *
 * `eventLogCases()` of `@tidings/sse/testing` tests an implementation.
 *
 * @example The length of what a client missed
 * ```ts
 * import { type EventLog, MemoryEventLog } from "@tidings/sse/log";
 * import { assertEquals } from "@std/assert";
 *
 * async function countMissed(log: EventLog, cursor: string): Promise<number> {
 *   let count = 0;
 *   for (;;) {
 *     const batch = await log.read(cursor);
 *     if (batch.events.length === 0) return count;
 *     count += batch.events.length;
 *     cursor = batch.cursor;
 *   }
 * }
 *
 * const log = new MemoryEventLog();
 * const id = await log.append({ data: "1" });
 * await log.append({ data: "2" });
 * assertEquals(await countMissed(log, id), 1);
 * ```
 */
export interface EventLog {
  /**
   * Adds an event at the end of the log. The caller has checked that it can be
   * encoded.
   *
   * An event that has an `id` keeps it; a log that cannot resume by IDs of the
   * application's own rejects the event instead.
   *
   * Calls may overlap: events take the order of the calls. A log may write
   * all events of one event loop turn at once.
   *
   * @returns The event's ID, as soon as the log has the event. It rejects if the log
   * refuses the event, which no reader gets then. An engine that loses the connection
   * before the answer cannot tell which it is, and its error says so.
   */
  append(
    event: TextEventInit,
    options?: EventLogAppendOptions,
  ): Promise<string>;

  /**
   * Gives the events after a cursor, as many as there are and the options allow.
   * It does not wait for more.
   *
   * | The cursor                                       | The events           | `gap`   |
   * | ------------------------------------------------ | -------------------- | ------- |
   * | is in the history                                | after it             | `false` |
   * | lies within the history, and is missing there    | after it             | `true`  |
   * | lies before the oldest event                     | from the oldest on   | `true`  |
   * | lies after the end                               | none: `cursor` is the end | `true` |
   * | cannot be ordered, or is of another epoch        | from the oldest on   | `true`  |
   *
   * If the cursor's own event is missing, but the log can tell that nothing is missing
   * after it, there is no gap. If a claim writes again what the engine has lost at the
   * end, a log waits for that: it gives the cursor back, and no gap.
   */
  read(after: string, options?: EventLogReadOptions): Promise<EventLogBatch>;

  /**
   * Finds the position `count` events before the end of the log, or the one before the
   * oldest event that is left.
   *
   * @param count An integer of at least 0, or `Infinity` for the oldest event.
   * @returns The cursor of that position.
   */
  rewind(count: number, options?: EventLogOptions): Promise<string>;

  /**
   * Calls back with every event after a cursor, those in the log and those that are
   * appended later, in order and each once, until it is aborted or fails.
   *
   * The first call back comes as soon as the log is being followed, even if there
   * is no event yet; from the end of the log (`after` left out), it is an empty
   * batch whose `cursor` is that end. Only a batch with a gap may skip
   * events. A log does not reconnect: the caller follows again, after the last cursor
   * that it got.
   *
   * @param onBatch Is called with each batch. If it throws, following fails with
   * that error, and the log is not affected.
   * @returns A promise that only ever rejects: with the signal's reason, or with
   * the error that ended following.
   */
  follow(
    onBatch: (batch: EventLogBatch) => void,
    options?: EventLogFollowOptions,
  ): Promise<never>;

  /**
   * Compares two cursors by their positions in this log, without a call to the engine:
   * both may come from clients, and neither need be in the history. A channel uses it so
   * that clients whose cursors are missing share one read. A log without this method is
   * read once for each such client.
   *
   * @returns A negative number if `a` lies before `b`, a positive one if it lies after
   * it, 0 if they are the same position; `undefined` if the two have no order, such as those of
   * two epochs. A cursor that `read()`, `rewind()` or `follow()` gave and a cursor in
   * the history always have one.
   */
  compare?(a: string, b: string): number | undefined;

  /**
   * Whether every event after a cursor is still in the history. A channel has the
   * latest events in memory: it asks this before it resumes a client from there, so that
   * it resumes no further back than the log would. A log that cannot tell synchronously
   * leaves this method out.
   */
  reaches?(cursor: string): boolean;
}
