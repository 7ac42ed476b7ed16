// Copyright 2026 the Tidings authors. MIT license.

/**
 * What all logs in Redis do alike: events are written in the order of the calls and
 * each once, and nobody waits for ever.
 *
 * @module
 */

import type {
  EventLogAppendOptions,
  EventLogBatch,
  EventLogOptions,
  EventLogReadOptions,
} from "../../_log/event_log.ts";
import {
  checkReadOptions,
  checkRewindCount,
} from "../../_log/option_checks.ts";
import type { TextEventInit } from "../../event.ts";
import { orAborted, orTimedOut, retry } from "../_engine/retry.ts";
import { RedisAppendQueue } from "./append_queue.ts";
import { classifyError } from "./error_kinds.ts";

/** How much to read. */
export interface ReadBounds {
  /** Events at most. */
  limit: number;
  /** Bytes after which no further event is read. */
  maxBytes: number;
}

/** What a log has in Redis. */
export interface RedisHistory {
  /**
   * Prepares to write events, of which the fields are given, at the end.
   *
   * @returns What writes them and gives their IDs. If it fails, it may be called
   * again: whatever became of it, it writes them once.
   */
  prepareWrite(events: readonly string[][]): () => Promise<readonly string[]>;
  /** Reads what comes after a cursor. */
  read(after: string, bounds: ReadBounds): Promise<EventLogBatch>;
  /** Finds the place so many events before the end. */
  rewind(count: number): Promise<string>;
}

/** How much one command appends. Redis does nothing else meanwhile. */
const BATCH_BOUNDS = { items: 128, bytes: 1_048_576 };

/** A log that is not followed. */
export class RedisBaseLog {
  readonly #history: RedisHistory;
  readonly #timeout: number;
  /** Made by the first append: most logs of names are only read here. */
  #appends: RedisAppendQueue | undefined;

  /** @param timeout Milliseconds without an answer after which Redis is lost. */
  constructor(history: RedisHistory, timeout: number) {
    this.#history = history;
    this.#timeout = timeout;
  }

  async append(
    event: TextEventInit,
    options: EventLogAppendOptions = {},
  ): Promise<string> {
    this.#appends ??= this.#makeAppends();
    return await this.#appends.append(event, options);
  }

  async read(
    after: string,
    options: EventLogReadOptions = {},
  ): Promise<EventLogBatch> {
    const bounds = checkReadOptions(options);
    return await this.#retry(
      () => this.#history.read(after, bounds),
      "read event log",
      options.signal,
    );
  }

  async rewind(count: number, options: EventLogOptions = {}): Promise<string> {
    const { signal } = options;
    checkRewindCount(count, signal);
    return await this.#retry(
      () => this.#history.rewind(count),
      "rewind event log",
      signal,
    );
  }

  /** As {@linkcode RedisBaseLog.read}, without trying again. */
  protected async readOnce(
    after: string,
    options: EventLogReadOptions,
  ): Promise<EventLogBatch> {
    const batch = this.#history.read(after, checkReadOptions(options));
    return await this.#once(batch, options.signal);
  }

  /** Finds the end, without trying again. */
  protected async findEndOnce(
    signal: AbortSignal | undefined,
  ): Promise<string> {
    signal?.throwIfAborted();
    return await this.#once(this.#history.rewind(0), signal);
  }

  #once<T>(reply: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const timeout = this.#timeout;
    return orAborted(orTimedOut(reply, timeout, "follow event log"), signal);
  }

  #retry<T>(
    attempt: () => Promise<T>,
    verb: string,
    signal?: AbortSignal,
  ): Promise<T> {
    return retry(attempt, {
      timeout: this.#timeout,
      verb,
      classifyError,
      signal,
    });
  }

  #makeAppends(): RedisAppendQueue {
    return new RedisAppendQueue(
      BATCH_BOUNDS,
      (events) =>
        this.#retry(this.#history.prepareWrite(events), "append event"),
    );
  }
}
