// Copyright 2026 the Tidings authors. MIT license.

/**
 * The log of a `PostgresEventLog`: appends, alone or in a transaction of the application.
 *
 * @module
 */

import type { EventLog, EventLogAppendOptions } from "../../_log/event_log.ts";
import type { TextEventInit } from "../../event.ts";
import { appendLine } from "../_engine/append_line.ts";
import { AppendQueue, WRITE_BOUNDS } from "../_engine/append_queue.ts";
import { LogCalls, type LogSource } from "../_engine/log_calls.ts";
import { nameErrors } from "../_engine/name_errors.ts";
import { orTimedOut } from "../_engine/retry.ts";
import type { PostgresWatcher } from "./changes.ts";
import { classifyError } from "./error_kinds.ts";
import { compareTransactionCursors } from "./transaction_cursor.ts";

/** What the tables have of a log, and how it is written. */
export interface PostgresLogSource extends LogSource<PostgresWatcher> {
  /**
   * Prepares to write events at the end, given by their lines.
   *
   * @returns A function that writes them and gives their IDs. After a failure it can be
   * called again: it writes them once, even if a failed call has written them.
   */
  prepareWrite(lines: readonly string[]): () => Promise<readonly string[]>;
  /** Writes an event, given by its line, in a transaction of the application. */
  writeIn(transaction: unknown, line: string): Promise<string>;
}

/** One log in a database. */
export class PostgresLog extends LogCalls<PostgresWatcher> implements EventLog {
  readonly #source: PostgresLogSource;
  readonly #timeout: number;
  readonly #queue: AppendQueue<string>;

  /**
   * @param timeout Milliseconds without an answer after which a call fails.
   * @param name What errors call the log.
   */
  constructor(source: PostgresLogSource, timeout: number, name: string) {
    super(source, { timeout, name, classifyError, retriesFollow: true });
    this.#source = source;
    this.#timeout = timeout;
    this.#queue = new AppendQueue(
      WRITE_BOUNDS,
      (lines) => this.retry(source.prepareWrite(lines), "append to"),
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
    return compareTransactionCursors(a, b);
  }
}
