// Copyright 2026 the Tidings authors. MIT license.

/**
 * Reading, rewinding and following, the same for all logs in Deno KV and in SQLite: checks
 * the arguments, and repeats calls within a timeout.
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
import { type ChangeWatcher, followChanges } from "./follow_changes.ts";
import { nameErrors, nameFollowErrors } from "./name_errors.ts";
import { type ErrorKind, retry } from "./retry.ts";

/** What a log reads from its engine, without checks and retries. */
export interface LogSource<Watcher extends ChangeWatcher = ChangeWatcher> {
  /** Reads the events after a cursor. For a follower, its watcher is given. */
  read(
    after: string,
    bounds: ReadBounds,
    watcher?: Watcher,
  ): Promise<EventLogBatch>;
  /** Finds the position `count` events before the end, as `read`. */
  rewind(count: number, watcher?: Watcher): Promise<string>;
  /** Watches the log for changes. */
  watch(): Watcher;
}

/** Options of {@linkcode LogCalls}. */
export interface LogCallsOptions {
  /** Milliseconds without an answer after which a call fails. */
  timeout: number;
  /** What errors call the log. */
  name: string;
  /** Classifies the error of an attempt, by the engine's list. */
  classifyError: (error: unknown) => ErrorKind;
  /**
   * Whether following goes on after errors that are transient. Left out, it fails with
   * them, and the caller follows again.
   */
  retriesFollow?: boolean;
}

/** The calls to a log, but for appending. */
export class LogCalls<Watcher extends ChangeWatcher = ChangeWatcher> {
  readonly #source: LogSource<Watcher>;
  readonly #options: LogCallsOptions;

  /** @param source Reads from the engine. */
  constructor(source: LogSource<Watcher>, options: LogCallsOptions) {
    this.#source = source;
    this.#options = options;
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
    const given = checkFollowOptions(options);
    const attempt = <T>(call: () => Promise<T>): Promise<T> =>
      this.#options.retriesFollow
        ? this.retry(call, "follow", given.signal)
        : call();
    let watcher: Watcher | undefined;
    const reader = {
      read: (after: string) =>
        attempt(() => source.read(after, bounds, watcher)),
      findEnd: () => attempt(() => source.rewind(0, watcher)),
    };
    const watch = (): Watcher => watcher = source.watch();
    return await nameFollowErrors(
      `follow event log ${this.#options.name}`,
      onBatch,
      (onBatch) => followChanges(reader, watch, onBatch, given),
      given.signal,
    );
  }

  /** Repeats an attempt within the timeout. `task` is for the error. */
  retry<T>(
    attempt: (signal: AbortSignal) => Promise<T>,
    task: string,
    signal?: AbortSignal,
  ): Promise<T> {
    const { timeout, name, classifyError } = this.#options;
    const verb = `${task} event log ${name}`;
    const options = { timeout, verb, classifyError, signal };
    return nameErrors(verb, () => retry(attempt, options), signal);
  }
}
