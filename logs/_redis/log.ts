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
import { checkRead, checkRewind } from "../../_log/read_bounds.ts";
import type { TextEventInit } from "../../event.ts";
import { orAborted, orTimedOut, persist } from "../_engine/engine_call.ts";
import { RedisAppends } from "./appends.ts";
import { judge } from "./refusal.ts";

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
export class RedisLog {
  readonly #history: RedisHistory;
  readonly #timeout: number;
  /** Made by the first append: most logs of names are only read here. */
  #appends: RedisAppends | undefined;

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
    const bounds = checkRead(options);
    return await this.#persist(
      () => this.#history.read(after, bounds),
      "read event log",
      options.signal,
    );
  }

  async rewind(count: number, options: EventLogOptions = {}): Promise<string> {
    const { signal } = options;
    checkRewind(count, signal);
    return await this.#persist(
      () => this.#history.rewind(count),
      "rewind event log",
      signal,
    );
  }

  /** As {@linkcode RedisLog.read}, without trying again. */
  protected async readOnce(
    after: string,
    options: EventLogReadOptions,
  ): Promise<EventLogBatch> {
    const batch = this.#history.read(after, checkRead(options));
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

  #persist<T>(
    attempt: () => Promise<T>,
    verb: string,
    signal?: AbortSignal,
  ): Promise<T> {
    return persist(attempt, { timeout: this.#timeout, verb, judge, signal });
  }

  #makeAppends(): RedisAppends {
    return new RedisAppends(
      BATCH_BOUNDS,
      (events) =>
        this.#persist(this.#history.prepareWrite(events), "append event"),
    );
  }
}
