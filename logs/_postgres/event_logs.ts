// Copyright 2026 the Tidings authors. MIT license.

/**
 * Many logs by name in PostgreSQL: opens, claims, inspects and expires them.
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
import type { PostgresClient } from "./client.ts";
import { NamedHistory } from "./named_history.ts";
import { NamedLog } from "./named_log.ts";
import {
  checkSetup,
  type PostgresEventLogsOptions,
  SHARED_OPTIONS,
} from "./options.ts";

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
  /** The calls of this event loop turn share a statement: a herd asks once. */
  readonly #inspecting = new Map<string, Promise<EventLogState>>();

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
    const setup = checkSetup(verb, client, ["collection", collection], given);
    this.#logs = new NamedLogs((name, expireIn) => {
      const history = new NamedHistory(setup, collection, name);
      return new NamedLog(
        history,
        setup.timeout,
        quote(name),
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
    let state = this.#inspecting.get(name);
    if (state === undefined) {
      state = Promise.resolve().then(() => {
        this.#inspecting.delete(name);
        return this.#logs.inspect(name);
      });
      this.#inspecting.set(name, state);
    }
    return await state;
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
