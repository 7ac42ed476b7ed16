// Copyright 2026 the Tidings authors. MIT license.

/**
 * Many logs by name in SQLite: opens, claims, inspects and expires them.
 *
 * @module
 */

import type { EventLog } from "../../_log/event_log.ts";
import type {
  EventLogClaim,
  EventLogClaimOptions,
  EventLogExpireOptions,
  EventLogOpenOptions,
  EventLogs,
  EventLogState,
} from "../../_log/event_logs.ts";
import { readOptions } from "../../_options.ts";
import { quote } from "../../_validate.ts";
import { NamedLogs } from "../_engine/named_logs.ts";
import type { SqliteDatabase } from "./database.ts";
import { SqliteHistory } from "./history.ts";
import { SqliteLog } from "./log.ts";
import {
  checkSetup,
  SHARED_OPTIONS,
  type SqliteEventLogsOptions,
} from "./options.ts";

/**
 * Logs by name in a SQLite database. It leaves the database open.
 *
 * - All that `SqliteEventLog` says of transactions holds for these logs, for claims and for
 *   what is appended under them. They keep all of their events until their names expire.
 * - Leases and expiry use the clock of the machine. Expired names are not read any more;
 *   a later write to any of these logs removes them.
 * - IDs have the form `epoch-sequence`. Events must not bring their own.
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
    const setup = checkSetup(verb, db, ["collection", collection], given);
    this.#logs = new NamedLogs((name, expireIn) => {
      const history = new SqliteHistory(setup.connection, collection, name);
      return new SqliteLog(setup, history, quote(name), expireIn);
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

  /**
   * Claims a name, as {@linkcode EventLogs.claim}.
   *
   * @returns The claim, `undefined` if there is none. It rejects with a `TypeError` if an
   * option is not a number or the name is empty, with a `RangeError` if an option is
   * outside its range, and with what the database throws.
   */
  async claim(
    name: string,
    options: EventLogClaimOptions,
  ): Promise<EventLogClaim | undefined> {
    return await this.#logs.claim(name, options);
  }

  /**
   * Gives the state of a name, as {@linkcode EventLogs.inspect}.
   *
   * @returns Its state. It rejects with what the database throws.
   */
  async inspect(name: string): Promise<EventLogState> {
    return await this.#logs.inspect(name);
  }

  /**
   * Lets a name expire, as {@linkcode EventLogs.expire}.
   *
   * @returns It rejects with a `TypeError` if `delay` is not a number, with a
   * `RangeError` if it is not an integer of at least 1, and with what the database throws.
   */
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
