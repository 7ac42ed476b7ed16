// Copyright 2026 the Tidings authors. MIT license.

/**
 * Tells followers that their log may have changed: at once after a commit of this
 * connection, and at an interval after one of another connection.
 *
 * @module
 */

import { WakeWatcher } from "../_engine/wake_watcher.ts";
import { classifyError } from "./error_kinds.ts";

/** The most milliseconds between two looks for the end of a transaction. */
const LONGEST_WAIT = 32;

/** The part of a connection that is used here. */
interface ChangeSource {
  readonly isInTransaction: boolean;
  /** Gives what changes with each commit of another connection. */
  readVersion(): unknown;
}

/** What a watcher watches. */
interface Watched {
  readonly key: string;
  /** Milliseconds, or `Infinity`. */
  readonly pollInterval: number;
}

/** The watchers of all logs that share a connection. */
export class SqliteChanges {
  readonly #connection: ChangeSource;
  readonly #watchers = new Map<WakeWatcher, Watched>();
  /** The logs that have changed, maybe in a transaction that is still open. */
  readonly #changed = new Set<string>();
  /** Whether the noted writes will be told. */
  #isTelling = false;
  #version: unknown;
  /** Looks for changes of other connections while there is a watcher. */
  #pollTimer: ReturnType<typeof setTimeout> | undefined;
  /** The interval of that timer, in milliseconds. */
  #scheduled = Infinity;
  /** Looks for the end of a transaction that is still open. */
  #commitTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(connection: ChangeSource) {
    this.#connection = connection;
  }

  /** Watches a log. `pollInterval` is in milliseconds, or `Infinity` for never. */
  watch(key: string, pollInterval: number): WakeWatcher {
    const watcher: WakeWatcher = new WakeWatcher(() => this.#end(watcher));
    this.#watchers.set(watcher, { key, pollInterval });
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

  #end(watcher: WakeWatcher): void {
    this.#watchers.delete(watcher);
    if (this.#watchers.size > 0) return;
    clearTimeout(this.#pollTimer);
    clearTimeout(this.#commitTimer);
    this.#pollTimer = this.#commitTimer = undefined;
    this.#isTelling = false;
    this.#changed.clear();
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
    for (const [watcher, { key }] of this.#watchers) {
      if (this.#changed.has(key)) watcher.wake();
    }
    this.#changed.clear();
  }

  #schedulePoll(): void {
    const intervals = [...this.#watchers.values()]
      .map(({ pollInterval }) => pollInterval);
    this.#scheduled = Math.min(...intervals);
    this.#pollTimer = this.#scheduled === Infinity
      ? undefined
      : setTimeout(() => this.#poll(), this.#scheduled);
  }

  #poll(): void {
    try {
      if (!this.#connection.isInTransaction) {
        const version = this.#connection.readVersion();
        if (version !== this.#version) {
          this.#version = version;
          for (const watcher of this.#watchers.keys()) watcher.wake();
        }
      }
    } catch (error) {
      if (classifyError(error) === "final") {
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
