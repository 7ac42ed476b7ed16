// Copyright 2026 the Tidings authors. MIT license.

/**
 * The tables of all logs in a database, and the channel of `NOTIFY`. The histories read and
 * write the tables, and the connection makes them.
 *
 * @module
 */

/** The version of the tables. A change of their columns needs another number. */
export const SCHEMA_VERSION = 1;

/** The channel of `NOTIFY` on which all logs of a database tell of their events. */
export const NOTIFY_CHANNEL = "tidings";

/**
 * The SQL that makes the tables, version 1: for migrations, with the option `hasTables`. It
 * does nothing where they are there.
 *
 * - `tidings_events` has a row for each event of a `PostgresEventLog`. Its ID is `xid`, the
 *   transaction, a hyphen and `id`. `event` is its fields and topics as JSON. The last 20
 *   bits of `id` are random, so that a server that has lost its last transactions gives no
 *   ID a second time. `write_id` tells whether a write whose answer was lost was done.
 * - `tidings_dropped` has the ID of the last event that each of these logs has dropped.
 * - `tidings_logs` has a row for each name of `PostgresEventLogs`, and `tidings_log_events`
 *   its events, whose IDs are `epoch`, a hyphen and `sequence`. `last` is the number of the
 *   last event, and `version` is another one after each change. `claim_id` is the last claim,
 *   and `lease_end` is `NULL` once that was released. Times are milliseconds since 1970.
 * - `tidings_schema` has the version.
 */
export const POSTGRES_SCHEMA = `CREATE TABLE IF NOT EXISTS tidings_events (
  log text NOT NULL,
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  id bigint NOT NULL CHECK (id > 0),
  time timestamptz NOT NULL DEFAULT clock_timestamp(),
  event text NOT NULL,
  write_id uuid,
  PRIMARY KEY (log, xid, id)
);
CREATE SEQUENCE IF NOT EXISTS tidings_event_ids OWNED BY tidings_events.id;
ALTER TABLE tidings_events ALTER id
  SET DEFAULT nextval('tidings_event_ids') * 1048576 + (random() * 1048575)::bigint;
CREATE UNIQUE INDEX IF NOT EXISTS tidings_events_write
  ON tidings_events (write_id) WHERE write_id IS NOT NULL;
CREATE TABLE IF NOT EXISTS tidings_dropped (
  log text PRIMARY KEY, xid xid8 NOT NULL, id bigint NOT NULL
);
CREATE TABLE IF NOT EXISTS tidings_logs (
  collection text NOT NULL,
  name text NOT NULL,
  version uuid NOT NULL,
  epoch text NOT NULL,
  last bigint NOT NULL,
  claim_id text,
  lease_end bigint,
  expires_at bigint,
  PRIMARY KEY (collection, name)
);
CREATE INDEX IF NOT EXISTS tidings_logs_expiry ON tidings_logs (expires_at)
  WHERE expires_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS tidings_log_events (
  epoch text NOT NULL,
  sequence bigint NOT NULL,
  event text NOT NULL,
  write_id uuid,
  PRIMARY KEY (epoch, sequence)
);
CREATE UNIQUE INDEX IF NOT EXISTS tidings_log_events_write
  ON tidings_log_events (write_id) WHERE write_id IS NOT NULL;
CREATE TABLE IF NOT EXISTS tidings_schema (version integer PRIMARY KEY);
INSERT INTO tidings_schema VALUES (${SCHEMA_VERSION}) ON CONFLICT DO NOTHING;
`;
