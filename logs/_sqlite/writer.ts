// Copyright 2026 the Tidings authors. MIT license.

/**
 * Writes to a log: at once, so that a transaction of the application contains it, and
 * again where another connection has the lock.
 *
 * @module
 */

import type { EventLogAppendOptions } from "../../_log/event_log.ts";
import { checkAppend } from "../../_log/option_checks.ts";
import { tellAppend } from "../../_log/tell_append.ts";
import type { TextEventInit } from "../../event.ts";
import { assertNoId } from "../_engine/assert_no_id.ts";
import { makeEventLine } from "../_engine/event_line.ts";
import { nameErrors } from "../_engine/name_errors.ts";
import { orAborted, retry } from "../_engine/retry.ts";
import { classifyError, OpenTransactionError } from "./error_kinds.ts";
import type { SqliteSetup } from "./options.ts";

/** The writes of one log or claim. */
export class SqliteWriter {
  readonly #setup: SqliteSetup;
  readonly #name: string;
  /** How many appends wait for a lock. */
  #waiting = 0;
  /** Settles once the last of them is done. */
  #tail: Promise<unknown> = Promise.resolve();

  /** @param name What errors call the log. */
  constructor(setup: SqliteSetup, name: string) {
    this.#setup = setup;
    this.#name = name;
  }

  /**
   * Appends an event. A failure is told, as {@linkcode tellAppend}.
   *
   * @param write Writes its line, and gives its ID.
   */
  append(
    event: TextEventInit,
    options: EventLogAppendOptions,
    write: (line: string) => string,
  ): Promise<string> {
    return tellAppend((noteSignal) => {
      const verb = `append to event log ${this.#name}`;
      let signal: AbortSignal | undefined;
      try {
        const given = checkAppend(event, options);
        signal = given.signal;
        noteSignal(signal);
        signal?.throwIfAborted();
        assertNoId(event);
        const line = makeEventLine(event, given);
        return this.#append(verb, () => write(line), signal);
      } catch (error) {
        return nameErrors(verb, () => Promise.reject(error), signal);
      }
    });
  }

  /**
   * Runs a write that is no append, and again while another connection has the lock.
   *
   * @param task What it does, for errors.
   */
  write<T>(task: string, write: () => T, signal?: AbortSignal): Promise<T> {
    const { connection, timeout } = this.#setup;
    const verb = `${task} event log ${this.#name}`;
    let isFirst = true;
    let isJoined = false;
    // deno-lint-ignore require-await -- what it throws becomes a rejection
    const attempt = async (): Promise<T> => {
      const isInTransaction = connection.isInTransaction;
      // What was called outside of a transaction is not rolled back with one.
      if (isInTransaction && !isFirst) throw new OpenTransactionError();
      isJoined = isInTransaction;
      isFirst = false;
      return connection.write(this.#setup, write);
    };
    return nameErrors(verb, () =>
      retry(attempt, {
        timeout,
        verb,
        // Later, it would not be part of the transaction.
        classifyError: (error) => isJoined ? "final" : classifyError(error),
        signal,
      }), signal);
  }

  /** Writes before it returns, unless another connection has the lock. */
  #append(
    verb: string,
    write: () => string,
    signal: AbortSignal | undefined,
  ): Promise<string> {
    const { connection } = this.#setup;
    const isJoined = connection.isInTransaction;
    // Behind those that wait, but for what belongs to an open transaction.
    if (this.#waiting > 0 && !isJoined) {
      return this.#appendLater(verb, write, signal);
    }
    try {
      return Promise.resolve(connection.write(this.#setup, write));
    } catch (error) {
      if (isJoined || classifyError(error) === "final") throw error;
      return this.#appendLater(verb, write, signal);
    }
  }

  async #appendLater(
    verb: string,
    write: () => string,
    signal: AbortSignal | undefined,
  ): Promise<string> {
    const { connection, timeout } = this.#setup;
    // deno-lint-ignore require-await -- what it throws becomes a rejection
    const attempt = async (): Promise<string> => {
      if (connection.isInTransaction) throw new OpenTransactionError();
      return connection.write(this.#setup, write);
    };
    this.#waiting++;
    const options = { timeout, verb, classifyError, signal };
    const id = this.#tail.then(() =>
      nameErrors(verb, () => retry(attempt, options), signal)
    );
    this.#tail = id.catch(() => {}).finally(() => this.#waiting--);
    return await orAborted(id, signal);
  }
}
