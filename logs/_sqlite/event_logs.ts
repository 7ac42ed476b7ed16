// Copyright 2026 the Tidings authors. MIT license.

/**
 * Many logs by name in SQLite: opens, claims, inspects and expires them.
 *
 * @module
 */

import { makeEpoch } from "../../_log/epoch_cursor.ts";
import type { EventLog, EventLogAppendOptions } from "../../_log/event_log.ts";
import {
  assertLogName,
  type EventLogClaim,
  EventLogClaimError,
  type EventLogClaimOptions,
  type EventLogExpireOptions,
  type EventLogOpenOptions,
  type EventLogs,
  type EventLogState,
} from "../../_log/event_logs.ts";
import {
  checkClaimOptions,
  checkExpire,
  checkOpenOptions,
} from "../../_log/option_checks.ts";
import { readOptions } from "../../_options.ts";
import { quote } from "../../_validate.ts";
import type { TextEventInit } from "../../event.ts";
import { assertNoId } from "../_engine/assert_no_id.ts";
import { canBeClaimed } from "../_engine/claim_rule.ts";
import { makeEventLine } from "../_engine/event_line.ts";
import { nameErrors } from "../_engine/name_errors.ts";
import { retry } from "../_engine/retry.ts";
import type { SqliteDatabase } from "./database.ts";
import { classifyError } from "./error_kinds.ts";
import { SqliteHistory, type SqliteLogState } from "./history.ts";
import { SqliteLog } from "./log.ts";
import {
  checkSetup,
  SHARED_OPTIONS,
  type SqliteEventLogsOptions,
  type SqliteSetup,
} from "./options.ts";
import { SqliteWriter } from "./writer.ts";

/**
 * Logs by name in a SQLite database. It leaves the database open.
 *
 * - All that `SqliteEventLog` says of transactions holds for these logs, for claims and for
 *   what is appended under them. They keep all of their events until their names expire.
 * - Leases and expiry use the clock of the machine. Expired names are not read any more;
 *   they are removed by a later claim, a later call of
 *   {@linkcode SqliteEventLogs.expire} or an append to a log that expires.
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
  readonly #setup: SqliteSetup;
  readonly #collection: string;

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
    this.#setup = checkSetup(verb, db, ["collection", collection], given);
    this.#collection = collection;
  }

  /**
   * Opens the log of a name, as {@linkcode EventLogs.open}.
   *
   * @throws {TypeError} If the name is empty or not well-formed, or `expireIn` is not a number.
   * @throws {RangeError} If the name is too long, or `expireIn` is outside its range.
   */
  open(name: string, options: EventLogOpenOptions = {}): EventLog {
    const expireIn = checkOpenOptions(name, options);
    const history = this.#historyOf(name);
    return new SqliteLog(this.#setup, history, quote(name), expireIn);
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
    const given = checkClaimOptions(name, options);
    const { leaseTime, expireIn, replace, event } = given;
    if (event !== undefined) assertNoId(event);
    const history = this.#historyOf(name);
    const writer = new SqliteWriter(this.#setup, quote(name));
    const id = makeEpoch();
    const cursor = await writer.write("claim", () => {
      history.sweep();
      const state = history.readState();
      const isHeld = state !== undefined && isClaimed(state);
      if (!canBeClaimed(state, isHeld, given)) return undefined;
      const now = Date.now();
      const { epoch, last } = replace || state === undefined
        ? history.begin()
        : state;
      history.writeState({
        epoch,
        last,
        claimId: id,
        leaseEnd: now + leaseTime,
        expiresAt: now + expireIn,
      });
      if (event !== undefined) {
        history.append(makeEventLine(event, {}), undefined);
      }
      return `${epoch}-${last}`;
    });
    if (cursor === undefined) return undefined;
    return new SqliteClaim(writer, history, { name, id, cursor, leaseTime });
  }

  /**
   * Gives the state of a name, as {@linkcode EventLogs.inspect}.
   *
   * @returns Its state. It rejects with what the database throws.
   */
  async inspect(name: string): Promise<EventLogState> {
    assertLogName("inspect event log", name);
    const { connection, timeout } = this.#setup;
    const history = this.#historyOf(name);
    const inspect = (): EventLogState => {
      const state = history.readState();
      if (state === undefined) return { last: undefined, isClaimed: false };
      const last = state.last === 0 ? undefined : history.findLast(state);
      const { claimId } = state;
      const found = { last, isClaimed: isClaimed(state) };
      return claimId === undefined ? found : { ...found, claimId };
    };
    const verb = `inspect event log ${quote(name)}`;
    return await nameErrors(
      verb,
      () =>
        retry(() => connection.readCommitted(this.#setup, inspect), {
          timeout,
          verb,
          classifyError,
        }),
    );
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
    const { claimId } = checkExpire(name, delay, options);
    const history = this.#historyOf(name);
    const writer = new SqliteWriter(this.#setup, quote(name));
    await writer.write("expire", () => {
      history.sweep();
      const state = history.readState();
      const isLater = claimId !== undefined && state?.claimId !== claimId;
      if (state === undefined || isLater) return;
      history.writeState({ ...state, expiresAt: Date.now() + delay });
    });
  }

  /** The name of the class, as the classes of the platform have it. */
  get [Symbol.toStringTag](): string {
    return "SqliteEventLogs";
  }

  #historyOf(name: string): SqliteHistory {
    return new SqliteHistory(this.#setup.connection, this.#collection, name);
  }
}

/** What a claim is made of. */
interface ClaimOptions {
  name: string;
  id: string;
  cursor: string;
  /** Milliseconds. */
  leaseTime: number;
}

/** The claim of a name in SQLite. */
class SqliteClaim implements EventLogClaim {
  readonly cursor: string;
  readonly id: string;
  readonly #writer: SqliteWriter;
  readonly #history: SqliteHistory;
  readonly #options: ClaimOptions;

  constructor(
    writer: SqliteWriter,
    history: SqliteHistory,
    options: ClaimOptions,
  ) {
    this.cursor = options.cursor;
    this.id = options.id;
    this.#writer = writer;
    this.#history = history;
    this.#options = options;
  }

  append(
    event: TextEventInit,
    options: EventLogAppendOptions = {},
  ): Promise<string> {
    return this.#writer.append(event, options, (line) => {
      if (this.#readHeld() === undefined) {
        throw new EventLogClaimError(this.#options.name);
      }
      return this.#history.append(line, undefined);
    });
  }

  async renew(): Promise<boolean> {
    const leaseEnd = Date.now() + this.#options.leaseTime;
    return await this.#writer.write("renew the claim of", () => {
      const state = this.#readHeld();
      if (state === undefined) return false;
      this.#history.writeState({ ...state, leaseEnd });
      return true;
    });
  }

  async release(): Promise<void> {
    await this.#writer.write("release", () => {
      const state = this.#readHeld();
      if (state === undefined) return;
      this.#history.writeState({ ...state, leaseEnd: undefined });
    });
  }

  /** The name of the class, as the classes of the platform have it. */
  get [Symbol.toStringTag](): string {
    return "EventLogClaim";
  }

  /** Reads the state, `undefined` if the name is no longer claimed by this claim. */
  #readHeld(): SqliteLogState | undefined {
    const state = this.#history.readState();
    const isHeld = state?.claimId === this.id && state.leaseEnd !== undefined;
    return isHeld ? state : undefined;
  }
}

function isClaimed({ leaseEnd }: SqliteLogState): boolean {
  return leaseEnd !== undefined && leaseEnd > Date.now();
}
