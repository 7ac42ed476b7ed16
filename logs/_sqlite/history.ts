// Copyright 2026 the Tidings authors. MIT license.

/**
 * What the tables have of one log: its state and its events. All calls are synchronous, and
 * run in the transaction of their caller.
 *
 * @module
 */

import { makeEpoch } from "../../_log/epoch_cursor.ts";
import type { EventLogBatch, LoggedEvent } from "../../_log/event_log.ts";
import type { ReadBounds } from "../../_log/option_checks.ts";
import { BEGINNING, findSequence } from "../_engine/beginning.ts";
import { EventCollector } from "../_engine/collect_events.ts";
import { makeEventLogBatch } from "../_engine/event_log_batch.ts";
import { readEventLine } from "../_engine/event_line.ts";
import type { SqliteConnection } from "./connection.ts";

/** The state of a log. Times are those of the wall clock, in milliseconds. */
export interface SqliteLogState {
  /** The first part of the log's IDs. */
  readonly epoch: string;
  /** The sequence of the latest event, 0 before there was one. */
  readonly last: number;
  /** The last claim; `undefined` if there was none. */
  readonly claimId?: string | undefined;
  /** When the lease of the claim ends; `undefined` once it is released. */
  readonly leaseEnd?: number | undefined;
  /** When the log expires, or `Infinity`. */
  readonly expiresAt: number;
}

/** What to keep of a log. */
export interface SqliteHistoryBounds {
  maxEvents: number;
  /** Milliseconds. */
  maxAge: number;
}

/** Events are dropped once in so many appends. */
const TRIM_EVENTS = 32;
/** The rows that one statement reads, and the expired logs that one removal takes. */
const READ_ROWS = 64;
const SWEEP_LOGS = 100;
/** Milliseconds between two removals of expired logs. */
const SWEEP_INTERVAL = 100;

const LAST_SWEEPS = new WeakMap<SqliteConnection, number>();

/** One log in the tables. */
export class SqliteHistory {
  /** Tells the log from all others of the database. */
  readonly key: string;
  readonly #connection: SqliteConnection;
  readonly #names: readonly [collection: string, name: string];
  readonly #bounds: SqliteHistoryBounds;

  /** @param name Empty for a log that is not one of many. */
  constructor(
    connection: SqliteConnection,
    collection: string,
    name: string,
    bounds: SqliteHistoryBounds = { maxEvents: Infinity, maxAge: Infinity },
  ) {
    this.#connection = connection;
    this.#names = [escapeName(collection), escapeName(name)];
    this.key = this.#names.join("\0");
    this.#bounds = bounds;
  }

  /** Reads the state, `undefined` if there is none or it has expired. */
  readState(): SqliteLogState | undefined {
    const row = this.#connection.get(
      "SELECT epoch, last, claim_id, lease_end, expires_at FROM tidings_logs" +
        " WHERE collection = ? AND name = ?",
      ...this.#names,
    );
    if (row === undefined) return undefined;
    const [epoch, last, claimId, leaseEnd, expiresAt] = row;
    const state = {
      epoch: String(epoch),
      last: Number(last),
      claimId: claimId === null ? undefined : String(claimId),
      leaseEnd: leaseEnd === null ? undefined : Number(leaseEnd),
      expiresAt: expiresAt === null ? Infinity : Number(expiresAt),
    };
    return state.expiresAt <= Date.now() ? undefined : state;
  }

  /** Reads the events after a cursor, as `EventLog.read`. */
  read(after: string, bounds: ReadBounds): EventLogBatch {
    const state = this.readState();
    if (state === undefined) {
      return { events: [], cursor: BEGINNING, gap: after !== BEGINNING };
    }
    const { epoch, last } = state;
    const known = findSequence(after, epoch);
    if (known !== undefined && known >= last) {
      const cursor = known === last ? after : `${epoch}-${last}`;
      return { events: [], cursor, gap: known > last };
    }
    const start = known ?? 0;
    const collector = new EventCollector(state, start, bounds);
    for (let next = start, hasRoom = true; hasRoom;) {
      const rows = this.#readRows(
        epoch,
        next,
        Math.min(bounds.limit, READ_ROWS),
      );
      for (const [number, event] of rows) {
        next = Number(number);
        const batch = { first: next, last: next, lines: [String(event)] };
        hasRoom = collector.add(batch);
        if (!hasRoom) break;
      }
      hasRoom &&= rows.length === READ_ROWS;
    }
    const { events, sequence, skippedTo } = collector.finish();
    const gap = known === undefined || skippedTo !== undefined;
    const gapCursor = known === undefined || skippedTo === undefined
      ? undefined
      : `${epoch}-${skippedTo}`;
    return makeEventLogBatch(events, `${epoch}-${sequence}`, gap, gapCursor);
  }

  /** Finds the position `count` events before the end, as `EventLog.rewind`. */
  rewind(count: number): string {
    const state = this.readState();
    if (state === undefined) return BEGINNING;
    const { epoch, last } = state;
    const [oldest] = this.#readRows(epoch, 0, 1);
    const first = oldest === undefined ? last + 1 : Number(oldest[0]);
    return `${epoch}-${Math.max(first - 1, last - count)}`;
  }

  /** Finds the last event. */
  findLast({ epoch, last }: SqliteLogState): LoggedEvent | undefined {
    const [row] = this.#readRows(epoch, last - 1, 1);
    return row && readEventLine(String(row[1]), `${epoch}-${last}`);
  }

  /**
   * Adds an event at the end. A log that does not exist begins with it.
   *
   * @param line The event.
   * @param expireIn Milliseconds until the log expires; `undefined` leaves that as it is.
   * @returns The event's ID.
   */
  append(line: string, expireIn: number | undefined): string {
    const now = Date.now();
    const { epoch, last } = this.#advance(now, expireIn) ??
      this.#beginWith(now, expireIn);
    this.#connection.run(
      "INSERT INTO tidings_events (epoch, sequence, time, event)" +
        " VALUES (?, ?, ?, ?)",
      epoch,
      last,
      now,
      line,
    );
    if (last % TRIM_EVENTS === 0) this.#trim(epoch, last, now);
    return `${epoch}-${last}`;
  }

  /** Counts one more event of a log that exists, in one statement. */
  #advance(
    now: number,
    expireIn: number | undefined,
  ): { epoch: string; last: number } | undefined {
    const expiresAt = expireIn === undefined ? "expires_at" : "?";
    const row = this.#connection.get(
      `UPDATE tidings_logs SET last = last + 1, expires_at = ${expiresAt}` +
        " WHERE collection = ? AND name = ?" +
        " AND (expires_at IS NULL OR expires_at > ?) RETURNING epoch, last",
      ...expireIn === undefined ? [] : [timeAfter(now, expireIn)],
      ...this.#names,
      now,
    );
    if (row === undefined) return undefined;
    this.#connection.changes.note(this.key);
    return { epoch: String(row[0]), last: Number(row[1]) };
  }

  #beginWith(now: number, expireIn = Infinity): SqliteLogState {
    const expiresAt = now + expireIn;
    const state = { ...this.begin(), last: 1, expiresAt };
    this.writeState(state);
    return state;
  }

  /** Starts again: drops all events. The caller writes the state that it gets. */
  begin(): SqliteLogState {
    const row = this.#connection.get(
      "SELECT epoch FROM tidings_logs WHERE collection = ? AND name = ?",
      ...this.#names,
    );
    if (row !== undefined) this.#dropEvents(String(row[0]));
    return { epoch: makeEpoch(), last: 0, expiresAt: Infinity };
  }

  /** Writes the state. */
  writeState(
    { epoch, last, claimId, leaseEnd, expiresAt }: SqliteLogState,
  ): void {
    this.#connection.run(
      "INSERT OR REPLACE INTO tidings_logs (collection, name, epoch, last," +
        " claim_id, lease_end, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
      ...this.#names,
      epoch,
      last,
      claimId ?? null,
      leaseEnd ?? null,
      timeAfter(0, expiresAt),
    );
    this.#connection.changes.note(this.key);
  }

  /** Removes logs of the database that have expired, now and then. */
  sweep(): void {
    const connection = this.#connection;
    const now = Date.now();
    const last = LAST_SWEEPS.get(connection) ?? 0;
    if (now < last + SWEEP_INTERVAL && now >= last) return;
    LAST_SWEEPS.set(connection, now);
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

  /** Numbers and events, the oldest first, without those that are too old. */
  #readRows(
    epoch: string,
    after: number,
    limit: number,
  ): (readonly unknown[])[] {
    const { maxAge } = this.#bounds;
    return this.#connection.all(
      "SELECT sequence, event FROM tidings_events" +
        " WHERE epoch = ? AND sequence > ? AND time >= ?" +
        " ORDER BY sequence LIMIT ?",
      epoch,
      after,
      maxAge === Infinity ? 0 : Date.now() - maxAge,
      limit,
    );
  }

  #trim(epoch: string, last: number, now: number): void {
    const { maxEvents, maxAge } = this.#bounds;
    const drop = "DELETE FROM tidings_events WHERE epoch = ? AND sequence <= ?";
    if (maxEvents !== Infinity) {
      this.#connection.run(drop, epoch, last - maxEvents);
    }
    if (maxAge === Infinity) return;
    // Times need not be in order: a clock may be set back.
    const [newest] = this.#connection.get(
      "SELECT max(sequence) FROM tidings_events WHERE epoch = ? AND time < ?",
      epoch,
      now - maxAge,
    ) ?? [];
    if (typeof newest === "number") this.#connection.run(drop, epoch, newest);
  }

  #dropEvents(epoch: string): void {
    this.#connection.run("DELETE FROM tidings_events WHERE epoch = ?", epoch);
  }
}

/** Some clients end a text at U+0000. */
function escapeName(name: string): string {
  return name.replaceAll("\\", "\\\\").replaceAll("\0", "\\0");
}

/** A time as it is stored: `null` for never. */
function timeAfter(now: number, delay: number): number | null {
  return delay === Infinity ? null : now + delay;
}
