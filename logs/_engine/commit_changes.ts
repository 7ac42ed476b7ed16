// Copyright 2026 the Tidings authors. MIT license.

/**
 * Tells followers of logs in a database of this machine that their log may have changed: at
 * once after a commit of this connection, and at an interval after one of another connection.
 *
 * @module
 */

import type { ErrorKind } from "./retry.ts";
import { WakeWatcher } from "./wake_watcher.ts";

/** The most milliseconds between two looks for the end of a transaction. */
const LONGEST_WAIT = 32;

/** The part of a connection that is used here. */
export interface CommitSource {
  /** Whether a transaction is open. */
  readonly isInTransaction: boolean;
  /** Gives what changes with each commit of another connection. */
  readVersion(): unknown;
}

/** The watchers of all logs that share a connection. */
export class CommitChanges {
  readonly #connection: CommitSource;
  readonly #classifyError: (error: unknown) => ErrorKind;
  /** The watchers, and the intervals at which they look for changes, in milliseconds. */
  readonly #watchers = new Map<WakeWatcher, number>();
  /** The logs that have changed, maybe in a transaction that is still open. */
  readonly #changed = new Set<string>();
  #version: unknown;
  /** Looks for changes of other connections while there is a watcher. */
  #pollTimer: ReturnType<typeof setTimeout> | undefined;
  /** The interval of that timer, in milliseconds. */
  #interval = Infinity;
  /** Looks for the end of a transaction that is still open. */
  #commitTimer: ReturnType<typeof setTimeout> | undefined;

  /** @param classifyError Tells which errors end the followers. */
  constructor(
    connection: CommitSource,
    classifyError: (error: unknown) => ErrorKind,
  ) {
    this.#connection = connection;
    this.#classifyError = classifyError;
  }

  /** Watches a log. `pollInterval` is in milliseconds, or `Infinity` for never. */
  watch(key: string, pollInterval: number): WakeWatcher {
    const end = (): void => this.#end(watcher);
    const watcher: WakeWatcher = new WakeWatcher(end, { key });
    this.#watchers.set(watcher, pollInterval);
    // Not always: it would never be due where readers come faster than the interval.
    if (this.#pollTimer === undefined || pollInterval < this.#interval) {
      clearTimeout(this.#pollTimer);
      this.#schedulePoll();
    }
    return watcher;
  }

  /** Notes that this connection has written to a log. */
  note(key: string): void {
    if (this.#watchers.size === 0) return;
    // Writes that follow each other without a wait are read at once.
    if (this.#changed.size === 0) queueMicrotask(() => this.#tellCommitted(1));
    this.#changed.add(key);
  }

  #end(watcher: WakeWatcher): void {
    this.#watchers.delete(watcher);
    if (this.#watchers.size > 0) return;
    clearTimeout(this.#pollTimer);
    clearTimeout(this.#commitTimer);
    this.#pollTimer = undefined;
    this.#changed.clear();
  }

  /** Tells of the noted writes once no transaction is open. */
  #tellCommitted(delay: number): void {
    if (this.#changed.size > 0 && this.#isBusy()) {
      const next = Math.min(2 * delay, LONGEST_WAIT);
      clearTimeout(this.#commitTimer);
      this.#commitTimer = setTimeout(() => this.#tellCommitted(next), delay);
      return;
    }
    for (const watcher of this.#watchers.keys()) {
      if (this.#changed.has(watcher.key)) watcher.wake();
    }
    this.#changed.clear();
  }

  #schedulePoll(): void {
    this.#interval = Math.min(...this.#watchers.values());
    this.#pollTimer = this.#interval === Infinity
      ? undefined
      : setTimeout(() => this.#poll(), this.#interval);
  }

  #poll(): void {
    try {
      const version = this.#connection.isInTransaction
        ? this.#version
        : this.#connection.readVersion();
      if (version !== this.#version) {
        for (const watcher of this.#watchers.keys()) watcher.wake();
      }
      this.#version = version;
    } catch (error) {
      if (this.#classifyError(error) === "final") {
        for (const watcher of this.#watchers.keys()) watcher.fail(error);
      }
    }
    this.#schedulePoll();
  }

  #isBusy(): boolean {
    try {
      return this.#connection.isInTransaction;
    } catch {
      // The connection fails. Followers read next, and get the error.
      return false;
    }
  }
}
