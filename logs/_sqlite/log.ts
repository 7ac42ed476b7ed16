// Copyright 2026 the Tidings authors. MIT license.

/**
 * A log over its tables, for `SqliteEventLog` and for what `SqliteEventLogs.open()` gives.
 *
 * @module
 */

import type { EventLog, EventLogAppendOptions } from "../../_log/event_log.ts";
import type { TextEventInit } from "../../event.ts";
import { compareCursors } from "../_engine/beginning.ts";
import { LogCalls } from "../_engine/log_calls.ts";
import { classifyError } from "./error_kinds.ts";
import type { SqliteHistory } from "./history.ts";
import type { SqliteSetup } from "./options.ts";
import { SqliteWriter } from "./writer.ts";

/** One log in a database. */
export class SqliteLog extends LogCalls implements EventLog {
  readonly #history: SqliteHistory;
  readonly #writer: SqliteWriter;
  readonly #expireIn: number;

  /**
   * @param name What errors call the log.
   * @param expireIn Milliseconds after the last append until the log expires.
   */
  constructor(
    setup: SqliteSetup,
    history: SqliteHistory,
    name: string,
    expireIn: number,
  ) {
    const { connection, timeout, pollInterval } = setup;
    super({
      read: (after, bounds) =>
        connection.readCommitted(setup, () => history.read(after, bounds)),
      rewind: (count) =>
        connection.readCommitted(setup, () => history.rewind(count)),
      watch: () => connection.changes.watch(history.key, pollInterval),
    }, { timeout, name, classifyError, retriesFollow: true });
    this.#history = history;
    this.#writer = new SqliteWriter(setup, name);
    this.#expireIn = expireIn;
  }

  append(
    event: TextEventInit,
    options: EventLogAppendOptions = {},
  ): Promise<string> {
    return this.#writer.append(event, options, (line) => {
      if (this.#expireIn !== Infinity) this.#history.sweep();
      return this.#history.append(line, this.#expireIn);
    });
  }

  compare(a: string, b: string): number | undefined {
    return compareCursors(a, b);
  }
}
