// Copyright 2026 the Tidings authors. MIT license.

/**
 * A log whose engine keeps an event as one line of JSON and gives it its ID: appends, those of
 * one event loop turn together, or one in a transaction of the application.
 *
 * @module
 */

import type { EventLog, EventLogAppendOptions } from "../../_log/event_log.ts";
import type { TextEventInit } from "../../event.ts";
import { appendLine } from "./append_line.ts";
import { AppendQueue, WRITE_BOUNDS } from "./append_queue.ts";
import type { ChangeWatcher } from "./follow_changes.ts";
import { LogCalls, type LogCallsOptions, type LogSource } from "./log_calls.ts";
import { nameErrors } from "./name_errors.ts";
import type { Retention } from "./retention.ts";
import { orTimedOut } from "./retry.ts";

/** What the engine has of a log, and how it is written. */
export interface LineSource<Watcher extends ChangeWatcher>
  extends LogSource<Watcher> {
  /** Drops old events. */
  readonly retention: Retention;
  /**
   * Prepares to write events at the end, given by their lines.
   *
   * @returns A function that writes them and gives their IDs. After a failure it can be
   * called again: it writes them once, even if a failed call has written them.
   */
  prepareWrite(lines: readonly string[]): () => Promise<readonly string[]>;
  /** Writes an event, given by its line, in a transaction of the application. */
  writeIn(transaction: unknown, line: string): Promise<string>;
  /** Compares two cursors, as `EventLog.compare`. */
  compare(a: string, b: string): number | undefined;
}

/** One log in such an engine. */
export class LineLog<Watcher extends ChangeWatcher> extends LogCalls<Watcher>
  implements EventLog {
  readonly #source: LineSource<Watcher>;
  readonly #timeout: number;
  readonly #queue: AppendQueue<string>;

  constructor(source: LineSource<Watcher>, options: LogCallsOptions) {
    super(source, { ...options, retriesFollow: true });
    this.#source = source;
    this.#timeout = options.timeout;
    this.#queue = new AppendQueue(
      WRITE_BOUNDS,
      async (lines) => {
        const ids = await this.retry(source.prepareWrite(lines), "append to");
        // Not within the timeout: the events are written.
        source.retention.note(lines);
        await source.retention.dropIfDue();
        return ids;
      },
    );
  }

  append(
    event: TextEventInit,
    options: EventLogAppendOptions = {},
  ): Promise<string> {
    const verb = this.describe("append to");
    return appendLine(event, options, verb, (line, given) => {
      const { transaction, signal } = given;
      if (transaction === undefined) {
        return this.#queue.append(line, 2 * line.length, signal);
      }
      // It is not tried again: after an error, the transaction can only be rolled back.
      // Nor does it wait in the queue: the application may commit next.
      return nameErrors(verb, () => {
        const written = this.#source.writeIn(transaction, line);
        return orTimedOut(written, this.#timeout, verb, signal);
      }, signal);
    }, { takesTransaction: true });
  }

  compare(a: string, b: string): number | undefined {
    return this.#source.compare(a, b);
  }
}
