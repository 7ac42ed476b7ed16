// Copyright 2026 the Tidings authors. MIT license.

/**
 * The events of a `PostgresEventLog`, in the order of their cursors: writes, reads and drops
 * them. Reads end at `pg_snapshot_xmin`: all transactions before it have ended, so no event
 * appears before a cursor that a reader has passed.
 *
 * @module
 */

import type { EventLogBatch } from "../../_log/event_log.ts";
import type { ReadBounds } from "../../_log/option_checks.ts";
import { escapeName } from "../_engine/escape_name.ts";
import { makeEventLogBatch } from "../_engine/event_log_batch.ts";
import { readEventLine } from "../_engine/event_line.ts";
import type { LineSource } from "../_engine/line_log.ts";
import type { HeldWatcher } from "../_engine/notified_changes.ts";
import { compareIds, isPairId, splitId } from "../_engine/pair_ids.ts";
import { Retention, type RetentionBounds } from "../_engine/retention.ts";
import {
  readReply,
  readText,
  type Row,
  toBound,
  type Values,
} from "./connection.ts";
import { isWrittenAlready } from "./error_kinds.ts";
import type { PostgresSetup } from "./options.ts";
import { NOTIFY_CHANNEL } from "./schema.ts";

/** The cursor before all events: no transaction has the number 0. */
const START = "0-0";
/** PostgreSQL refuses a statement with larger numbers. */
const LARGEST = `${2n ** 64n - 1n}-${2n ** 63n - 1n}`;
/** The most rows that one statement drops. */
const DROP_ROWS = 5000;

/** Which rows can be read, the last of all, and the cursor of the last dropped event. */
const BOUNDS = `bounds AS MATERIALIZED (
  SELECT pg_snapshot_xmin(s) AS horizon, pg_snapshot_xmax(s) AS next,
    greatest((SELECT d.xid FROM tidings_dropped AS d WHERE d.log = $1::text),
      (SELECT e.xid FROM tidings_events AS e WHERE e.log = $1::text
      ORDER BY e.xid DESC, e.id DESC LIMIT 1)) AS last
  FROM pg_current_snapshot() AS s
), dropped AS (
  SELECT concat(d.xid, '-', d.id) AS cursor FROM tidings_dropped AS d
  WHERE d.log = $1::text
)`;
/** Whether an older transaction that has not ended holds rows back. */
const IS_HELD = "coalesce(last >= horizon, false)";
/** Whether rows come from another cluster: their transactions have not begun in this one. */
const IS_FOREIGN = "coalesce(last >= next, false)";

const READ = "SELECT cursor, event FROM tidings_read($1, $2, $3, $4, $5)";
const READ_WITH_STATE = `WITH ${BOUNDS}
SELECT 0 AS n, '' AS cursor, json_build_array((SELECT cursor FROM dropped),
  (SELECT concat(e.xid, '-', e.id) FROM tidings_events AS e
    WHERE e.log = $1::text AND e.xid < horizon
    ORDER BY e.xid DESC, e.id DESC LIMIT 1), ${IS_FOREIGN})::text AS event
FROM bounds UNION ALL SELECT n, cursor, event
FROM tidings_read($1, $2, $3, $4, $5) WITH ORDINALITY AS r (cursor, event, n)
ORDER BY n`;

const REWIND = `WITH ${BOUNDS}
SELECT coalesce(
  (SELECT concat(e.xid, '-', e.id) FROM tidings_events AS e
    WHERE e.log = $1::text AND e.xid < horizon AND $2::text IS NOT NULL
    ORDER BY e.xid DESC, e.id DESC OFFSET $2::text::bigint LIMIT 1),
  (SELECT cursor FROM dropped), '${START}'
) AS cursor, (${IS_HELD})::text AS held, (${IS_FOREIGN})::text AS foreign
FROM bounds`;

/** Puts what was restored from another cluster before all that is written in this one. */
const ADOPT = `WITH ${BOUNDS}, moved AS (
  UPDATE tidings_events AS e SET xid = '0' FROM bounds
  WHERE ${IS_FOREIGN} AND e.log = $1::text AND e.xid <> '0'
)
UPDATE tidings_dropped AS d SET xid = '0', id = 1 FROM bounds
WHERE ${IS_FOREIGN} AND d.log = $1::text`;

const APPEND = "SELECT tidings_append($1, $2, $3, $4) AS cursors";
/** An append in a transaction of the application is one `INSERT`. */
const INSERT = `INSERT INTO tidings_events (log, event) VALUES ($1, $2)
RETURNING concat(xid, '-', id) AS cursor`;
const NOTIFY = `, pg_notify('${NOTIFY_CHANNEL}', $1)::text AS notified`;

/** Finds what a write whose answer was lost has written, in a transaction of its own. */
const FIND_WRITE = `SELECT string_agg(concat(xid, '-', id), ' ' ORDER BY id)
  AS cursors FROM tidings_events WHERE log = $1::text AND xid =
  (SELECT w.xid FROM tidings_events AS w WHERE w.write_id = $2::text::uuid)`;

const DROP = `WITH ${BOUNDS}, lock AS MATERIALIZED (
  SELECT pg_try_advisory_xact_lock(hashtextextended('tidings ' || $1::text, 0))
    AS is_mine
), readable AS NOT MATERIALIZED (
  SELECT e.xid, e.id, e.time, e.event FROM tidings_events AS e
  WHERE e.log = $1::text AND e.xid < (SELECT horizon FROM bounds)
), young AS (
  SELECT xid, id FROM readable,
    (SELECT $4::text::float8 * interval '1 ms' AS length) AS age
  WHERE time BETWEEN now() - length AND now() + length
  ORDER BY xid, id LIMIT 1
), newest AS (
  SELECT xid, id, sum(octet_length(event)) OVER w AS bytes, row_number() OVER w AS n
  FROM readable WHERE $3::text IS NOT NULL
  WINDOW w AS (ORDER BY xid DESC, id DESC)
), needless AS (
  (SELECT xid, id FROM readable WHERE $2::text IS NOT NULL
    ORDER BY xid DESC, id DESC OFFSET $2::text::bigint LIMIT 1)
  UNION ALL (SELECT xid, id FROM newest
    WHERE n > 1 AND bytes > $3::text::bigint ORDER BY n LIMIT 1)
  UNION ALL (SELECT r.xid, r.id FROM readable AS r
    WHERE $4::text IS NOT NULL AND (NOT EXISTS (SELECT FROM young) OR
      (r.xid, r.id) < (SELECT xid, id FROM young))
    ORDER BY r.xid DESC, r.id DESC LIMIT 1)
), gone AS (
  DELETE FROM tidings_events AS e USING lock, (
    SELECT xid, id FROM readable WHERE (xid, id) <=
      (SELECT xid, id FROM needless ORDER BY xid DESC, id DESC LIMIT 1)
    ORDER BY xid, id LIMIT ${DROP_ROWS}
  ) AS o
  WHERE is_mine AND e.log = $1::text AND e.xid = o.xid AND e.id = o.id
  RETURNING e.xid, e.id
), noted AS (
  INSERT INTO tidings_dropped AS d (log, xid, id)
  SELECT $1::text, xid, id FROM gone ORDER BY xid DESC, id DESC LIMIT 1
  ON CONFLICT (log) DO UPDATE SET xid = excluded.xid, id = excluded.id
  WHERE (d.xid, d.id) < (excluded.xid, excluded.id)
)
SELECT count(*)::text AS count FROM gone`;

/** What a read gives besides the events. */
type State = [dropped: string | null, end: string | null, foreign: boolean];

/** One log in the tables. */
export class PostgresHistory implements LineSource<HeldWatcher> {
  readonly retention: Retention;
  /** The name in the tables, and the payload of its notifications. */
  readonly #key: string;
  readonly #setup: PostgresSetup;
  /** The last cursor that had no row. While it has none, one statement is enough. */
  #rowless = START;

  constructor(setup: PostgresSetup, bounds: RetentionBounds) {
    this.#key = escapeName(setup.collection);
    this.#setup = setup;
    const { maxEvents, maxBytes, maxAge } = bounds;
    const values = [maxEvents, maxBytes, maxAge].map(toBound);
    this.retention = new Retention(bounds, async () => {
      for (let count = DROP_ROWS; count >= DROP_ROWS;) {
        const [row] = await this.#query(DROP, ...values);
        count = Number(readText(row, "count"));
      }
    });
  }

  prepareWrite(lines: readonly string[]): () => Promise<readonly string[]> {
    const writeId = crypto.randomUUID();
    const channel = this.#setup.notify ? NOTIFY_CHANNEL : "";
    return async () => {
      const written = this.#query(APPEND, writeId, lines.join("\n"), channel);
      const [row] = await written.catch((error) => {
        if (!isWrittenAlready(error)) throw error;
        return this.#query(FIND_WRITE, writeId);
      });
      const ids = readText(row, "cursors").split(" ");
      if (ids.length !== lines.length) {
        throw new Error(`expected ${lines.length} IDs, got ${ids.length}`);
      }
      return ids;
    };
  }

  async writeIn(transaction: unknown, line: string): Promise<string> {
    const { query, notify } = this.#setup;
    const sql = notify ? INSERT + NOTIFY : INSERT;
    const [row] = await query(sql, [this.#key, line], transaction);
    return readText(row, "cursor");
  }

  async read(
    after: string,
    bounds: ReadBounds,
    watcher?: HeldWatcher,
  ): Promise<EventLogBatch> {
    const isPair = isPairId(after, LARGEST);
    const { limit, maxBytes } = bounds;
    const values = [toBound(limit), String(maxBytes)];
    const from = [...splitId(isPair ? after : START), ...values];
    const isRowless = after === START || after === this.#rowless;
    let rows = isRowless ? [] : await this.#query(READ, ...from);
    let state: State = [null, null, false];
    if (rows[0]?.cursor !== after || rows.some(({ event }) => event === "-")) {
      const reply = await this.#query(READ_WITH_STATE, ...from);
      ({ state, rows } = readReply<State>(reply));
    }
    const [dropped, end, isForeign] = state;
    if (isForeign) {
      await this.#query(ADOPT);
      return await this.read(after, bounds, watcher);
    }
    const isKnown = rows[0]?.cursor === after;
    if (!isKnown) this.#rowless = after;
    const found = isKnown ? rows.slice(1) : rows.slice(0, limit);
    const readable = found.filter(({ event }) => event !== null);
    const lines = readable.map((row) => readText(row, "event"));
    const events = lines.map((line, n) =>
      readEventLine(line, readText(readable[n], "cursor"))
    );
    watcher?.noteRead(rows.at(-1)?.event === null, lines.length === 0);
    // An append in a transaction drops nothing. If all appends are, only followers drop events.
    if (watcher) this.retention.note(lines);
    const start = dropped ?? START;
    const gap = !isPair || !(isKnown || after === start);
    const cursor = events.at(-1)?.id ?? (gap ? end ?? start : after);
    const isBefore = gap && isPair && compareIds(after, start) < 0;
    const gapCursor = isBefore ? start : undefined;
    // No more rows were found, and none was left out: a character has three bytes at most.
    const isLast = rows.length <= limit && 3 * lines.join("").length < maxBytes;
    return makeEventLogBatch(events, cursor, gap, gapCursor, isLast);
  }

  async rewind(count: number, watcher?: HeldWatcher): Promise<string> {
    const [row] = await this.#query(REWIND, toBound(count));
    if (readText(row, "foreign") === "true") {
      await this.#query(ADOPT);
      return await this.rewind(count, watcher);
    }
    watcher?.noteRead(readText(row, "held") === "true", true);
    return readText(row, "cursor");
  }

  watch(): HeldWatcher {
    const { connection, pollInterval } = this.#setup;
    return connection.changes.watch({
      key: this.#key,
      pollInterval,
      onIdle: (signal) => this.retention.dropIfDue(signal),
    });
  }

  compare(a: string, b: string): number | undefined {
    const areKnown = isPairId(a, LARGEST) && isPairId(b, LARGEST);
    return areKnown ? compareIds(a, b) : undefined;
  }

  #query(sql: string, ...values: Values): Promise<Row[]> {
    return this.#setup.query(sql, [this.#key, ...values]);
  }
}
