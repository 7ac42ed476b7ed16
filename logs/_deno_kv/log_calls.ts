// Copyright 2026 the Tidings authors. MIT license.

/**
 * Reading, rewinding and following, the same for both kinds of logs in Deno KV: checks the
 * arguments, and repeats calls within a timeout.
 *
 * @module
 */

import type {
  EventLogBatch,
  EventLogFollowOptions,
  EventLogOptions,
  EventLogReadOptions,
} from "../../_log/event_log.ts";
import {
  checkFollowOptions,
  checkReadOptions,
  checkRewind,
  type ReadBounds,
} from "../../_log/option_checks.ts";
import { nameErrors, nameFollowErrors } from "../_engine/name_errors.ts";
import { retry } from "../_engine/retry.ts";
import { followChanges, type KvChangeWatcher } from "./change_watcher.ts";
import { classifyError } from "./error_kinds.ts";

/** What a log reads from Deno KV, without checks and retries. */
export interface KvLogSource {
  /** Reads the events after a cursor. */
  read(after: string, bounds: ReadBounds): Promise<EventLogBatch>;
  /** Finds the position `count` events before the end. */
  rewind(count: number): Promise<string>;
  /** Watches the log for changes. */
  watch(): KvChangeWatcher;
}

/** The calls to a log in Deno KV, but for appending. */
export class KvLogCalls {
  readonly #source: KvLogSource;
  readonly #timeout: number;
  readonly #name: string;

  /**
   * @param source Reads from Deno KV.
   * @param timeout Milliseconds without an answer after which a call fails.
   * @param name What errors call the log.
   */
  constructor(source: KvLogSource, timeout: number, name: string) {
    this.#source = source;
    this.#timeout = timeout;
    this.#name = name;
  }

  /** Gives the events after a cursor, as `EventLog.read`. */
  async read(
    after: string,
    options: EventLogReadOptions = {},
  ): Promise<EventLogBatch> {
    const bounds = checkReadOptions(options);
    const read = (): Promise<EventLogBatch> => this.#source.read(after, bounds);
    return await this.retry(read, "read", bounds.signal);
  }

  /** Finds a position before the end, as `EventLog.rewind`. */
  async rewind(count: number, options: EventLogOptions = {}): Promise<string> {
    const signal = checkRewind(count, options);
    const rewind = (): Promise<string> => this.#source.rewind(count);
    return await this.retry(rewind, "rewind", signal);
  }

  /** Follows the log, as `EventLog.follow`. */
  async follow(
    onBatch: (batch: EventLogBatch) => void,
    options: EventLogFollowOptions = {},
  ): Promise<never> {
    const source = this.#source;
    const bounds = checkReadOptions({});
    const reader = {
      read: (after: string) => source.read(after, bounds),
      findEnd: () => source.rewind(0),
    };
    const given = checkFollowOptions(options);
    return await nameFollowErrors(
      `follow event log ${this.#name}`,
      onBatch,
      (onBatch) => followChanges(reader, () => source.watch(), onBatch, given),
      given.signal,
    );
  }

  /** Repeats an attempt within the timeout. `task` is for the error. */
  retry<T>(
    attempt: (signal: AbortSignal) => Promise<T>,
    task: string,
    signal?: AbortSignal,
  ): Promise<T> {
    const timeout = this.#timeout;
    const verb = `${task} event log ${this.#name}`;
    const options = { timeout, verb, classifyError, signal };
    return nameErrors(verb, () => retry(attempt, options), signal);
  }
}
