// Copyright 2026 the Tidings authors. MIT license.

/**
 * Runs the statements of all logs that share a client, and makes the tables before the first
 * one. The histories call it.
 *
 * @module
 */

import { quote } from "../../_validate.ts";
import { NotifiedChanges } from "../_engine/notified_changes.ts";
import { onceEach } from "../_engine/once_each.ts";
import { SchemaError, SetupError } from "../_engine/schema_error.ts";
import type { PostgresClient } from "./client.ts";
import { isTableMissing } from "./error_kinds.ts";
import { NOTIFY_CHANNEL, POSTGRES_SCHEMA, SCHEMA_VERSION } from "./schema.ts";

/** A row, by the names of its columns. */
export type Row = Readonly<Record<string, string | null>>;
/** What a statement takes. */
export type Values = (string | null)[];

/** The number of the lock is random, since other programs of the database take locks too. */
const MAKE_TABLES = `DO $tidings$ BEGIN
PERFORM pg_advisory_xact_lock(5211948630178542);
${POSTGRES_SCHEMA}END $tidings$`;
/** `NULL` if the functions of this version are not there. */
const READ_VERSION = `SELECT CASE WHEN max(version) <> ${SCHEMA_VERSION}
  OR (to_regproc('tidings_append'), to_regproc('tidings_read')) IS NOT NULL
  THEN max(version) END::text AS version FROM tidings_schema`;
const NOTIFY = "SELECT pg_notify($1::text, $2::text)";

/** A client that logs share. */
export class PostgresConnection {
  /** Tells followers of changes. */
  readonly changes: NotifiedChanges;
  /** When expired logs were removed last, by `performance.now()`. */
  sweptAt = -Infinity;
  readonly #client: PostgresClient;
  /** Whether the tables were found; `false` once a statement has missed one of them. */
  #hasFound: boolean | undefined;

  constructor(client: PostgresClient) {
    this.#client = client;
    this.changes = new NotifiedChanges(
      client.listen && {
        // There is one, as was checked.
        listen: (...calls) => client.listen!(NOTIFY_CHANNEL, ...calls),
        send: (payload) => client.query(NOTIFY, [NOTIFY_CHANNEL, payload]),
      },
    );
  }

  /**
   * Runs a statement in a transaction of the application, or without one in its own, once the
   * tables are there.
   *
   * @param hasTables Whether the application makes them.
   */
  async query(
    hasTables: boolean,
    sql: string,
    values: Values,
    transaction?: unknown,
  ): Promise<Row[]> {
    if (transaction === undefined && !this.#hasFound) {
      await this.#prepare(hasTables);
      this.#hasFound = true;
    }
    try {
      return readRows(await this.#client.query(sql, values, transaction));
    } catch (error) {
      // A restored backup may have no tables, some, or those of another version.
      if (isTableMissing(error)) this.#hasFound = false;
      throw error;
    }
  }

  async #prepare(hasTables: boolean): Promise<void> {
    let version = await this.#readVersion();
    const isMissing = version === undefined ||
      this.#hasFound === false && Number(version) === SCHEMA_VERSION;
    if (isMissing && !hasTables) {
      await this.#client.query(MAKE_TABLES, []);
      version = await this.#readVersion();
    }
    if (Number(version) === SCHEMA_VERSION) return;
    throw new SchemaError("POSTGRES_SCHEMA", SCHEMA_VERSION, version);
  }

  async #readVersion(): Promise<string | undefined> {
    try {
      const reply: unknown = await this.#client.query(READ_VERSION, []);
      const row = Array.isArray(reply) ? reply[0] : undefined;
      if (row?.version !== undefined) return row.version ?? undefined;
      const what = "rows by the names of their columns";
      const got = quote(row ?? reply);
      throw new SetupError(`expected query() to give ${what}, got ${got}`);
    } catch (error) {
      if (isTableMissing(error)) return undefined;
      throw error;
    }
  }
}

/** Gives the connection of a client, always the same one. */
export const connectionOf: (client: PostgresClient) => PostgresConnection =
  onceEach((client) => new PostgresConnection(client));

/** Reads a column that is never `NULL`, and throws if it is no text, as if a client parses it. */
export function readText(row: Row | undefined, column: string): string {
  const text: unknown = row?.[column];
  if (typeof text === "string") return text;
  throw new Error(
    `expected a row with the text "${column}", got ${quote(row && text)}`,
  );
}

/** Parses the reply to a read: the state, as JSON in the first row, and the rows of the events. */
export function readReply<State>(
  [first, ...rows]: readonly Row[],
): { state: State; rows: Row[] } {
  return { state: JSON.parse(readText(first, "event")), rows };
}

/** Makes a bound for a statement: `NULL` if it is `Infinity`. */
export function toBound(value: number): string | null {
  return value === Infinity
    ? null
    : String(Math.min(value, Number.MAX_SAFE_INTEGER));
}

function readRows(reply: unknown): Row[] {
  const isRows = Array.isArray(reply) &&
    reply.every((row) => typeof row === "object" && row !== null);
  if (isRows) return reply;
  throw new Error(`expected query() to give rows, got ${quote(reply)}`);
}
