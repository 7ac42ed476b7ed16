// Copyright 2026 the Tidings authors. MIT license.

/**
 * Tells followers that their log may have changed: at once after a commit of this
 * connection, and at an interval after one of another connection.
 *
 * @module
 */

import type { ChangeWatcher } from "../_engine/follow_changes.ts";
import { classifyError } from "./error_kinds.ts";
import { orAborted } from "../_engine/retry.ts";

/** The most milliseconds between two looks for the end of a transaction. */
const LONGEST_WAIT = 32;

/** What is asked of a connection. */
interface ChangeSource {
  readonly isInTransaction: boolean;
  get(sql: string): readonly unknown[] | undefined;
}

/** The watchers of all logs that share a connection. */
export class SqliteChanges {
  readonly #connection: ChangeSource;
  readonly #watchers = new Set<SqliteWatcher>();
  /** The logs that have changed, maybe in a transaction that is still open. */
  readonly #changed = new Set<string>();
  /** Whether the noted writes will be told. */
  #isTelling = false;
  /** What `PRAGMA data_version` gave last. */
  #version: unknown;
  /** Looks for changes of other connections while there is a watcher. */
  #pollTimer: ReturnType<typeof setTimeout> | undefined;
  /** The interval of that timer, in milliseconds. */
  #scheduled = Infinity;
  /** Looks for the end of a transaction that lasts. */
  #commitTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(connection: ChangeSource) {
    this.#connection = connection;
  }

  /** Watches a log. `pollInterval` is in milliseconds, or `Infinity` for never. */
  watch(key: string, pollInterval: number): SqliteWatcher {
    const watcher = new SqliteWatcher(key, pollInterval, () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size > 0) return;
      clearTimeout(this.#pollTimer);
      clearTimeout(this.#commitTimer);
      this.#pollTimer = this.#commitTimer = undefined;
      this.#isTelling = false;
      this.#changed.clear();
    });
    this.#watchers.add(watcher);
    // Not always: it would never be due where readers come faster than the interval.
    if (this.#pollTimer === undefined || pollInterval < this.#scheduled) {
      clearTimeout(this.#pollTimer);
      this.#schedulePoll();
    }
    return watcher;
  }

  /** Notes that this connection has written to a log. */
  note(key: string): void {
    if (this.#watchers.size === 0) return;
    this.#changed.add(key);
    if (this.#isTelling) return;
    this.#isTelling = true;
    // Writes that follow each other without a wait are read at once.
    queueMicrotask(() => this.#tellCommitted(1));
  }

  /** Tells of the noted writes once no transaction is open. */
  #tellCommitted(delay: number): void {
    if (!this.#isTelling) return;
    if (this.#isBusy()) {
      const next = Math.min(2 * delay, LONGEST_WAIT);
      this.#commitTimer = setTimeout(() => this.#tellCommitted(next), delay);
      return;
    }
    this.#isTelling = false;
    for (const watcher of this.#watchers) {
      if (this.#changed.has(watcher.key)) watcher.wake();
    }
    this.#changed.clear();
  }

  #schedulePoll(): void {
    let interval = Infinity;
    for (const watcher of this.#watchers) {
      interval = Math.min(interval, watcher.pollInterval);
    }
    this.#scheduled = interval;
    this.#pollTimer = interval === Infinity
      ? undefined
      : setTimeout(() => this.#poll(), interval);
  }

  #poll(): void {
    try {
      if (!this.#connection.isInTransaction) {
        const version = this.#connection.get("PRAGMA data_version")?.[0];
        if (version !== this.#version) {
          this.#version = version;
          for (const watcher of this.#watchers) watcher.wake();
        }
      }
    } catch (error) {
      if (classifyError(error) === "final") {
        for (const watcher of this.#watchers) watcher.fail(error);
      }
    }
    this.#schedulePoll();
  }

  #isBusy(): boolean {
    try {
      return this.#connection.isInTransaction;
    } catch {
      // The read that follows tells what is wrong.
      return false;
    }
  }
}

/** Watches one log for one follower. */
export class SqliteWatcher implements ChangeWatcher {
  readonly key: string;
  readonly pollInterval: number;
  readonly #onCancel: () => void;
  /** Set by a change, cleared by the wait that reports it. */
  #isChanged = false;
  #failure: { error: unknown } | undefined;
  /** Ends the wait under way. */
  #end: () => void = () => {};

  constructor(key: string, pollInterval: number, onCancel: () => void) {
    this.key = key;
    this.pollInterval = pollInterval;
    this.#onCancel = onCancel;
  }

  /** Waits for a change. */
  async next(signal: AbortSignal | undefined): Promise<void> {
    if (!this.#isChanged && this.#failure === undefined) {
      const changed = new Promise<void>((resolve) => this.#end = resolve);
      await orAborted(changed, signal);
    }
    if (this.#failure !== undefined) throw this.#failure.error;
    this.#isChanged = false;
  }

  /** Reports a change. */
  wake(): void {
    this.#isChanged = true;
    this.#end();
  }

  /** Lets the follower fail. */
  fail(error: unknown): void {
    this.#failure = { error };
    this.#end();
  }

  /** Ends the watch. */
  cancel(): void {
    this.#onCancel();
  }
}
