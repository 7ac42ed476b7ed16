// Copyright 2026 the Tidings authors. MIT license.

/**
 * One open database, for all logs that share it: runs statements, and knows whether the
 * application has a transaction open.
 *
 * @module
 */

import { quote } from "../../_validate.ts";
import { messageOf, warn } from "../../_warning.ts";
import { CommitChanges } from "../_engine/commit_changes.ts";
import { onceEach } from "../_engine/once_each.ts";
import { OpenFile } from "../_engine/open_file.ts";
import { SchemaError } from "../_engine/schema_error.ts";
import type {
  SqliteDatabase,
  SqliteStatement,
  SqliteValue,
} from "./database.ts";
import { classifyError } from "./error_kinds.ts";
import { SCHEMA_VERSION, SQLITE_SCHEMA } from "./schema.ts";

/** The columns of a row, in the order of the statement. */
export type Row = readonly unknown[];

/** How a log prepares the database. */
export interface PrepareOptions {
  /** Whether the application makes the tables. */
  readonly hasTables: boolean;
  /** Whether to switch to WAL; `undefined` warns where it is off. */
  readonly wal: boolean | undefined;
}

const NESTED_REGEXP = /\bwithin a transaction\b/;
/** Modes in which a reader blocks writers. A database in memory has another. */
const ROLLBACK_MODES = ["delete", "truncate", "persist"];

/** A database that logs share. */
export class SqliteConnection {
  /** Tells followers of changes. */
  readonly changes: CommitChanges = new CommitChanges(this, classifyError);
  /** When expired logs were removed last, in milliseconds of the wall clock. */
  sweptAt = 0;
  readonly #db: SqliteDatabase;
  readonly #statements = new Map<string, SqliteStatement>();
  /** The file and its log of writes, which a database in memory has not. */
  #files: readonly OpenFile[] | undefined;
  /** Whether the files were looked at since the last microtask. */
  #areChecked = false;
  /** Whether the tables are there, and no rollback can undo that. */
  #isPrepared = false;
  #hasMode = false;

  constructor(db: SqliteDatabase) {
    this.#db = db;
  }

  /** Whether a transaction is open. */
  get isInTransaction(): boolean {
    const db = this.#db;
    const known = db.isTransaction ?? db.inTransaction;
    if (typeof known === "boolean") return known;
    try {
      // It takes no lock.
      db.exec("BEGIN");
    } catch (error) {
      if (NESTED_REGEXP.test(messageOf(error))) return true;
      throw error;
    }
    db.exec("ROLLBACK");
    return false;
  }

  /** Runs a statement that gives no rows. */
  run(sql: string, ...values: SqliteValue[]): void {
    this.#prepare(sql).run(...values);
  }

  /** Gives the first row of a statement. */
  get(sql: string, ...values: SqliteValue[]): Row | undefined {
    const row = this.#prepare(sql).get(...values);
    return row === undefined || row === null ? undefined : toColumns(row);
  }

  /** Gives all rows of a statement. */
  all(sql: string, ...values: SqliteValue[]): Row[] {
    return this.#prepare(sql).all(...values).map(toColumns);
  }

  /**
   * Gives what changes with each commit of another connection.
   *
   * @throws {Error} If the file is gone.
   */
  readVersion(): unknown {
    this.#checkFiles();
    return this.get("PRAGMA data_version")?.[0];
  }

  /** Runs statements in a transaction of their own. */
  transact<T>(write: () => T): T {
    this.run("BEGIN IMMEDIATE");
    return this.#finish(write, "COMMIT", "ROLLBACK");
  }

  /** Runs statements together or not at all, within the transaction that is open. */
  atomically<T>(write: () => T): T {
    this.run("SAVEPOINT tidings");
    const undo = "ROLLBACK TO tidings; RELEASE tidings";
    return this.#finish(write, "RELEASE tidings", undo);
  }

  /**
   * Makes the tables if they are not there, and sees to the journal mode. Called before each
   * use of the tables.
   *
   * @throws {Error} If the tables are not there and the application makes them, they are
   * of another version, or the file is gone.
   */
  prepareTables({ wal, hasTables }: PrepareOptions): void {
    this.#checkFiles();
    if (this.#isPrepared) return;
    const isInTransaction = this.isInTransaction;
    if (!this.#hasMode && !isInTransaction) {
      this.#prepareMode(wal);
      this.#hasMode = true;
    }
    if (this.#readSchemaVersion() === undefined && !hasTables) {
      const makeTables = (): unknown => this.#db.exec(SQLITE_SCHEMA);
      if (isInTransaction) makeTables();
      else this.transact(makeTables);
    }
    const version = this.#readSchemaVersion();
    if (version !== SCHEMA_VERSION) {
      throw new SchemaError("SQLITE_SCHEMA", SCHEMA_VERSION, version);
    }
    this.#isPrepared = this.#hasMode && !isInTransaction;
  }

  #finish<T>(write: () => T, commit: string, undo: string): T {
    try {
      const result = write();
      this.run(commit);
      return result;
    } catch (error) {
      try {
        this.#db.exec(undo);
      } catch {
        // SQLite may have rolled back by itself, as when the disk is full.
      }
      throw error;
    }
  }

  #readSchemaVersion(): number | undefined {
    const name = "SELECT 1 FROM sqlite_master WHERE name = 'tidings_schema'";
    if (this.get(name) === undefined) return undefined;
    const row = this.get("SELECT max(version) FROM tidings_schema");
    return Number(row?.[0]);
  }

  get #journalMode(): string {
    return String(this.get("PRAGMA journal_mode")?.[0]);
  }

  #prepareMode(wal: boolean | undefined): void {
    if (wal === false || !ROLLBACK_MODES.includes(this.#journalMode)) return;
    if (wal) this.get("PRAGMA journal_mode = WAL");
    const mode = this.#journalMode;
    if (mode === "wal") return;
    const expected = 'expected journal mode "wal", which the option "wal" sets';
    warn(
      "TIDINGS_LOG",
      "Readers and writers of a SQLite database block each other",
      new Error(`${expected}, got ${quote(mode)}`),
    );
  }

  /**
   * Looks at the files, once for all calls before the next microtask: measured, the appends
   * of a transaction would take a third longer otherwise.
   */
  #checkFiles(): void {
    if (this.#areChecked) return;
    const [file, wal] = this.#files ??= this.#openFiles();
    file?.check();
    // The application may have switched to another mode, which removes it.
    wal?.check(() => this.#journalMode === "wal");
    this.#areChecked = true;
    queueMicrotask(() => this.#areChecked = false);
  }

  #openFiles(): readonly OpenFile[] {
    const databases = this.all("PRAGMA database_list");
    const path = databases.find(([, name]) => name === "main")?.[2];
    if (typeof path !== "string" || path === "") return [];
    return [new OpenFile(path), new OpenFile(`${path}-wal`)];
  }

  #prepare(sql: string): SqliteStatement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql);
      // Measured, making an object of a row takes as long as finding the row.
      statement.setReturnArrays?.(true);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/** Gives the connection of a database, always the same one. */
export const connectionOf: (db: SqliteDatabase) => SqliteConnection = onceEach(
  (db) => new SqliteConnection(db),
);

function toColumns(row: unknown): Row {
  return Array.isArray(row) ? row : Object.values(row as object);
}
