// Copyright 2026 the Tidings authors. MIT license.

/**
 * A log by name over its tables, for what `PostgresEventLogs` opens and claims.
 *
 * @module
 */

import type { EventLog, EventLogAppendOptions } from "../../_log/event_log.ts";
import type { EventLogState } from "../../_log/event_logs.ts";
import type { TextEventInit } from "../../event.ts";
import { appendLine } from "../_engine/append_line.ts";
import { AppendQueue } from "../_engine/append_queue.ts";
import { compareCursors } from "../_engine/beginning.ts";
import type { ChangeableLog } from "../_engine/claim.ts";
import { LogCalls } from "../_engine/log_calls.ts";
import { decideAppend, type DecideChange } from "../_engine/log_changes.ts";
import type { PostgresWatcher } from "./changes.ts";
import { classifyError } from "./error_kinds.ts";
import { BATCH_BOUNDS } from "./log.ts";
import type { NamedHistory } from "./named_history.ts";

/** One log by name in a database. */
export class NamedLog extends LogCalls<PostgresWatcher>
  implements EventLog, ChangeableLog {
  readonly #history: NamedHistory;
  readonly #name: string;
  readonly #expireIn: number;
  readonly #queue: AppendQueue<DecideChange<string>>;

  /**
   * @param timeout Milliseconds without an answer after which a call fails.
   * @param name What errors call the log.
   * @param expireIn Milliseconds after the last append until the log expires.
   */
  constructor(
    history: NamedHistory,
    timeout: number,
    name: string,
    expireIn = Infinity,
  ) {
    super(history, { timeout, name, classifyError, retriesFollow: true });
    this.#history = history;
    this.#name = name;
    this.#expireIn = expireIn;
    this.#queue = new AppendQueue(
      BATCH_BOUNDS,
      (decisions) =>
        this.retry(this.#history.prepareChange(decisions), "append to"),
    );
  }

  append(
    event: TextEventInit,
    options: EventLogAppendOptions = {},
    decide = (line: string): DecideChange<string> =>
      decideAppend(line, this.#expireIn),
  ): Promise<string> {
    const verb = `append to event log ${this.#name}`;
    return appendLine(
      event,
      options,
      verb,
      (line, { signal }) =>
        this.#queue.append(decide(line), 2 * line.length, signal),
    );
  }

  compare(a: string, b: string): number | undefined {
    return compareCursors(a, b);
  }

  async change<T>(task: string, decide: DecideChange<T>): Promise<T> {
    await this.retry(() => this.#history.sweep(), task);
    const change = this.#history.prepareChange([decide]);
    const [result] = await this.retry(change, task);
    // There is one result for one decision.
    return result!;
  }

  /** Describes the log, as `EventLogs.inspect`. */
  async inspect(): Promise<EventLogState> {
    return await this.retry(() => this.#history.inspect(), "inspect");
  }
}
