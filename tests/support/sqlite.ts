// Copyright 2026 the Tidings authors. MIT license.

/**
 * Opens SQLite databases for tests, with what the runtime has: `bun:sqlite`, `node:sqlite`,
 * or the `better-sqlite3` in the folder that the environment variable `BETTER_SQLITE3`
 * names, such as `node_modules/better-sqlite3`.
 */

import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import process from "node:process";
import type { SqliteDatabase } from "../../logs/sqlite.ts";
import type { BeginTransaction } from "../../testing/mod.ts";

/** A database that ends with its test. */
export interface TestDatabase extends SqliteDatabase {
  close(): void;
}

interface OpenOptions {
  readOnly?: boolean;
}

type OpenDatabase = (path: string, options: OpenOptions) => TestDatabase;
type Driver = new (path: string, options?: object) => TestDatabase;

// Not literals where they are imported: a bundler would look for them.
const BUN_SQLITE: string = "bun:sqlite";
const NODE_SQLITE: string = "node:sqlite";

const open: OpenDatabase | undefined = await findDriver();

/** Whether there is SQLite: Node 20 has none. */
export const hasSqlite: boolean = open !== undefined;

/** Opens a database, which does not wait for the disk. */
export function openDatabase(
  path: string,
  options: OpenOptions = {},
): TestDatabase {
  if (open === undefined) throw new Error("There is no SQLite");
  const db = open(path, options);
  db.exec("PRAGMA synchronous = OFF");
  return db;
}

/** Begins the transactions of the public cases. */
export function makeBegin(db: SqliteDatabase): BeginTransaction {
  return () => {
    db.exec("BEGIN");
    return {
      commit: () => void db.exec("COMMIT"),
      rollback: () => void db.exec("ROLLBACK"),
    };
  };
}

async function findDriver(): Promise<OpenDatabase | undefined> {
  const folder = process.env.BETTER_SQLITE3;
  if (folder !== undefined) {
    const Database: Driver = createRequire(import.meta.url)(folder);
    return (path, { readOnly = false }) =>
      new Database(path, { readonly: readOnly });
  }
  if ("Bun" in globalThis) {
    const Database = (await import(BUN_SQLITE)).Database as Driver;
    return (path, { readOnly = false }) =>
      readOnly ? new Database(path, { readonly: true }) : new Database(path);
  }
  try {
    const { DatabaseSync } = await import(NODE_SQLITE);
    return (path, options) => new (DatabaseSync as Driver)(path, options);
  } catch {
    return undefined;
  }
}

/** A file for a database, and what deletes it with all that belongs to it. */
export interface DatabaseFile extends AsyncDisposable {
  readonly path: string;
}

/** Makes a folder for the file of a database. */
export async function makeDatabaseFile(): Promise<DatabaseFile> {
  const directory = await mkdtemp(`${tmpdir()}/tidings-`);
  return {
    path: `${directory}/events.db`,
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true }),
  };
}
