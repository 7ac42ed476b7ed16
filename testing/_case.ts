// Copyright 2026 the Tidings authors. MIT license.

/**
 * What a case is, and what it is given.
 *
 * @module
 */

import type { EventLog, EventLogAppendOptions, EventLogs } from "../log.ts";

/** A case of a suite: a test for any test runner. */
export interface ConformanceCase {
  /** What must hold. It is the same from release to release, as far as it can be. */
  name: string;
  /** Runs the case. It rejects if what the name says does not hold. */
  run: () => Promise<void>;
}

/** An empty log for one case. */
export interface EventLogFixture {
  /** The log. */
  log: EventLog;
  /** Begins a transaction of the application, for the option `transactions`. */
  begin?: BeginTransaction | undefined;
  /** Is called when the case is over. */
  close?: (() => Promise<void> | void) | undefined;
}

/** A transaction of the application, open until one of the methods is called. */
export interface EventLogTransaction {
  /**
   * Options for `append()` that make an event part of the transaction. Left out, an event is
   * part of the transaction that is open on the connection of the log.
   */
  options?: EventLogAppendOptions | undefined;
  /** Commits it. */
  commit: () => Promise<void> | void;
  /** Rolls it back. */
  rollback: () => Promise<void> | void;
}

/** Begins a transaction. A case has one at a time. */
export type BeginTransaction = () =>
  | Promise<EventLogTransaction>
  | EventLogTransaction;

/** What a log is opened with. */
export interface EventLogFixtureOptions {
  /** How many events must be kept. One that is 500 events older must be gone. */
  maxEvents: number;
}

/** Options of `eventLogCases` and `eventLogsCases`. */
export interface EventLogCasesOptions {
  /**
   * Whether the log resumes by the application's own IDs; it must refuse them otherwise.
   * Left out, neither is tested.
   */
  ownIds?: boolean | undefined;
  /**
   * Whether old events leave the log.
   *
   * @default {true}
   */
  retention?: boolean | undefined;
  /**
   * Whether the log has to keep conflation keys. Otherwise it may drop a key, but must not
   * give it to another event.
   *
   * @default {false}
   */
  conflationKeys?: boolean | undefined;
  /**
   * Whether the log has to keep `disconnect`, which marks the entries that end streams.
   * Otherwise it may drop the mark, but must not give it to another entry.
   *
   * @default {false}
   */
  disconnects?: boolean | undefined;
  /**
   * Makes a cursor after the end, as of events that were lost, from the one of the end.
   * Left out, what the log does with it is not tested.
   */
  makeCursorAfter?: ((end: string) => string) | undefined;
  /**
   * Whether appends can be part of a transaction of the application. Every fixture must then
   * have `begin`.
   *
   * @default {false}
   */
  transactions?: boolean | undefined;
}

/** Opens an empty log, which the case closes. */
export type OpenEventLog = (
  options: EventLogFixtureOptions,
) => Promise<EventLogFixture> | EventLogFixture;

/** Empty logs for one case. */
export interface EventLogsFixture {
  /** The logs. */
  logs: EventLogs;
  /** The same logs, as another process has them. Left out, they are `logs`. */
  other?: EventLogs | undefined;
  /**
   * Begins a transaction of the application, with which `logs` can write, for the option
   * `transactions`.
   */
  begin?: BeginTransaction | undefined;
  /**
   * How many entries of any kind the engine has. Left out, it is not tested that an
   * expired name leaves none.
   */
  countEntries?: (() => Promise<number> | number) | undefined;
  /** Deletes the last event of a name behind the back of the logs, if that can be done. */
  deleteLast?: ((name: string) => Promise<void>) | undefined;
  /**
   * Whether a reader after the end of what is claimed waits there without a gap, for what
   * the engine has lost and the claim writes again with the same IDs. Left out, it goes
   * on at the end as it is, with a gap.
   */
  waitsForHolder?: boolean | undefined;
  /** Is called when the case is over. */
  close?: (() => Promise<void> | void) | undefined;
}

/** Opens logs in an empty engine, which the case closes. */
export type OpenEventLogs = () => Promise<EventLogsFixture> | EventLogsFixture;

/** Declares one test, with a log that keeps as many events as it says. */
export type DeclareCase = (
  behaviour: string,
  fn: (log: EventLog, begin: BeginTransaction) => Promise<void>,
  maxEvents?: number,
) => void;
