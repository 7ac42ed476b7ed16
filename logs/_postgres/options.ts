// Copyright 2026 the Tidings authors. MIT license.

/**
 * The options that `PostgresEventLog` and `PostgresEventLogs` share.
 *
 * @module
 */

import { assertLogName, MAX_LOG_NAME_BYTES } from "../../_log/event_logs.ts";
import type { OptionKinds } from "../../_options.ts";
import { describeMismatch } from "../../_validate.ts";
import type { LogCallsOptions } from "../_engine/log_calls.ts";
import { fillWaits } from "../_engine/wait_options.ts";
import type { PostgresClient } from "./client.ts";
import {
  connectionOf,
  type PostgresConnection,
  type Row,
  type Values,
} from "./connection.ts";
import { classifyError } from "./error_kinds.ts";

/** Options for {@linkcode PostgresEventLogs}, and for each log. */
export interface PostgresEventLogsOptions {
  /**
   * Milliseconds after which a follower looks for events that no `NOTIFY` has told of: 1 to
   * 2 147 483 647, or `Infinity` for never. Left out, it is 30 000, or 1000 if the client
   * has no `listen`. While the connection that listens is lost, it is 1000 at most.
   */
  pollInterval?: number | undefined;
  /**
   * Milliseconds after which a call that PostgreSQL has not answered fails with an error named
   * `"TimeoutError"`: 1 to 2 147 483 647. If this process stood still, the time starts again.
   *
   * @default {10_000}
   */
  timeout?: number | undefined;
  /**
   * Whether appends send a `NOTIFY`. It makes the commits of all transactions that send one
   * wait for each other; without it, followers find events at their `pollInterval`.
   *
   * @default {true}
   */
  notify?: boolean | undefined;
  /**
   * Whether the application makes the tables, in a migration with
   * {@linkcode POSTGRES_SCHEMA}. By default, the first use makes them, unless it is an append
   * in a transaction.
   *
   * @default {false}
   */
  hasTables?: boolean | undefined;
}

export const SHARED_OPTIONS: OptionKinds<PostgresEventLogsOptions> = {
  pollInterval: "any",
  timeout: "any",
  notify: "a boolean",
  hasTables: "a boolean",
};

/** The connection, and the options with the defaults filled in. */
export interface PostgresSetup extends Omit<LogCallsOptions, "name"> {
  readonly connection: PostgresConnection;
  /** The name of the log, or of the logs. */
  readonly collection: string;
  readonly pollInterval: number;
  readonly notify: boolean;
  /** Runs a statement, as {@linkcode PostgresConnection.query}. */
  query(sql: string, values: Values, transaction?: unknown): Promise<Row[]>;
}

/**
 * Checks the arguments that both classes share, and throws as their constructors say.
 *
 * @param verb What fails otherwise.
 * @param parameter What the name of the log, or of the logs, is called.
 */
export function checkSetup(
  verb: string,
  client: PostgresClient,
  parameter: string,
  collection: string,
  options: PostgresEventLogsOptions,
): PostgresSetup {
  const isClient = typeof client?.query === "function" &&
    (client.listen === undefined || typeof client.listen === "function");
  if (!isClient) {
    const expected = "a client with query(), and listen() if it listens";
    throw new TypeError(describeMismatch(verb, "client", expected, client));
  }
  const { notify = true, hasTables = false } = options;
  const interval = client.listen === undefined ? 1000 : 30_000;
  const waits = fillWaits(verb, options, interval);
  assertLogName(verb, collection, MAX_LOG_NAME_BYTES, parameter);
  const connection = connectionOf(client);
  const query: PostgresSetup["query"] = (...call) =>
    connection.query(hasTables, ...call);
  return { ...waits, connection, collection, notify, query, classifyError };
}
