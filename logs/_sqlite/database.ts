// Copyright 2026 the Tidings authors. MIT license.

/**
 * The part of a SQLite client that logs use, as an interface of our own: the databases of
 * `node:sqlite`, `better-sqlite3` and `bun:sqlite` implement it.
 *
 * @module
 */

/** A value that a statement takes. */
export type SqliteValue = string | number | null;

/** A prepared statement. */
export interface SqliteStatement {
  /** Runs a statement that gives no rows. */
  run(...values: SqliteValue[]): unknown;
  /** Gives the first row; nothing, or `null`, if there is none. */
  get(...values: SqliteValue[]): unknown;
  /** Gives all rows. */
  all(...values: SqliteValue[]): unknown[];
  /** Gives rows as arrays from now on, which `node:sqlite` can do. */
  setReturnArrays?(enabled: boolean): void;
}

/**
 * An open database: a `DatabaseSync` of `node:sqlite`, or a `Database` of `better-sqlite3`
 * or `bun:sqlite`.
 */
export interface SqliteDatabase {
  /** Runs statements that give no rows. */
  exec(sql: string): unknown;
  /** Prepares a statement. */
  prepare(sql: string): SqliteStatement;
  /** Whether a transaction is open, as `node:sqlite` calls it. */
  readonly isTransaction?: boolean;
  /** Whether a transaction is open, as `better-sqlite3` and `bun:sqlite` call it. */
  readonly inTransaction?: boolean;
}
