// Copyright 2026 the Tidings authors. MIT license.

/**
 * A log by name in the tables, for `VersionedLog`. Its row numbers its events, and gets another
 * version with each change, so that no other transaction holds its events back.
 *
 * @module
 */

import type { ReadBounds } from "../../_log/option_checks.ts";
import { escapeName } from "../_engine/escape_name.ts";
import type { HeldWatcher } from "../_engine/notified_changes.ts";
import {
  readColumns,
  STATE_COLUMNS,
  toColumns,
} from "../_engine/state_columns.ts";
import type {
  ReadPage,
  VersionedChange,
  VersionedSource,
} from "../_engine/versioned_log.ts";
import { readReply, readText, toBound } from "./connection.ts";
import { isWrittenAlready } from "./error_kinds.ts";
import type { PostgresSetup } from "./options.ts";
import { NOTIFY_CHANNEL } from "./schema.ts";

/** Milliseconds between two removals of expired logs, and how much one of them takes. */
const SWEEP_INTERVAL = 1000;
const SWEEP_LOGS = 100;
const SWEEP_EVENTS = 20_000;

/** The clock of the database, so that a lease ends at the same time for all processes. */
const NOW = "floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint";

/** Events from a sequence on, if the log is still of an epoch, or from the oldest. */
const READ = `WITH log AS (
  SELECT l.*, ${NOW} AS now FROM (SELECT 1) AS one LEFT JOIN tidings_logs AS l
    ON l.collection = $1::text AND l.name = $2::text
), first AS (
  SELECT e.sequence FROM tidings_log_events AS e
  WHERE e.epoch = (SELECT epoch FROM log WHERE coalesce(expires_at > now, true))
    AND e.sequence > (SELECT CASE WHEN $4::text IS NULL THEN last - 1
      WHEN epoch = $3::text THEN $4::text::bigint ELSE 0 END FROM log)
  ORDER BY e.sequence LIMIT 1
), page AS (
  SELECT e.sequence, e.event, sum(octet_length(e.event)) OVER (ORDER BY e.sequence)
    - octet_length(e.event) AS before FROM tidings_log_events AS e
  WHERE e.epoch = (SELECT epoch FROM log)
    AND e.sequence BETWEEN (SELECT sequence FROM first) AND
      (SELECT least(last, sequence + $5::text::bigint - 1) FROM log, first)
)
SELECT sequence::text AS cursor, event FROM (
  SELECT 0 AS sequence, json_build_array(now, version, ${STATE_COLUMNS})::text AS event
  FROM log UNION ALL SELECT sequence, event FROM page
  WHERE before < greatest($6::text::float8, 1)
) AS reply ORDER BY sequence`;

const CREATE = `INSERT INTO tidings_logs AS l (collection, name, version,
    ${STATE_COLUMNS})
  VALUES ($1::text, $2::text, $3::text::uuid, $4::text, $5::text::bigint,
    $6::text, $7::text::bigint, $8::text::bigint)
  ON CONFLICT DO NOTHING RETURNING *
)`;
const UPDATE = `UPDATE tidings_logs AS l SET version = $3::text::uuid,
    epoch = $4::text, last = $5::text::bigint, claim_id = $6::text,
    lease_end = $7::text::bigint, expires_at = $8::text::bigint
  WHERE collection = $1::text AND name = $2::text
    AND version = $11::text::uuid RETURNING *
), gone AS (
  DELETE FROM tidings_log_events AS e USING changed
  WHERE e.epoch = $12::text AND changed.epoch <> $12::text
)`;
const WRITE = `, written AS (
  INSERT INTO tidings_log_events (epoch, sequence, event, write_id)
  SELECT epoch, last - cardinality(lines) + n, lines[n],
    CASE WHEN n = 1 THEN $10::text::uuid END
  FROM changed, string_to_array($9::text, E'\\n') AS lines,
    generate_series(1, cardinality(lines)) AS n
)
SELECT (${NOW})::text AS now`;
const NOTIFY = `,
  pg_notify('${NOTIFY_CHANNEL}', $1::text || '/' || $2::text)::text AS notified`;

const FIND_WRITE = `SELECT epoch || '-' || sequence AS cursor
FROM tidings_log_events WHERE write_id = $1::text::uuid`;

const SWEEP = `WITH expired AS (
  SELECT ctid AS row, last FROM tidings_logs WHERE expires_at <= (SELECT ${NOW})
  ORDER BY expires_at LIMIT ${SWEEP_LOGS} FOR UPDATE SKIP LOCKED
), gone AS (
  DELETE FROM tidings_logs USING (SELECT row,
    sum(last) OVER (ROWS UNBOUNDED PRECEDING) - last AS before FROM expired) AS e
  WHERE ctid = row AND before < ${SWEEP_EVENTS} RETURNING epoch
) DELETE FROM tidings_log_events WHERE epoch = ANY (ARRAY(SELECT epoch FROM gone))`;

/** One log in the tables. */
export class NamedHistory implements VersionedSource<HeldWatcher> {
  readonly isWrittenAlready = isWrittenAlready;
  readonly #setup: PostgresSetup;
  readonly #names: readonly [collection: string, name: string];

  constructor(setup: PostgresSetup, name: string) {
    this.#setup = setup;
    this.#names = [escapeName(setup.collection), escapeName(name)];
  }

  async readPage(
    { limit, maxBytes }: ReadBounds,
    epoch = "",
    sequence?: number,
  ): Promise<ReadPage> {
    const reply = await this.#setup.query(READ, [
      ...this.#names,
      epoch,
      sequence === undefined ? null : String(sequence),
      toBound(limit),
      String(maxBytes),
    ]);
    type State = [now: number, version: string | null, ...columns: unknown[]];
    const { state, rows } = readReply<State>(reply);
    const [now, version, ...columns] = state;
    return {
      // There is no row if the version is `null`.
      stored: version === null
        ? undefined
        : { ...readColumns(columns), version },
      now,
      rows: rows.map((row) => [
        Number(readText(row, "cursor")),
        readText(row, "event"),
      ]),
    };
  }

  async write(
    { stored, next, lines, writeId }: VersionedChange,
  ): Promise<number | undefined> {
    const change = stored === undefined ? CREATE : UPDATE;
    // Followers have nothing to read after a renewal.
    const isSeen = lines.length > 0 || stored?.epoch !== next.epoch;
    const notify = isSeen && this.#setup.notify ? NOTIFY : "";
    const sql = `WITH changed AS (${change}${WRITE}${notify} FROM changed`;
    const [row] = await this.#setup.query(sql, [
      ...this.#names,
      next.version,
      ...toColumns(next).map((value) =>
        typeof value === "number" ? toBound(value) : value
      ),
      lines.length === 0 ? null : lines.join("\n"),
      writeId,
      ...stored === undefined ? [] : [stored.version, stored.epoch],
    ]);
    return row && Number(readText(row, "now"));
  }

  async findWrite(writeId: string): Promise<string | undefined> {
    const [row] = await this.#setup.query(FIND_WRITE, [writeId]);
    return row && readText(row, "cursor");
  }

  async sweep(): Promise<void> {
    const { connection } = this.#setup;
    const now = performance.now();
    if (now < connection.sweptAt + SWEEP_INTERVAL) return;
    connection.sweptAt = now;
    await this.#setup.query(SWEEP, []);
  }

  watch(): HeldWatcher {
    const { connection, pollInterval } = this.#setup;
    const key = this.#names.join("/");
    return connection.changes.watch({ key, pollInterval });
  }
}
