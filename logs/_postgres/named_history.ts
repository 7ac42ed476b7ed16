// Copyright 2026 the Tidings authors. MIT license.

/**
 * A log by name in the tables. Its row numbers its events, and gets another version with
 * each change: a change is decided by the state that was read, and written if the row still
 * has that version. So no other transaction holds its events back.
 *
 * @module
 */

import { parseEpochCursor } from "../../_log/epoch_cursor.ts";
import type { EventLogBatch } from "../../_log/event_log.ts";
import {
  EventLogClaimError,
  type EventLogState,
} from "../../_log/event_logs.ts";
import type { ReadBounds } from "../../_log/option_checks.ts";
import { EpochReader, findPosition } from "../_engine/epoch_reader.ts";
import { escapeName } from "../_engine/escape_name.ts";
import {
  type DecideChange,
  describeLog,
  type LogState,
  unexpired,
} from "../_engine/log_changes.ts";
import {
  readColumns,
  STATE_COLUMNS,
  toColumns,
} from "../_engine/state_columns.ts";
import type { PostgresWatcher } from "./changes.ts";
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

/** The row of a log. */
interface StoredLog extends LogState {
  readonly version: string;
}

/** What a statement has read of a log. */
interface Read {
  /** `undefined` if there is no row. */
  readonly stored: StoredLog | undefined;
  /** The database's clock, less that of this process, in milliseconds. */
  readonly clock: number;
}

/** The row as it is read; there is none if the version is `null`. */
type LogRow = readonly [
  now: number,
  version: string | null,
  ...columns: unknown[],
];

/** A write whose answer may be lost. */
interface Attempt<T> {
  readonly version: string;
  /** The ID of its first event, if it has one. */
  readonly first: string;
  readonly results: readonly T[];
}

/** One log in the tables. */
export class NamedHistory {
  /** The payload of its notifications. */
  readonly key: string;
  readonly #setup: PostgresSetup;
  readonly #names: readonly [collection: string, name: string];
  /** The row after the last change, so that the next change does not read it first. */
  #last: Read | undefined;

  constructor(setup: PostgresSetup, collection: string, name: string) {
    this.#setup = setup;
    this.#names = [escapeName(collection), escapeName(name)];
    this.key = this.#names.join("/");
  }

  /** Reads the events after a cursor, as `EventLog.read`. */
  async read(after: string, bounds: ReadBounds): Promise<EventLogBatch> {
    const cursor = parseEpochCursor(after);
    const { state, rows } = await this.#read(
      cursor?.epoch ?? "",
      String(cursor?.sequence ?? 0),
      bounds,
    );
    const reader = new EpochReader(state, after, bounds);
    for (const row of rows) reader.addLine(Number(row.cursor), row.event);
    return reader.finish();
  }

  /** Finds the position `count` events before the end, as `EventLog.rewind`. */
  async rewind(count: number): Promise<string> {
    const { state, rows: [oldest] } = await this.#read("", "0", ONE);
    return findPosition(state, count, oldest && Number(oldest.cursor));
  }

  /** Describes the log, as `EventLogs.inspect`. */
  async inspect(): Promise<EventLogState> {
    const { state, rows: [row], clock } = await this.#read("", null, ONE);
    const line = row?.cursor === String(state?.last) ? row?.event : undefined;
    return describeLog(state, line, clock + performance.now());
  }

  /** Watches the log for changes. */
  watch(): PostgresWatcher {
    const { connection, pollInterval } = this.#setup;
    return connection.changes.watch(this.key, pollInterval);
  }

  /** Removes logs of the database that have expired, now and then. */
  async sweep(): Promise<void> {
    const { connection, query } = this.#setup;
    const now = performance.now();
    if (now < connection.sweptAt + SWEEP_INTERVAL) return;
    connection.sweptAt = now;
    await query(SWEEP);
  }

  /**
   * Prepares changes that are done in one step, each decided by the state that the one
   * before it leaves.
   *
   * @returns A function that does them and gives their results. After a failure it can be
   * called again: it does them once, even if a failed call has done them.
   */
  prepareChange<T>(
    decisions: readonly DecideChange<T>[],
  ): (signal: AbortSignal) => Promise<readonly T[]> {
    const writeId = crypto.randomUUID();
    const attempts: Attempt<T>[] = [];
    return async (signal) => {
      for (;;) {
        signal.throwIfAborted();
        const read = this.#last ?? await this.#read("", null, ONE);
        this.#last = undefined;
        const { stored } = read;
        const done = attempts.find(({ version }) =>
          version === stored?.version
        );
        if (done !== undefined) return done.results;
        try {
          const { state, lines, results } = decideAll(decisions, read);
          if (state === undefined) return results;
          const next = { ...state, version: crypto.randomUUID() };
          const first = `${state.epoch}-${state.last - lines.length + 1}`;
          attempts.push({ version: next.version, first, results });
          const now = await this.#write(stored, next, lines, writeId);
          if (now === undefined) continue;
          this.#last = { stored: next, clock: now - performance.now() };
          return results;
        } catch (error) {
          if (attempts.length === 0) throw error;
          // The error may come from an earlier attempt of this write, which was done but whose
          // answer was lost; a later claim may follow that.
          const isOver = isWrittenAlready(error) ||
            error instanceof EventLogClaimError;
          const first = isOver ? await this.#findWrite(writeId) : undefined;
          const done = attempts.find((attempt) => attempt.first === first);
          if (done === undefined) throw error;
          return done.results;
        }
      }
    };
  }

  /** Writes a change, and gives the time; `undefined` if the row has another version now. */
  async #write(
    stored: StoredLog | undefined,
    next: StoredLog,
    lines: readonly string[],
    writeId: string,
  ): Promise<number | undefined> {
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
    return row && Number(readText(row, "now"));
  }

  /** Finds the first event of a write, `undefined` if it is not there. */
  async #findWrite(writeId: string): Promise<string | undefined> {
    const [row] = await this.#setup.query(FIND_WRITE, writeId);
    return row && readText(row, "cursor");
  }

  /** Reads events from a sequence on if the log is still of an epoch, or from the oldest. */
  async #read(
    epoch: string,
    sequence: string | null,
    { limit, maxBytes }: ReadBounds,
  ): Promise<Read & { state: LogState | undefined; rows: EventRow[] }> {
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

/** Makes one change of several decisions. */
function decideAll<T>(
  decisions: readonly DecideChange<T>[],
  { stored, clock }: Read,
): { state: LogState | undefined; lines: string[]; results: T[] } {
  const now = Math.floor(clock + performance.now());
  let state: LogState | undefined;
  const lines: string[] = [];
  const results: T[] = [];
  for (const decide of decisions) {
    const change = decide(state ?? unexpired(stored, now), now);
    state = change.state ?? state;
    if (change.line !== undefined) lines.push(change.line);
    results.push(change.result);
  }
  return { state, lines, results };
}
