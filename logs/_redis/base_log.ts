// Copyright 2026 the Tidings authors. MIT license.

/**
 * Appending and reading, the same for all logs in Redis: with retries, and with a timeout
 * for each call.
 *
 * @module
 */

import type {
  EventLog,
  EventLogAppendOptions,
  EventLogBatch,
  EventLogReadOptions,
} from "../../_log/event_log.ts";
import { checkReadOptions } from "../../_log/option_checks.ts";
import type { TextEventInit } from "../../event.ts";
import { quote } from "../../_validate.ts";
import { WRITE_BOUNDS } from "../_engine/append_queue.ts";
import { type LogReader, ReadCalls } from "../_engine/log_calls.ts";
import { orTimedOut } from "../_engine/retry.ts";
import { RedisAppendQueue } from "./append_queue.ts";
import { compareCursors } from "./cursors.ts";
import { classifyError } from "./error_kinds.ts";

/** What Redis stores for a log. */
export interface RedisHistory extends LogReader {
  /**
   * Prepares to write events, given by their fields, at the end.
   *
   * @returns A function that writes them and gives their IDs. After a failure it can be
   * called again: it writes them once, even if a failed call has written them.
   */
  prepareWrite(events: readonly string[][]): () => Promise<readonly string[]>;
}

/** The most events and bytes of a batch that a follower reads. */
export const FOLLOW_BOUNDS = { limit: 256, maxBytes: 1_048_576 };

/** A log in Redis, but for how it is followed. */
export abstract class RedisBaseLog extends ReadCalls implements EventLog {
  readonly #history: RedisHistory;
  readonly #timeout: number;
  /** Set by the first append: most logs of names are only read in a process. */
  #appends: RedisAppendQueue | undefined;

  /**
   * @param history What Redis stores.
   * @param timeout Milliseconds without an answer after which a call fails.
   * @param name The key or the name of the log, for errors.
   */
  constructor(history: RedisHistory, timeout: number, name: string) {
    super(history, { timeout, name: quote(name), classifyError });
    this.#history = history;
    this.#timeout = timeout;
  }

  append(
    event: TextEventInit,
    options: EventLogAppendOptions = {},
  ): Promise<string> {
    this.#appends ??= this.#makeAppends();
    return this.#appends.append(event, options);
  }

  compare(a: string, b: string): number | undefined {
    return compareCursors(a, b);
  }

  /** As {@linkcode RedisBaseLog.read}, without a retry. */
  protected async readOnce(
    after: string,
    options: EventLogReadOptions,
  ): Promise<EventLogBatch> {
    const bounds = checkReadOptions(options);
    return await this.#once(this.#history.read(after, bounds), bounds.signal);
  }

  /** Finds the end, without a retry. */
  protected async findEndOnce(
    signal: AbortSignal | undefined,
  ): Promise<string> {
    signal?.throwIfAborted();
    return await this.#once(this.#history.rewind(0), signal);
  }

  #once<T>(reply: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    return orTimedOut(reply, this.#timeout, this.describe("follow"), signal);
  }

  #makeAppends(): RedisAppendQueue {
    return new RedisAppendQueue(
      WRITE_BOUNDS,
      (events) => this.retry(this.#history.prepareWrite(events), "append to"),
    );
  }
}
