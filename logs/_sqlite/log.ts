// Copyright 2026 the Tidings authors. MIT license.

/**
 * A log over its tables, for `SqliteEventLog` and for what `SqliteEventLogs` opens and
 * claims. It writes at once, so that a transaction of the application contains it, and
 * again where another connection has the lock.
 *
 * @module
 */

import type { EventLogState } from "../../_log/event_logs.ts";
import type { DecideChange } from "../_engine/log_changes.ts";
import { nameErrors } from "../_engine/name_errors.ts";
import { StateLog } from "../_engine/state_log.ts";
import { orAborted } from "../_engine/retry.ts";
import { classifyError, OpenTransactionError } from "./error_kinds.ts";
import type { SqliteHistory } from "./history.ts";
import type { SqliteSetup } from "./options.ts";

/** One log in a database. */
export class SqliteLog extends StateLog {
  readonly #setup: SqliteSetup;
  readonly #history: SqliteHistory;
  /** How many writes wait for a lock. */
  #waiting = 0;
  /** Settles once the last of them is done. */
  #tail: Promise<unknown> = Promise.resolve();

  /**
   * @param name What errors call the log.
   * @param expireIn Milliseconds after the last append until the log expires.
   */
  constructor(
    setup: SqliteSetup,
    history: SqliteHistory,
    name: string,
    expireIn?: number,
  ) {
    const { connection, timeout, pollInterval } = setup;
    super(
      {
        read: (after, bounds) =>
          connection.readCommitted(setup, () => history.read(after, bounds)),
        rewind: (count) =>
          connection.readCommitted(setup, () => history.rewind(count)),
        watch: () => connection.changes.watch(history.key, pollInterval),
      },
      { timeout, name, classifyError },
      expireIn,
    );
    this.#setup = setup;
    this.#history = history;
  }

  async change<T>(task: string, decide: DecideChange<T>): Promise<T> {
    const verb = this.describe(task);
    return await nameErrors(verb, async () => await this.#change(task, decide));
  }

  async inspect(): Promise<EventLogState> {
    const { connection } = this.#setup;
    const inspect = (): Promise<EventLogState> =>
      connection.readCommitted(this.#setup, () => this.#history.inspect());
    return await this.retry(inspect, "inspect");
  }

  protected write(
    decide: DecideChange<string>,
    _size: number,
    signal: AbortSignal | undefined,
  ): Promise<string> {
    return this.#change("append to", decide, signal);
  }

  /** Writes before it returns, unless another connection has the lock. */
  #change<T>(
    task: string,
    decide: DecideChange<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const { connection } = this.#setup;
    const isJoined = connection.isInTransaction;
    const write = (): T =>
      connection.write(this.#setup, () => this.#history.change(decide));
    // An append waits behind earlier ones, unless it belongs to an open transaction.
    if (this.#waiting === 0 || isJoined) {
      try {
        return Promise.resolve(write());
      } catch (error) {
        // A later attempt would not be part of the transaction.
        if (isJoined || classifyError(error) === "final") throw error;
      }
    }
    return this.#writeLater(task, write, signal);
  }

  async #writeLater<T>(
    task: string,
    write: () => T,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    // deno-lint-ignore require-await -- what it throws becomes a rejection
    const attempt = async (): Promise<T> => {
      // The append was called outside of a transaction. In one that was opened meanwhile, a
      // rollback would undo it.
      if (this.#setup.connection.isInTransaction) {
        throw new OpenTransactionError();
      }
      return write();
    };
    this.#waiting++;
    const result = this.#tail.then(() => this.retry(attempt, task, signal));
    this.#tail = result.catch(() => {}).finally(() => this.#waiting--);
    return await orAborted(result, signal);
  }
}
