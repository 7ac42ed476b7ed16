// Copyright 2026 the Tidings authors. MIT license.

/**
 * The base class of the logs in SQLite and of the logs by name in PostgreSQL, which read the
 * state of a log and write a change in one step.
 *
 * @module
 */

import type { EventLog, EventLogAppendOptions } from "../../_log/event_log.ts";
import type { EventLogState } from "../../_log/event_logs.ts";
import type { AppendChecks } from "../../_log/option_checks.ts";
import type { TextEventInit } from "../../event.ts";
import { appendLine } from "./append_line.ts";
import { compareCursors } from "./beginning.ts";
import type { ChangeableLog } from "./claim.ts";
import type { ChangeWatcher } from "./follow_changes.ts";
import { LogCalls, type LogCallsOptions, type LogSource } from "./log_calls.ts";
import { decideAppend, type DecideChange } from "./log_changes.ts";

/** A log whose changes are decided by its state. */
export abstract class StateLog<Watcher extends ChangeWatcher = ChangeWatcher>
  extends LogCalls<Watcher>
  implements EventLog, ChangeableLog {
  readonly #expireIn: number;
  readonly #checks: AppendChecks | undefined;

  /**
   * @param source Reads from the engine.
   * @param expireIn Milliseconds after the last append until the log expires.
   * @param checks Which options of an append the log takes.
   */
  constructor(
    source: LogSource<Watcher>,
    options: LogCallsOptions,
    expireIn = Infinity,
    checks?: AppendChecks,
  ) {
    super(source, { ...options, retriesFollow: true });
    this.#expireIn = expireIn;
    this.#checks = checks;
  }

  append(
    event: TextEventInit,
    options: EventLogAppendOptions = {},
    decide = (line: string): DecideChange<string> =>
      decideAppend(line, this.#expireIn),
  ): Promise<string> {
    return appendLine(
      event,
      options,
      this.describe("append to"),
      (line, { signal }) => this.write(decide(line), 2 * line.length, signal),
      this.#checks,
    );
  }

  compare(a: string, b: string): number | undefined {
    return compareCursors(a, b);
  }

  /** Makes a change in one step. `task` names it in errors, such as `claim`. */
  abstract change<T>(task: string, decide: DecideChange<T>): Promise<T>;

  /** Describes the log, as `EventLogs.inspect`. */
  abstract inspect(): Promise<EventLogState>;

  /**
   * Makes the change of an append.
   *
   * @param size Bytes of the event.
   */
  protected abstract write(
    decide: DecideChange<string>,
    size: number,
    signal: AbortSignal | undefined,
  ): Promise<string>;
}
