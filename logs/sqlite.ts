// Copyright 2026 the Tidings authors. MIT license.

/**
 * A log in SQLite: the history of a channel in a file on one machine, with nothing to
 * install and no server to run. It survives a restart, and the processes that have the
 * file open share it.
 *
 * The application opens the database: with `node:sqlite` in Deno and in Node from 22.13,
 * with `better-sqlite3` in Node 20, or with `bun:sqlite` in Bun.
 *
 * Publishing is part of the application's transaction: the event exists if and only if the
 * change does.
 *
 * @example A change and its event
 * ```ts
 * import { DatabaseSync } from "node:sqlite";
 * import { EventChannel } from "@tidings/sse/channel";
 * import { SqliteEventLog } from "@tidings/sse/sqlite";
 * import { assertEquals } from "@std/assert";
 *
 * const db = new DatabaseSync(":memory:");
 * db.exec("CREATE TABLE orders (id INTEGER PRIMARY KEY, state TEXT)");
 * const log = new SqliteEventLog(db, "orders");
 * await using channel = new EventChannel({ log });
 *
 * db.exec("BEGIN");
 * db.prepare("INSERT INTO orders VALUES (?, ?)").run(17, "paid");
 * const published = channel.publish({ event: "paid", data: "17" });
 * db.exec("COMMIT"); // or "ROLLBACK", and nobody gets the event
 *
 * const { events } = await log.read(await log.rewind(1));
 * assertEquals(events[0]?.id, await published);
 * ```
 *
 * @module
 */

import { type OptionKinds, readOptions } from "../_options.ts";
import { quote } from "../_validate.ts";
import type { TextEventInit } from "../event.ts";
import type {
  EventLog,
  EventLogAppendOptions,
  EventLogBatch,
  EventLogClaim,
  EventLogClaimOptions,
  EventLogExpireOptions,
  EventLogFollowOptions,
  EventLogOpenOptions,
  EventLogOptions,
  EventLogReadOptions,
  EventLogs,
  EventLogState,
} from "../log.ts";
import { ImmediateLog } from "./_engine/immediate_log.ts";
import { checkKeptEvents } from "./_engine/kept_events.ts";
import { NamedLogs } from "./_engine/named_logs.ts";
import type { SqliteDatabase } from "./_sqlite/database.ts";
import { SqliteHistory } from "./_sqlite/history.ts";
import {
  checkSetup,
  SHARED_OPTIONS,
  type SqliteEventLogsOptions,
} from "./_sqlite/options.ts";

export type {
  SqliteDatabase,
  SqliteStatement,
  SqliteValue,
} from "./_sqlite/database.ts";
export type { SqliteEventLogsOptions } from "./_sqlite/options.ts";
export { SQLITE_SCHEMA } from "./_sqlite/schema.ts";

/** Options for {@linkcode SqliteEventLog}. */
export interface SqliteEventLogOptions extends SqliteEventLogsOptions {
  /**
   * The most events to keep, an integer of at least 1 or `Infinity`. Older ones are
   * dropped some at a time, so up to 31 more may be there.
   *
   * @default {10_000}
   */
  maxEvents?: number | undefined;
  /**
   * Milliseconds for which to keep an event, an integer of at least 1 or `Infinity`.
   * Older ones are not read any more, and are removed by one of the next 32 appends.
   *
   * @default {Infinity}
   */
  maxAge?: number | undefined;
}

const OPTIONS: OptionKinds<SqliteEventLogOptions> = {
  ...SHARED_OPTIONS,
  maxEvents: "any",
  maxAge: "any",
};

/**
 * A log in a SQLite database. It leaves the database open, and its pragmas as they are.
 *
 * - {@linkcode SqliteEventLog.append} has written the event when it returns its promise, so
 *   a transaction that is open on the connection contains it. Followers get it after the
 *   commit; after a rollback, nobody does.
 * - An append that fails in a transaction leaves the transaction open, as it was before the
 *   call. Its promise rejects; code that needs the event awaits that before the commit.
 * - Nothing is read while a transaction is open on the connection: reads wait until it
 *   ends. A transaction that stays open over an `await` belongs on a connection of its own,
 *   since all that is published meanwhile is part of it.
 * - IDs have the form `epoch-sequence`: the epoch is random and drawn with the first event,
 *   and the sequence numbers the events from 1. Events must not bring their own.
 * - While another connection has the lock, an append outside of a transaction is tried
 *   again, for up to `timeout`. All other errors of SQLite are final, and the append has done
 *   nothing.
 * - A call rejects with a `TypeError` if an argument is of the wrong type, with a `RangeError`
 *   if it is outside its range, and with what the database throws.
 * - A file that is deleted, moved or replaced while it is open is an error of every call; so
 *   is the loss of its `-wal`.
 * - A confirmed event is as safe as any other row: `PRAGMA synchronous` decides whether it
 *   survives a loss of power.
 *
 * @example Usage
 * ```ts
 * import { DatabaseSync } from "node:sqlite";
 * import { SqliteEventLog } from "@tidings/sse/sqlite";
 * import { assertEquals } from "@std/assert";
 *
 * using db = new DatabaseSync(":memory:");
 * const log = new SqliteEventLog(db, "news", { maxEvents: 1000 });
 * await log.append({ data: "a" });
 *
 * const { events } = await log.read(await log.rewind(1));
 * assertEquals(events[0]?.data, "a");
 * ```
 */
export class SqliteEventLog implements EventLog {
  readonly #log: ImmediateLog;

  /**
   * Makes a log of what is under the name. It does not use the database yet.
   *
   * @param db The open database.
   * @param name The name of the log in the database: well-formed text that is not empty.
   * @param options What to keep, and how to follow.
   * @throws {TypeError} If an option is unknown or of the wrong type, the name is empty or
   * not well-formed, or `db` is no database.
   * @throws {RangeError} If an option is outside its range.
   */
  constructor(
    db: SqliteDatabase,
    name: string,
    options: SqliteEventLogOptions = {},
  ) {
    const verb = "make event log";
    const given = readOptions(verb, options, OPTIONS);
    const kept = checkKeptEvents(verb, given);
    const setup = checkSetup(verb, db, "name", name, given);
    const history = new SqliteHistory(setup, "", kept);
    this.#log = new ImmediateLog(history, { ...setup, name: quote(name) });
  }

  /**
   * Adds an event at the end of the log, as {@linkcode EventLog.append}.
   *
   * @returns The event's ID. It rejects with a `TypeError` if the event has an ID or
   * `transaction` is given.
   */
  append(
    event: TextEventInit,
    options: EventLogAppendOptions = {},
  ): Promise<string> {
    return this.#log.append(event, options);
  }

  /** Gives the events after a cursor, as {@linkcode EventLog.read}. */
  async read(
    after: string,
    options: EventLogReadOptions = {},
  ): Promise<EventLogBatch> {
    return await this.#log.read(after, options);
  }

  /** Finds the position some events before the end, as {@linkcode EventLog.rewind}. */
  async rewind(count: number, options: EventLogOptions = {}): Promise<string> {
    return await this.#log.rewind(count, options);
  }

  /** Calls back with every event after a cursor, as {@linkcode EventLog.follow}. */
  async follow(
    onBatch: (batch: EventLogBatch) => void,
    options: EventLogFollowOptions = {},
  ): Promise<never> {
    return await this.#log.follow(onBatch, options);
  }

  /** Compares two cursors, as {@linkcode EventLog.compare}. */
  compare(a: string, b: string): number | undefined {
    return this.#log.compare(a, b);
  }

  /** The name of the class, as the classes of the platform have it. */
  get [Symbol.toStringTag](): string {
    return "SqliteEventLog";
  }
}

/**
 * Logs by name in a SQLite database. It leaves the database open.
 *
 * - All that `SqliteEventLog` says of transactions holds for these logs, for claims and for
 *   what is appended under them. They keep all of their events until their names expire.
 * - Leases and expiry use the clock of the machine. Expired names are not read any more;
 *   a later write to any of these logs removes them.
 * - IDs have the form `epoch-sequence`. Events must not bring their own.
 * - A call rejects with a `TypeError` if an argument is of the wrong type or a name is empty,
 *   with a `RangeError` if a number is outside its range or a name too long, and with
 *   what the database throws.
 *
 * @example Usage
 * ```ts
 * import { DatabaseSync } from "node:sqlite";
 * import { EventRuns } from "@tidings/sse/runs";
 * import { SqliteEventLogs } from "@tidings/sse/sqlite";
 * import { assertEquals } from "@std/assert";
 *
 * using db = new DatabaseSync(":memory:");
 * const logs = new SqliteEventLogs(db, "answers");
 * await using runs = new EventRuns({ logs });
 *
 * await runs.start("greeting", () => [{ data: "Hello" }]);
 * assertEquals(await runs.ended("greeting"), "done");
 * ```
 */
export class SqliteEventLogs implements EventLogs {
  readonly #logs: NamedLogs;

  /**
   * Makes logs of what is under a name. It does not use the database yet.
   *
   * @param db The open database.
   * @param collection What the logs are called together in the database: well-formed text
   * that is not empty. A `SqliteEventLog` of that name is not one of them.
   * @param options How to follow, and how long to wait.
   * @throws {TypeError} If an option is unknown or of the wrong type, the name is empty or
   * not well-formed, or `db` is no database.
   * @throws {RangeError} If an option is outside its range.
   */
  constructor(
    db: SqliteDatabase,
    collection: string,
    options: SqliteEventLogsOptions = {},
  ) {
    const verb = "make event logs";
    const given = readOptions(verb, options, SHARED_OPTIONS);
    const setup = checkSetup(verb, db, "collection", collection, given);
    this.#logs = new NamedLogs((name, expireIn) => {
      const options = { ...setup, name: quote(name) };
      return new ImmediateLog(
        new SqliteHistory(setup, name),
        options,
        expireIn,
      );
    });
  }

  /**
   * Opens the log of a name, as {@linkcode EventLogs.open}.
   *
   * @throws {TypeError} If the name is empty or not well-formed, or `expireIn` is not a number.
   * @throws {RangeError} If the name is too long, or `expireIn` is outside its range.
   */
  open(name: string, options: EventLogOpenOptions = {}): EventLog {
    return this.#logs.open(name, options);
  }

  /** Claims a name, as {@linkcode EventLogs.claim}. */
  async claim(
    name: string,
    options: EventLogClaimOptions,
  ): Promise<EventLogClaim | undefined> {
    return await this.#logs.claim(name, options);
  }

  /** Gives the state of a name, as {@linkcode EventLogs.inspect}. */
  async inspect(name: string): Promise<EventLogState> {
    return await this.#logs.inspect(name);
  }

  /** Lets a name expire, as {@linkcode EventLogs.expire}. */
  async expire(
    name: string,
    delay: number,
    options: EventLogExpireOptions = {},
  ): Promise<void> {
    await this.#logs.expire(name, delay, options);
  }

  /** The name of the class, as the classes of the platform have it. */
  get [Symbol.toStringTag](): string {
    return "SqliteEventLogs";
  }
}
