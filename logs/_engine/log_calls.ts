// Copyright 2026 the Tidings authors. MIT license.

/**
 * Reading, rewinding and following, the same for the logs of all engines: checks the
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
import { type ChangeWatcher, followChanges } from "./follow_changes.ts";
import { nameErrors, nameFollowErrors } from "./name_errors.ts";
import { type ErrorKind, retry } from "./retry.ts";

/** What a log reads from its engine, without checks and retries. */
export interface LogReader {
  /** Reads the events after a cursor. */
  read(after: string, bounds: ReadBounds): Promise<EventLogBatch>;
  /** Finds the position `count` events before the end. */
  rewind(count: number): Promise<string>;
}

/** A log whose engine reports changes. */
export interface LogSource<Watcher extends ChangeWatcher = ChangeWatcher>
  extends LogReader {
  /** As {@linkcode LogReader.read}. A follower passes its watcher. */
  read(
    after: string,
    bounds: ReadBounds,
    watcher?: Watcher,
  ): Promise<EventLogBatch>;
  /** As {@linkcode LogReader.rewind}. */
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

/** The calls that read a log. */
export abstract class ReadCalls {
  readonly #reader: LogReader;
  readonly #options: LogCallsOptions;

  constructor(reader: LogReader, options: LogCallsOptions) {
    this.#reader = reader;
    this.#options = options;
  }

  /** Gives the events after a cursor, as `EventLog.read`. */
  async read(
    after: string,
    options: EventLogReadOptions = {},
  ): Promise<EventLogBatch> {
    const bounds = checkReadOptions(options);
    const read = (): Promise<EventLogBatch> => this.#reader.read(after, bounds);
    return await this.retry(read, "read", bounds.signal);
  }

  /** Finds a position before the end, as `EventLog.rewind`. */
  async rewind(count: number, options: EventLogOptions = {}): Promise<string> {
    const signal = checkRewind(count, options);
    const rewind = (): Promise<string> => this.#reader.rewind(count);
    return await this.retry(rewind, "rewind", signal);
  }

  /** Follows the log, as `EventLog.follow`. */
  async follow(
    onBatch: (batch: EventLogBatch) => void,
    options: EventLogFollowOptions = {},
  ): Promise<never> {
    const given = checkFollowOptions(options);
    return await nameFollowErrors(
      this.describe("follow"),
      onBatch,
      (onBatch) => this.followChecked(onBatch, given),
      given.signal,
    );
  }

  /** Follows the log. The options were checked. */
  protected abstract followChecked(
    onBatch: (batch: EventLogBatch) => void,
    options: EventLogFollowOptions,
  ): Promise<never>;

  /** Says what a call does, for errors. */
  describe(task: string): string {
    return `${task} event log ${this.#options.name}`;
  }

  /** Repeats an attempt within the timeout. `task` is for the error. */
  retry<T>(
    attempt: (signal: AbortSignal) => Promise<T>,
    task: string,
    signal?: AbortSignal,
  ): Promise<T> {
    const { timeout, classifyError } = this.#options;
    const verb = this.describe(task);
    const options = { timeout, verb, classifyError, signal };
    return nameErrors(verb, () => retry(attempt, options), signal);
  }

  /** The name of what it is, as the classes of the platform have it. */
  get [Symbol.toStringTag](): string {
    return "EventLog";
  }
}

/** The calls that read or follow a log whose engine reports changes. */
export class LogCalls<Watcher extends ChangeWatcher = ChangeWatcher>
  extends ReadCalls {
  readonly #source: LogSource<Watcher>;
  readonly #retriesFollow: boolean;

  /** @param source Reads from the engine. */
  constructor(source: LogSource<Watcher>, options: LogCallsOptions) {
    super(source, options);
    this.#source = source;
    this.#retriesFollow = options.retriesFollow ?? false;
  }

  protected followChecked(
    onBatch: (batch: EventLogBatch) => void,
    options: EventLogFollowOptions,
  ): Promise<never> {
    const source = this.#source;
    const bounds = checkReadOptions({});
    let watcher: Watcher | undefined;
    const watch = (): Watcher => watcher = source.watch();
    const attempt = <T>(call: () => Promise<T>): Promise<T> =>
      this.#retriesFollow ? this.retry(call, "follow", options.signal) : call();
    const reader = {
      read: (after: string) =>
        attempt(() => source.read(after, bounds, watcher)),
      findEnd: () => attempt(() => source.rewind(0, watcher)),
    };
    return followChanges(reader, watch, onBatch, options);
  }
}
