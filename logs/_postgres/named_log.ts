// Copyright 2026 the Tidings authors. MIT license.

/**
 * A log by name over its tables, for what `PostgresEventLogs` opens and claims.
 *
 * @module
 */

import type { EventLogState } from "../../_log/event_logs.ts";
import { AppendQueue, WRITE_BOUNDS } from "../_engine/append_queue.ts";
import type { DecideChange } from "../_engine/log_changes.ts";
import { StateLog } from "../_engine/state_log.ts";
import type { PostgresWatcher } from "./changes.ts";
import { classifyError } from "./error_kinds.ts";
import type { NamedHistory } from "./named_history.ts";

/** One log by name in a database. */
export class NamedLog extends StateLog<PostgresWatcher> {
  readonly #history: NamedHistory;
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
    expireIn?: number,
  ) {
    super(history, { timeout, name, classifyError }, expireIn);
    this.#history = history;
    this.#queue = new AppendQueue(
      WRITE_BOUNDS,
      (decisions) => this.retry(history.prepareChange(decisions), "append to"),
    );
  }

  async change<T>(task: string, decide: DecideChange<T>): Promise<T> {
    await this.retry(() => this.#history.sweep(), task);
    const change = this.#history.prepareChange([decide]);
    const [result] = await this.retry(change, task);
    // There is one result for one decision.
    return result!;
  }

  async inspect(): Promise<EventLogState> {
    return await this.retry(() => this.#history.inspect(), "inspect");
  }

  protected write(
    decide: DecideChange<string>,
    size: number,
    signal: AbortSignal | undefined,
  ): Promise<string> {
    return this.#queue.append(decide, size, signal);
  }
}
