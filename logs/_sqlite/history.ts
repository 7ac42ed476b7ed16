// Copyright 2026 the Tidings authors. MIT license.

/**
 * Reads and writes the state and the events of one log in the tables. All calls are
 * synchronous, and run in the transaction of their caller, `SqliteLog`.
 *
 * @module
 */

import type { EventLogBatch } from "../../_log/event_log.ts";
import type { EventLogState } from "../../_log/event_logs.ts";
import type { ReadBounds } from "../../_log/option_checks.ts";
import { EpochReader, findPosition } from "../_engine/epoch_reader.ts";
import { escapeName } from "../_engine/escape_name.ts";
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

/** The number of appends between two drops of events. */
const TRIM_EVENTS = 32;
/** The most rows that one statement reads, and the expired logs that one removal takes. */
const READ_ROWS = 256;
const SWEEP_LOGS = 100;
/** Milliseconds between two removals of expired logs. */
const SWEEP_INTERVAL = 100;

/** One log in the tables. */
export class SqliteHistory {
  /** Tells the log from all others of the database. */
  readonly key: string;
  readonly #connection: SqliteConnection;
  readonly #names: readonly [collection: string, name: string];
  readonly #kept: KeptEvents;
  /** The average bytes of an event, by the rows that were read last. */
  #eventSize = 1024;

  /** @param name Empty for a log that is not one of many. */
  constructor(
    connection: SqliteConnection,
    collection: string,
    name: string,
    kept = KEEPS_ALL,
  ) {
    this.#connection = connection;
    this.#names = [escapeName(collection), escapeName(name)];
    this.key = this.#names.join("\0");
    this.#kept = kept;
  }

  /** Reads the events after a cursor, as `EventLog.read`. */
  read(after: string, bounds: ReadBounds): EventLogBatch {
    const state = this.#readState(Date.now());
    const reader = new EpochReader(state, after, bounds);
    while (reader.next !== undefined && state !== undefined) {
      // SQLite gives all rows of a statement at once: the limit keeps them to about as many
      // as the bounds of the read let through.
      const room = Math.ceil(bounds.maxBytes / this.#eventSize) + 1;
      const limit = Math.min(bounds.limit, room, READ_ROWS);
      const rows = this.#readRows(state, reader.next, limit);
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

  /** Finds the position `count` events before the end, as `EventLog.rewind`. */
  rewind(count: number): string {
    const state = this.#readState(Date.now());
    const [oldest] = state === undefined ? [] : this.#readRows(state, 0, 1);
    return findPosition(state, count, oldest && Number(oldest[0]));
  }

  /** Describes the log, as `EventLogs.inspect`. */
  inspect(): EventLogState {
    const now = Date.now();
    const state = this.#readState(now);
    const [row] = state === undefined
      ? []
      : this.#readRows(state, state.last - 1, 1);
    return describeLog(state, row && String(row[1]), now);
  }

  /**
   * Reads the state, and makes the change that is decided by it. If it fails, nothing has
   * changed, and a transaction of the application stays open as it was.
   */
  change<T>(decide: DecideChange<T>): T {
    const now = Date.now();
    const [, name] = this.#names;
    if (name !== "") this.#sweep(now);
    const stored = this.#readStored();
    const { state, line, result } = decide(unexpired(stored, now), now);
    if (state === undefined) return result;
    const write = (): void => {
      if (line !== undefined) this.#writeEvent(state, line, now);
      // The state is written last: a reader sees an event once the state includes it.
      this.#writeState(state);
    };
    if (stored === undefined || stored.epoch === state.epoch) {
      write();
    } else {
      this.#connection.atomically(() => {
        this.#dropEvents(stored.epoch);
        write();
      });
    }
    this.#connection.changes.note(this.key);
    return result;
  }

  #readState(now: number): LogState | undefined {
    return unexpired(this.#readStored(), now);
  }

  /** Reads the state, which may have expired. */
  #readStored(): LogState | undefined {
    const row = this.#connection.get(
      `SELECT ${STATE_COLUMNS} FROM tidings_logs` +
        " WHERE collection = ? AND name = ?",
      ...this.#names,
    );
    return row && readColumns(row);
  }

  /** Reads numbers and events, the oldest first, without those that are too old. */
  #readRows({ epoch, last }: LogState, after: number, limit: number): Row[] {
    return this.#connection.all(
      "SELECT sequence, event FROM tidings_events" +
        " WHERE epoch = ? AND sequence > ? AND sequence <= ? AND time >= ?" +
        " ORDER BY sequence LIMIT ?",
      epoch,
      after,
      last,
      this.#oldestTime(Date.now()),
      limit,
    );
  }

  // Both statements insert a SELECT. When the disk is full, SQLite rolls back the whole
  // transaction of the application for a statement that writes one row, and only the
  // statement for one that may write several.

  #writeState(state: LogState): void {
    this.#connection.run(
      `INSERT OR REPLACE INTO tidings_logs (collection, name, ${STATE_COLUMNS})` +
        " SELECT ?, ?, ?, ?, ?, ?, ?",
      ...this.#names,
      ...toColumns(state),
    );
  }

  #writeEvent({ epoch, last }: LogState, line: string, now: number): void {
    if (last % TRIM_EVENTS === 0) this.#trim(epoch, last, now);
    // A row with the same number may be there: it was written without the state, so no
    // append was confirmed for it.
    this.#connection.run(
      "INSERT OR REPLACE INTO tidings_events (epoch, sequence, time, event)" +
        " SELECT ?, ?, ?, ?",
      epoch,
      last,
      now,
      line,
    );
  }

  /** Drops events that are too many or too old, before the next event is written. */
  #trim(epoch: string, next: number, now: number): void {
    const { maxEvents, maxAge } = this.#kept;
    let oldest = Math.max(next - maxEvents + 1, 0);
    if (maxAge !== Infinity) {
      const [young] = this.#connection.get(
        "SELECT sequence FROM tidings_events WHERE epoch = ? AND time >= ?" +
          " ORDER BY sequence LIMIT 1",
        epoch,
        this.#oldestTime(now),
      ) ?? [];
      oldest = Math.max(oldest, Number(young ?? next));
    }
    if (oldest > 0) this.#dropEvents(epoch, oldest);
  }

  #dropEvents(epoch: string, before = Number.MAX_SAFE_INTEGER): void {
    this.#connection.run(
      "DELETE FROM tidings_events WHERE epoch = ? AND sequence < ?",
      epoch,
      before,
    );
  }

  /** Removes logs of the database that have expired, now and then. */
  #sweep(now: number): void {
    const connection = this.#connection;
    // A clock that is set back would otherwise stop the removals until it has caught up.
    if (Math.abs(now - connection.sweptAt) < SWEEP_INTERVAL) return;
    connection.sweptAt = now;
    const expired = connection.all(
      "SELECT epoch, collection, name FROM tidings_logs WHERE expires_at <= ?" +
        " LIMIT ?",
      now,
      SWEEP_LOGS,
    );
    for (const [epoch, collection, name] of expired) {
      this.#dropEvents(String(epoch));
      connection.run(
        "DELETE FROM tidings_logs WHERE collection = ? AND name = ?",
        String(collection),
        String(name),
      );
    }
  }

  #oldestTime(now: number): number {
    const { maxAge } = this.#kept;
    return maxAge === Infinity ? 0 : now - maxAge;
  }
}
