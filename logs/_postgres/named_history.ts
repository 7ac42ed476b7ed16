// Copyright 2026 the Tidings authors. MIT license.

/**
 * A log by name in the tables. Its row numbers its events, and gets another version with
 * each change, so that no other transaction holds its events back.
 *
 * @module
 */

import { parseEpochCursor } from "../../_log/epoch_cursor.ts";
import type { EventLogBatch } from "../../_log/event_log.ts";
import type { EventLogState } from "../../_log/event_logs.ts";
import type { ReadBounds } from "../../_log/option_checks.ts";
import { EpochReader, findPosition } from "../_engine/epoch_reader.ts";
import { escapeName } from "../_engine/escape_name.ts";
import {
  describeLog,
  type LogState,
  unexpired,
} from "../_engine/log_changes.ts";
import type { HeldWatcher } from "../_engine/notified_changes.ts";
import {
  readColumns,
  STATE_COLUMNS,
  toColumns,
} from "../_engine/state_columns.ts";
import type {
  VersionedChange,
  VersionedSource,
  VersionedState,
} from "../_engine/versioned_log.ts";
import { readText } from "./connection.ts";
import { isWrittenAlready } from "./error_kinds.ts";
import type { PostgresSetup } from "./options.ts";
import {
  endReadStatement,
  type EventRow,
  readReply,
  toBound,
} from "./read_statement.ts";
import { NOTIFY_CHANNEL } from "./schema.ts";

/** Milliseconds between two removals of expired logs, and how many one of them takes. */
const SWEEP_INTERVAL = 1000;
const SWEEP_LOGS = 100;

/** Bounds to read the state and one event. */
const ONE: ReadBounds = { limit: 1, maxBytes: 0 };

/** The clock of the database, so that a lease ends at the same time for all processes. */
const NOW = "floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint";

/** Events from a sequence on, if the log is still of an epoch, or from the oldest. */
const READ = `WITH log AS (
  SELECT l.*, ${NOW} AS now FROM (SELECT 1) AS one LEFT JOIN tidings_logs AS l
    ON l.collection = $1::text AND l.name = $2::text
), start AS (
  SELECT CASE WHEN $4::text IS NULL THEN last - 1 WHEN epoch = $3::text
    THEN $4::text::bigint ELSE 0 END AS sequence FROM log
), page AS (
  SELECT e.sequence, e.event FROM tidings_log_events AS e, log, start
  WHERE e.epoch = log.epoch AND e.sequence > start.sequence
    AND e.sequence <= log.last
    AND (log.expires_at IS NULL OR log.expires_at > log.now)
  ORDER BY e.sequence LIMIT $5::text::bigint
), found AS (
  SELECT row_number() OVER (ORDER BY sequence) AS n, sequence::text AS cursor,
    event FROM page
) ${
  endReadStatement(
    6,
    `SELECT json_build_array(now, version, ${STATE_COLUMNS}) FROM log`,
  )
}`;

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
  SELECT collection, name FROM tidings_logs WHERE expires_at <= ${NOW}
  LIMIT ${SWEEP_LOGS} FOR UPDATE SKIP LOCKED
), gone AS (
  DELETE FROM tidings_logs AS l USING expired AS e
  WHERE l.collection = e.collection AND l.name = e.name RETURNING l.epoch
)
DELETE FROM tidings_log_events AS e USING gone WHERE e.epoch = gone.epoch`;

/** The row as it is read; there is none if the version is `null`. */
type LogRow = readonly [
  now: number,
  version: string | null,
  ...columns: unknown[],
];

/** One log in the tables. */
export class NamedHistory implements VersionedSource<HeldWatcher> {
  readonly #setup: PostgresSetup;
  readonly #names: readonly [collection: string, name: string];

  constructor(setup: PostgresSetup, name: string) {
    this.#setup = setup;
    this.#names = [escapeName(setup.collection), escapeName(name)];
  }

  async read(after: string, bounds: ReadBounds): Promise<EventLogBatch> {
    const { epoch = "", sequence = 0 } = parseEpochCursor(after) ?? {};
    const { state, rows } = await this.#read(bounds, epoch, String(sequence));
    const reader = new EpochReader(state, after, bounds);
    for (const row of rows) reader.addLine(Number(row.cursor), row.event);
    return reader.finish();
  }

  async rewind(count: number): Promise<string> {
    const { state, rows: [oldest] } = await this.#read(ONE, "", "0");
    return findPosition(state, count, oldest && Number(oldest.cursor));
  }

  async inspect(): Promise<EventLogState> {
    const { state, rows: [row], clock } = await this.#read(ONE);
    const line = row?.cursor === String(state?.last) ? row?.event : undefined;
    return describeLog(state, line, clock + performance.now());
  }

  watch(): HeldWatcher {
    const { connection, pollInterval } = this.#setup;
    const key = this.#names.join("/");
    return connection.changes.watch({ key, pollInterval });
  }

  async sweep(): Promise<void> {
    const { connection, query } = this.#setup;
    const now = performance.now();
    if (now < connection.sweptAt + SWEEP_INTERVAL) return;
    connection.sweptAt = now;
    await query(SWEEP);
  }

  readState(): Promise<VersionedState> {
    return this.#read(ONE);
  }

  async write(
    { stored, next, lines, writeId }: VersionedChange,
  ): Promise<VersionedState | undefined> {
    const { query, notify } = this.#setup;
    const rest = WRITE + (notify ? NOTIFY : "") + " FROM changed";
    const [row] = await query(
      `WITH changed AS (${stored === undefined ? CREATE : UPDATE}${rest}`,
      ...this.#names,
      next.version,
      ...toColumns(next).map((value) =>
        typeof value === "number" ? toBound(value) : value
      ),
      lines.length === 0 ? null : lines.join("\n"),
      writeId,
      ...stored === undefined ? [] : [stored.version, stored.epoch],
    );
    if (row === undefined) return undefined;
    const clock = Number(readText(row, "now")) - performance.now();
    return { stored: next, clock };
  }

  isWrittenAlready(error: unknown): boolean {
    return isWrittenAlready(error);
  }

  async findWrite(writeId: string): Promise<string | undefined> {
    const [row] = await this.#setup.query(FIND_WRITE, writeId);
    return row && readText(row, "cursor");
  }

  /**
   * Reads events from a sequence on if the log is still of an epoch, or from the oldest; without
   * a sequence, the last one.
   */
  async #read(
    { limit, maxBytes }: ReadBounds,
    epoch = "",
    sequence: string | null = null,
  ): Promise<
    VersionedState & { state: LogState | undefined; rows: EventRow[] }
  > {
    const reply = await this.#setup.query(
      READ,
      ...this.#names,
      epoch,
      sequence,
      toBound(limit),
      String(maxBytes),
    );
    const { state: row, rows } = readReply<LogRow>(reply);
    const [now, version, ...columns] = row;
    const stored = version === null
      ? undefined
      : { ...readColumns(columns), version };
    const clock = now - performance.now();
    return { stored, clock, state: unexpired(stored, now), rows };
  }
}
