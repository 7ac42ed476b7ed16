// Copyright 2026 the Tidings authors. MIT license.

/**
 * The options that `SqliteEventLog` and `SqliteEventLogs` share.
 *
 * @module
 */

import { assertLogName } from "../../_log/event_logs.ts";
import type { OptionKinds } from "../../_options.ts";
import { describeMismatch } from "../../_validate.ts";
import type { LogCallsOptions } from "../_engine/log_calls.ts";
import { fillWaits } from "../_engine/wait_options.ts";
import {
  connectionOf,
  type PrepareOptions,
  type SqliteConnection,
} from "./connection.ts";
import type { SqliteDatabase } from "./database.ts";
import { classifyError } from "./error_kinds.ts";

/** Options for {@linkcode SqliteEventLogs}, and for each log. */
export interface SqliteEventLogsOptions {
  /**
   * Milliseconds after which a follower looks whether another process or connection has
   * written to the database: 1 to 2 147 483 647, or `Infinity` for never. It reads
   * `PRAGMA data_version`, which costs a few microseconds. What is written over its own
   * connection, it gets at once.
   *
   * @default {50}
   */
  pollInterval?: number | undefined;
  /**
   * Milliseconds after which a call fails that waits for a lock, or for the end of a
   * transaction: 1 to 2 147 483 647.
   *
   * @default {10_000}
   */
  timeout?: number | undefined;
  /**
   * Whether to switch the database to WAL, in which readers and writers do not block each
   * other. Left out, its journal mode stays as it is, and a warning is given once if that
   * is a rollback journal; `false` gives none.
   *
   * @default {undefined}
   */
  wal?: boolean | undefined;
  /**
   * Whether the application makes the tables, in a migration with
   * {@linkcode SQLITE_SCHEMA}. By default, the first use makes them.
   *
   * @default {false}
   */
  hasTables?: boolean | undefined;
}

/** The kinds of these options. */
export const SHARED_OPTIONS: OptionKinds<SqliteEventLogsOptions> = {
  pollInterval: "any",
  timeout: "any",
  wal: "a boolean",
  hasTables: "a boolean",
};

/** The connection, and the options with the defaults filled in. */
export interface SqliteSetup
  extends PrepareOptions, Omit<LogCallsOptions, "name"> {
  readonly connection: SqliteConnection;
  /** The name of the log, or of the logs. */
  readonly collection: string;
  readonly pollInterval: number;
}

/**
 * Checks the arguments that both classes share, and throws as their constructors say.
 *
 * @param verb What fails otherwise.
 * @param parameter What the name of the log, or of the logs, is called.
 */
export function checkSetup(
  verb: string,
  db: SqliteDatabase,
  parameter: string,
  collection: string,
  options: SqliteEventLogsOptions,
): SqliteSetup {
  const { wal, hasTables = false } = options;
  const waits = fillWaits(verb, options, 50);
  assertLogName(verb, collection, Infinity, parameter);
  if (typeof db?.exec !== "function" || typeof db.prepare !== "function") {
    const expected = "an open database with exec() and prepare()";
    throw new TypeError(describeMismatch(verb, "db", expected, db));
  }
  const connection = connectionOf(db);
  return { ...waits, connection, collection, wal, hasTables, classifyError };
}
