// Copyright 2026 the Tidings authors. MIT license.

/**
 * A log in PostgreSQL: the history of a channel in the database that the application has.
 * All processes that use the database share it.
 *
 * Publishing can be part of a transaction of the application: the event exists if and only
 * if the change does. You need no outbox table, and no process that polls one.
 *
 * With `npm:pg`, a connection that is lost ends the process unless the pool has a listener for
 * `error`, and each of its connections too. The guide in `docs/durable_logs.md` shows both.
 *
 * @example A change and its event
 * ```ts ignore -- it needs a server
 * import { EventChannel } from "@tidings/sse/channel";
 * import { type PostgresClient, PostgresEventLog } from "@tidings/sse/postgres";
 * import pg from "npm:pg@8";
 *
 * const pool = new pg.Pool();
 * const client: PostgresClient = {
 *   query: async (sql, values, on: pg.Pool | pg.PoolClient = pool) =>
 *     (await on.query(sql, values)).rows,
 * };
 * const channel = new EventChannel({ log: new PostgresEventLog(client, "orders") });
 *
 * const transaction = await pool.connect();
 * await transaction.query("BEGIN");
 * await transaction.query("UPDATE orders SET state = 'paid' WHERE id = 17");
 * await channel.publish({ event: "paid", data: "17" }, { transaction });
 * await transaction.query("COMMIT"); // or "ROLLBACK", and nobody gets the event
 * transaction.release();
 * ```
 *
 * @module
 */

import { type OptionKinds, readOptions } from "../_options.ts";
import { assertLimit, quote } from "../_validate.ts";
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
import { checkKeptEvents } from "./_engine/kept_events.ts";
import { LineLog } from "./_engine/line_log.ts";
import { NamedLogs } from "./_engine/named_logs.ts";
import type { HeldWatcher } from "./_engine/notified_changes.ts";
import { VersionedLog } from "./_engine/versioned_log.ts";
import type { PostgresClient } from "./_postgres/client.ts";
import { PostgresHistory } from "./_postgres/history.ts";
import { NamedHistory } from "./_postgres/named_history.ts";
import {
  checkSetup,
  type PostgresEventLogsOptions,
  SHARED_OPTIONS,
} from "./_postgres/options.ts";

export type { PostgresClient } from "./_postgres/client.ts";
export type { PostgresEventLogsOptions } from "./_postgres/options.ts";
export { POSTGRES_SCHEMA } from "./_postgres/schema.ts";

/** Options for {@linkcode PostgresEventLog}. */
export interface PostgresEventLogOptions extends PostgresEventLogsOptions {
  /**
   * The most events to keep, an integer of at least 1 or `Infinity`. Older ones are
   * dropped some at a time, so the log may have a tenth more for each process that appends:
   * at least 100 and at most 1000.
   *
   * @default {10_000}
   */
  maxEvents?: number | undefined;
  /**
   * The most bytes of JSON to keep, an integer of at least 1 or `Infinity`. Older events
   * are dropped some at a time; the last event always stays.
   *
   * @default {Infinity}
   */
  maxBytes?: number | undefined;
  /**
   * Milliseconds for which to keep an event, an integer of at least 1 or `Infinity`. Older
   * ones are dropped some at a time, by a process that appends or follows: while nothing
   * comes, once a minute.
   *
   * @default {Infinity}
   */
  maxAge?: number | undefined;
}

const OPTIONS: OptionKinds<PostgresEventLogOptions> = {
  ...SHARED_OPTIONS,
  maxEvents: "any",
  maxBytes: "any",
  maxAge: "any",
};

/**
 * A log in a PostgreSQL database, version 13 or later. It leaves the client open.
 *
 * - With the option `transaction`, {@linkcode PostgresEventLog.append} writes the event in a
 *   transaction of the application, with one `INSERT`. Followers get it after the commit;
 *   after a rollback, nobody does. If it fails, the transaction can only be rolled back.
 * - All readers get one order: that of the transactions' IDs, which is not the order of
 *   their commits. An event that can be read waits until all older transactions that write
 *   in any database of the server have ended, so that nothing appears before it.
 * - IDs have the form `transaction-row`. Events must not bring their own. The ID of an event
 *   in a transaction is known before the commit; a client can resume from it after that.
 * - The events of one event loop turn are one `INSERT`, except those in a transaction.
 * - An append is tried again after errors that leave its outcome unknown; it is never done
 *   twice. In a transaction, it is tried once.
 * - A call rejects with a `TypeError` if an argument is of the wrong type, with a `RangeError`
 *   if it is outside its range, and with the client's errors.
 * - It uses no state of a session, so `query` may go through PgBouncer in transaction mode.
 *
 * @example Usage
 * ```ts
 * import { type PostgresClient, PostgresEventLog } from "@tidings/sse/postgres";
 * import { assertEquals } from "@std/assert";
 *
 * // This stands in for PostgreSQL, and knows one answer.
 * const client: PostgresClient = {
 *   query: (sql) => Promise.resolve(
 *     sql.includes("version")
 *       ? [{ version: "1" }]
 *       : [{ cursor: "741-1048577", held: "false", foreign: "false" }],
 *   ),
 * };
 * const log = new PostgresEventLog(client, "news", { maxEvents: 1000 });
 *
 * assertEquals(await log.rewind(0), "741-1048577");
 * ```
 */
export class PostgresEventLog implements EventLog {
  readonly #log: LineLog<HeldWatcher>;

  /**
   * Makes the log of a name. It does not use the client yet.
   *
   * @param client The client; others may use it too.
   * @param name The name of the log in the database: well-formed text of 1 to 1040 bytes of
   * UTF-8.
   * @param options What to keep, and how to follow.
   * @throws {TypeError} If an option is unknown or of the wrong type, the name is empty or
   * not well-formed, or `client` has no `query()`.
   * @throws {RangeError} If an option is outside its range, or the name is too long.
   */
  constructor(
    client: PostgresClient,
    name: string,
    options: PostgresEventLogOptions = {},
  ) {
    const verb = "make event log";
    const given = readOptions(verb, options, OPTIONS);
    const { maxBytes = Infinity } = given;
    const kept = checkKeptEvents(verb, given);
    assertLimit(verb, "maxBytes", maxBytes, 1);
    const setup = checkSetup(verb, client, "name", name, given);
    const history = new PostgresHistory(setup, { ...kept, maxBytes });
    this.#log = new LineLog(history, { ...setup, name: quote(name) });
  }

  /**
   * Adds an event at the end of the log, as {@linkcode EventLog.append}.
   *
   * @returns The event's ID. It rejects with a `TypeError` if the event has an ID, with the
   * client's error if PostgreSQL refuses the event, and with a `TimeoutError` if PostgreSQL
   * does not answer within `timeout`: the event may then be in the log or not.
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
    return "PostgresEventLog";
  }
}

/**
 * Logs by name in a PostgreSQL database. It leaves the client open.
 *
 * - They keep all of their events until their names expire, and take no transaction of the
 *   application: an event can be read as soon as it is appended, whatever other transactions
 *   are open.
 * - Leases and expiry use the clock of the database. Expired names are not read any more;
 *   they are removed by a later claim, or a later call of
 *   {@linkcode PostgresEventLogs.expire}.
 * - IDs have the form `epoch-sequence`. Events must not bring their own.
 * - A call rejects with a `TypeError` if an argument is of the wrong type or a name is empty,
 *   with a `RangeError` if a number is outside its range or a name too long, and with
 *   the client's errors.
 *
 * @example Usage
 * ```ts ignore -- it needs a server
 * import { type PostgresClient, PostgresEventLogs } from "@tidings/sse/postgres";
 * import { EventRuns } from "@tidings/sse/runs";
 * import pg from "npm:pg@8";
 *
 * const pool = new pg.Pool();
 * const client: PostgresClient = {
 *   query: async (sql, values) => (await pool.query(sql, values)).rows,
 * };
 * const runs = new EventRuns({ logs: new PostgresEventLogs(client, "answers") });
 *
 * await runs.start("greeting", () => [{ data: "Hello" }]);
 * ```
 */
export class PostgresEventLogs implements EventLogs {
  readonly #logs: NamedLogs;

  /**
   * Makes the logs of a collection. It does not use the client yet.
   *
   * @param client The client; others may use it too.
   * @param collection The name of all of these logs together in the database: well-formed
   * text of 1 to 1040 bytes of UTF-8. A `PostgresEventLog` of that name is not one of them.
   * @param options How to follow, and how long to wait.
   * @throws {TypeError} If an option is unknown or of the wrong type, the name is empty or
   * not well-formed, or `client` has no `query()`.
   * @throws {RangeError} If an option is outside its range, or the name is too long.
   */
  constructor(
    client: PostgresClient,
    collection: string,
    options: PostgresEventLogsOptions = {},
  ) {
    const verb = "make event logs";
    const given = readOptions(verb, options, SHARED_OPTIONS);
    const setup = checkSetup(verb, client, "collection", collection, given);
    this.#logs = new NamedLogs((name, expireIn) => {
      const history = new NamedHistory(setup, name);
      return new VersionedLog(
        history,
        { ...setup, name: quote(name) },
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
    return "PostgresEventLogs";
  }
}
