// Copyright 2026 the Tidings authors. MIT license.

/**
 * The tables of all logs in a database with their functions, and the channel of `NOTIFY`. The
 * histories read and write the tables, and the connection makes them.
 *
 * @module
 */

/** The version of the tables. A change of their columns needs another number. */
export const SCHEMA_VERSION = 1;

/** The channel of `NOTIFY` on which all logs of a database tell of their events. */
export const NOTIFY_CHANNEL = "tidings";

/**
 * The SQL that makes the tables and functions, version 1: for migrations, with the option
 * `hasTables`. It changes nothing where they are there.
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
 * - `tidings_append` writes the lines of events and gives their IDs. `tidings_read` gives the row
 *   of a cursor, with an empty text for its event, and the events after it. Rows that are held
 *   back have `NULL` for an event, and those from another cluster `-`. PostgreSQL plans what is
 *   in a function once for a connection, and a statement each time. The settings, which hold
 *   within the function, keep a plan that was made while the table was small from reading all.
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
CREATE OR REPLACE FUNCTION tidings_append(
  log text, write_id text, lines text, notify_channel text
) RETURNS text LANGUAGE plpgsql AS $function$
DECLARE cursors text; BEGIN
  IF strpos($3, E'\\n') = 0 THEN
    INSERT INTO tidings_events (log, event, write_id) VALUES ($1, $3, $2::uuid)
    RETURNING concat(xid, '-', id, CASE WHEN $4 <> '' THEN pg_notify($4, $1) END)
    INTO cursors;
  ELSE
    WITH written AS (
      INSERT INTO tidings_events (log, event, write_id)
      SELECT $1, line, CASE WHEN n = 1 THEN $2::uuid END
      FROM unnest(string_to_array($3, E'\\n')) WITH ORDINALITY AS l (line, n)
      RETURNING xid, id
    ) SELECT concat(string_agg(concat(xid, '-', id), ' ' ORDER BY id),
      CASE WHEN $4 <> '' THEN pg_notify($4, $1) END)
    INTO cursors FROM written;
  END IF;
  RETURN cursors;
END $function$;
CREATE OR REPLACE FUNCTION tidings_read(
  log text, xid text, id text, max_events text, max_bytes text
) RETURNS TABLE (cursor text, event text) LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
SET enable_bitmapscan = off SET jit = off AS $function$
#variable_conflict use_column
BEGIN
  RETURN QUERY SELECT found.cursor, found.event FROM (
    SELECT row_number() OVER w AS n, concat(xid, '-', id) AS cursor, event,
      coalesce(sum(octet_length(event)) OVER w - octet_length(event), 0) AS before
    FROM (
      SELECT xid, id, CASE
        WHEN xid < pg_snapshot_xmin(pg_current_snapshot()) THEN CASE
          WHEN xid = $2::xid8 AND id = $3::bigint THEN '' ELSE event END
        WHEN xid >= pg_snapshot_xmax(pg_current_snapshot()) THEN '-' END AS event
      FROM tidings_events
      WHERE log = $1 AND (xid, id) >= ($2::xid8, $3::bigint)
      ORDER BY xid, id LIMIT $4::bigint + 1
    ) AS page WINDOW w AS (ORDER BY xid, id)
  ) AS found WHERE before < greatest($5::float8, 1) ORDER BY n;
END $function$;
`;
