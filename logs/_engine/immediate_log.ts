// Copyright 2026 the Tidings authors. MIT license.

/**
 * A log whose engine answers at once, such as a database in this process. It writes before
 * `append()` returns, so that a transaction of the application contains the event, and again
 * where another connection has the lock.
 *
 * @module
 */

import type { EventLogBatch } from "../../_log/event_log.ts";
import type { EventLogState } from "../../_log/event_logs.ts";
import type { ReadBounds } from "../../_log/option_checks.ts";
import type { ChangeWatcher } from "./follow_changes.ts";
import type { LogCallsOptions } from "./log_calls.ts";
import type { DecideChange } from "./log_changes.ts";
import { nameErrors } from "./name_errors.ts";
import { type ErrorKind, orAborted } from "./retry.ts";
import { StateLog } from "./state_log.ts";

/** What the engine has of a log. All but `watch` throws what the engine fails with. */
export interface ImmediateSource {
  /** Whether a transaction of the application is open, of which a change becomes part. */
  readonly isInTransaction: boolean;
  /** Reads the events after a cursor, as `EventLog.read`. */
  read(after: string, bounds: ReadBounds): EventLogBatch;
  /** Finds the position `count` events before the end, as `EventLog.rewind`. */
  rewind(count: number): string;
  /** Describes the log, as `EventLogs.inspect`. */
  inspect(): EventLogState;
  /**
   * Makes a change. If it fails, nothing has changed, and the transaction is as it was.
   *
   * @param isJoined Whether a transaction of the application is open.
   */
  change<T>(decide: DecideChange<T>, isJoined: boolean): T;
  /** Watches the log for changes. */
  watch(): ChangeWatcher;
}

/** A transaction of the application is open on the connection. */
class OpenTransactionError extends Error {
  constructor() {
    super("expected the transaction of the connection to end");
  }
}

/** One log in such an engine. */
export class ImmediateLog extends StateLog {
  readonly #source: ImmediateSource;
  readonly #classifyError: (error: unknown) => ErrorKind;
  /** How many writes wait for a lock. */
  #waiting = 0;
  /** Settles once the last of them is done. */
  #tail: Promise<unknown> = Promise.resolve();

  /** @param expireIn Milliseconds after the last append until the log expires. */
  constructor(
    source: ImmediateSource,
    options: LogCallsOptions,
    expireIn?: number,
  ) {
    const classifyError = (error: unknown): ErrorKind =>
      error instanceof OpenTransactionError
        ? "transient"
        : options.classifyError(error);
    super(
      {
        read: (after, bounds) =>
          readCommitted(source, () => source.read(after, bounds)),
        rewind: (count) => readCommitted(source, () => source.rewind(count)),
        watch: () => source.watch(),
      },
      { ...options, classifyError },
      expireIn,
      {
        whyNoTransaction:
          "the event joins the transaction that is open on the connection",
      },
    );
    this.#source = source;
    this.#classifyError = classifyError;
  }

  async change<T>(task: string, decide: DecideChange<T>): Promise<T> {
    const verb = this.describe(task);
    return await nameErrors(verb, async () => await this.#change(task, decide));
  }

  async inspect(): Promise<EventLogState> {
    const source = this.#source;
    const inspect = (): Promise<EventLogState> =>
      readCommitted(source, () => source.inspect());
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
    const isJoined = this.#source.isInTransaction;
    // An append waits behind earlier ones, unless it belongs to an open transaction.
    if (this.#waiting === 0 || isJoined) {
      try {
        return Promise.resolve(this.#source.change(decide, isJoined));
      } catch (error) {
        // A later attempt would not be part of the transaction.
        if (isJoined || this.#classifyError(error) === "final") throw error;
      }
    }
    return this.#changeLater(task, decide, signal);
  }

  async #changeLater<T>(
    task: string,
    decide: DecideChange<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    // deno-lint-ignore require-await -- what it throws becomes a rejection
    const attempt = async (): Promise<T> => {
      // It was called outside of a transaction. In one that was opened meanwhile, a rollback
      // would undo it.
      if (this.#source.isInTransaction) throw new OpenTransactionError();
      return this.#source.change(decide, false);
    };
    this.#waiting++;
    const result = this.#tail.then(() => this.retry(attempt, task, signal));
    this.#tail = result.catch(() => {}).finally(() => this.#waiting--);
    return await orAborted(result, signal);
  }
}

/**
 * Reads what is committed: while a transaction is open on the connection, a read would see
 * what may be rolled back.
 */
async function readCommitted<T>(
  source: ImmediateSource,
  read: () => T,
): Promise<T> {
  // A synchronous transaction ends before the next microtask.
  if (source.isInTransaction) await undefined;
  if (source.isInTransaction) throw new OpenTransactionError();
  return read();
}
