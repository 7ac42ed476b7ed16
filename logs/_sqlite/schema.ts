// Copyright 2026 the Tidings authors. MIT license.

/**
 * The tables of all logs in a database.
 *
 * @module
 */

/** The version of the tables. Another layout would have another number. */
export const SCHEMA_VERSION = 1;

/**
 * The SQL that makes the tables, version 1: for migrations, with the option `hasTables`. It
 * does nothing where they are there.
 *
 * - `tidings_logs` has a row for each log. `name` is empty for a `SqliteEventLog`. `last` is
 *   the number of its last event; times are milliseconds since 1970. `claim_id` is the last
 *   claim, and `lease_end` is `NULL` once that was released.
 * - `tidings_events` has a row for each event: its ID is `epoch`, a hyphen and `sequence`, and
 *   `event` is its fields, its topics and its conflation key as JSON.
 * - `tidings_schema` has the version.
 */
export const SQLITE_SCHEMA = `CREATE TABLE IF NOT EXISTS tidings_logs (
  collection TEXT NOT NULL,
  name TEXT NOT NULL,
  epoch TEXT NOT NULL,
  last INTEGER NOT NULL,
  claim_id TEXT,
  lease_end INTEGER,
  expires_at INTEGER,
  PRIMARY KEY (collection, name)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tidings_logs_expiry ON tidings_logs (expires_at)
  WHERE expires_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS tidings_events (
  epoch TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  time INTEGER NOT NULL,
  event TEXT NOT NULL,
  PRIMARY KEY (epoch, sequence)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tidings_schema (version INTEGER PRIMARY KEY);
INSERT OR IGNORE INTO tidings_schema VALUES (${SCHEMA_VERSION});
`;
