// Copyright 2026 the Tidings authors. MIT license.

/**
 * Reads and writes the state and the events of one log in the tables, for `ImmediateLog`.
 *
 * @module
 */

import type { EventLogBatch } from "../../_log/event_log.ts";
import type { EventLogState } from "../../_log/event_logs.ts";
import type { ReadBounds } from "../../_log/option_checks.ts";
import { EpochReader, findPosition } from "../_engine/epoch_reader.ts";
import { escapeName } from "../_engine/escape_name.ts";
import type { ChangeWatcher } from "../_engine/follow_changes.ts";
import type { ImmediateSource } from "../_engine/immediate_log.ts";
import { KEEPS_ALL, type KeptEvents } from "../_engine/kept_events.ts";
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
import type { Row, SqliteConnection } from "./connection.ts";
import type { SqliteSetup } from "./options.ts";

/** The number of appends between two drops of events. */
const TRIM_EVENTS = 32;
/** The most rows that one statement reads. */
const READ_ROWS = 256;
/** Milliseconds between two removals of expired logs, and how much one of them takes. */
const SWEEP_INTERVAL = 100;
const SWEEP_LOGS = 100;
const SWEEP_EVENTS = 2000;

const READ_STATE = `SELECT ${STATE_COLUMNS} FROM tidings_logs
WHERE collection = ? AND name = ?`;
const READ_EVENTS = `SELECT sequence, event FROM tidings_events
WHERE epoch = ? AND sequence > ? AND sequence <= ? AND time >= ?
ORDER BY sequence LIMIT ?`;
const FIND_YOUNG = `SELECT sequence FROM tidings_events
WHERE epoch = ? AND time >= ? ORDER BY sequence LIMIT 1`;
const WRITE_STATE = `INSERT OR REPLACE INTO tidings_logs
(collection, name, ${STATE_COLUMNS})`;
// A row with the same number may be there: it was written without the state, so no append was
// confirmed for it.
const WRITE_EVENT = `INSERT OR REPLACE INTO tidings_events
(epoch, sequence, time, event)`;
/** The statements of a write in a transaction of its own. */
const ALONE = {
  writeState: `${WRITE_STATE} VALUES (?, ?, ?, ?, ?, ?, ?)`,
  writeEvent: `${WRITE_EVENT} VALUES (?, ?, ?, ?)`,
};
/**
 * Those of one in a transaction of the application, which take a quarter longer. When the disk
 * is full, SQLite rolls back a whole transaction for a statement that writes one row, and only
 * the statement for one that may write several.
 */
const JOINED: typeof ALONE = {
  writeState: `${WRITE_STATE} SELECT ?, ?, ?, ?, ?, ?, ?`,
  writeEvent: `${WRITE_EVENT} SELECT ?, ?, ?, ?`,
};
const DROP_EVENTS =
  "DELETE FROM tidings_events WHERE epoch = ? AND sequence < ?";
const EXPIRED = `FROM (
  SELECT *, sum(last) OVER (ORDER BY expires_at, collection, name) - last AS before
  FROM (
    SELECT * FROM tidings_logs WHERE expires_at <= ?
    ORDER BY expires_at, collection, name LIMIT ${SWEEP_LOGS}
  )
) WHERE before < ${SWEEP_EVENTS}`;
const SWEEP = [
  `DELETE FROM tidings_events WHERE epoch IN (SELECT epoch ${EXPIRED})`,
  `DELETE FROM tidings_logs
  WHERE (collection, name) IN (SELECT collection, name ${EXPIRED})`,
];

/** One log in the tables. */
export class SqliteHistory implements ImmediateSource {
  readonly #setup: SqliteSetup;
  readonly #connection: SqliteConnection;
  /** Tells the log from all others of the database. */
  readonly #key: string;
  readonly #names: readonly [collection: string, name: string];
  readonly #kept: KeptEvents;
  /** The average bytes of an event, by the rows that were read last. */
  #eventSize = 1024;

  /** @param name Empty for a log that is not one of many. */
  constructor(
    setup: SqliteSetup,
    name: string,
    kept = KEEPS_ALL,
  ) {
    this.#setup = setup;
    this.#connection = setup.connection;
    this.#names = [escapeName(setup.collection), escapeName(name)];
    this.#key = this.#names.join("\0");
    this.#kept = kept;
  }

  get isInTransaction(): boolean {
    return this.#connection.isInTransaction;
  }

  read(after: string, bounds: ReadBounds): EventLogBatch {
    const state = this.#readState();
    const reader = new EpochReader(state, after, bounds);
    while (reader.next !== undefined && state !== undefined) {
      // SQLite gives all rows of a statement at once: the limit keeps them to about as many
      // as the bounds of the read let through.
      const room = Math.ceil(bounds.maxBytes / this.#eventSize) + 1;
      const limit = Math.min(bounds.limit, room, READ_ROWS);
      const rows = this.#readEvents(state, reader.next, limit);
      let size = 0;
      for (const [sequence, event] of rows) {
        const line = String(event);
        size += 2 * line.length;
        reader.addLine(Number(sequence), line);
      }
      if (rows.length > 0) this.#eventSize = Math.max(1, size / rows.length);
      if (rows.length < limit) break;
    }
    return reader.finish();
  }

  rewind(count: number): string {
    const state = this.#readState();
    const [oldest] = state === undefined ? [] : this.#readEvents(state, 0, 1);
    return findPosition(state, count, oldest && Number(oldest[0]));
  }

  inspect(): EventLogState {
    const state = this.#readState();
    const [last] = state === undefined
      ? []
      : this.#readEvents(state, state.last - 1, 1);
    return describeLog(state, last && String(last[1]), Date.now());
  }

  watch(): ChangeWatcher {
    return this.#connection.changes.watch(this.#key, this.#setup.pollInterval);
  }

  change<T>(decide: DecideChange<T>, isJoined: boolean): T {
    this.#connection.prepareTables(this.#setup);
    return isJoined
      ? this.#change(decide, JOINED)
      : this.#connection.transact(() => this.#change(decide, ALONE));
  }

  #change<T>(decide: DecideChange<T>, sql: typeof ALONE): T {
    const connection = this.#connection;
    const now = Date.now();
    if (this.#names[1] !== "") this.#sweep(now);
    const row = connection.get(READ_STATE, ...this.#names);
    const stored = row && readColumns(row);
    const { state, line, result } = decide(unexpired(stored, now), now);
    if (state === undefined) return result;
    const write = (): void => {
      const { epoch, last } = state;
      if (line !== undefined) {
        if (last % TRIM_EVENTS === 0) this.#trim(epoch, last, now);
        connection.run(sql.writeEvent, epoch, last, now, line);
      }
      // The state is written last: a reader sees an event once the state includes it.
      connection.run(sql.writeState, ...this.#names, ...toColumns(state));
    };
    if (stored === undefined || stored.epoch === state.epoch) {
      write();
    } else {
      connection.atomically(() => {
        this.#dropEvents(stored.epoch, Number.MAX_SAFE_INTEGER);
        write();
      });
    }
    connection.changes.note(this.#key);
    return result;
  }

  #readState(): LogState | undefined {
    this.#connection.prepareTables(this.#setup);
    const row = this.#connection.get(READ_STATE, ...this.#names);
    return row && unexpired(readColumns(row), Date.now());
  }

  /** Reads numbers and events, the oldest first, without those that are too old. */
  #readEvents({ epoch, last }: LogState, after: number, limit: number): Row[] {
    const oldest = this.#oldestTime(Date.now());
    return this.#connection.all(READ_EVENTS, epoch, after, last, oldest, limit);
  }

  /** Drops events that are too many or too old, before the next event is written. */
  #trim(epoch: string, next: number, now: number): void {
    const { maxEvents, maxAge } = this.#kept;
    let oldest = Math.max(next - maxEvents + 1, 0);
    if (maxAge !== Infinity) {
      const time = this.#oldestTime(now);
      const [young] = this.#connection.get(FIND_YOUNG, epoch, time) ?? [];
      oldest = Math.max(oldest, Number(young ?? next));
    }
    if (oldest > 0) this.#dropEvents(epoch, oldest);
  }

  #dropEvents(epoch: string, before: number): void {
    this.#connection.run(DROP_EVENTS, epoch, before);
  }

  /** Removes logs of the database that have expired, now and then. */
  #sweep(now: number): void {
    const connection = this.#connection;
    // A clock that is set back would otherwise stop the removals until it has caught up.
    if (Math.abs(now - connection.sweptAt) < SWEEP_INTERVAL) return;
    connection.sweptAt = now;
    for (const sql of SWEEP) connection.run(sql, now);
  }

  #oldestTime(now: number): number {
    const { maxAge } = this.#kept;
    return maxAge === Infinity ? 0 : now - maxAge;
  }
}
