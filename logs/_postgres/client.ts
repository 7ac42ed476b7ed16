// Copyright 2026 the Tidings authors. MIT license.

/**
 * The part of a PostgreSQL client that logs use. The application implements it.
 *
 * @module
 */

/**
 * A client of PostgreSQL, with few methods, so that any that an application uses can be
 * adapted. All values and all columns are text or `null`, so the types that a client
 * parses do not matter.
 *
 * @example With `npm:pg`
 * ```ts ignore -- it needs a server
 * import pg from "npm:pg@8";
 * import type { PostgresClient } from "@tidings/sse/postgres";
 *
 * const pool = new pg.Pool({ connectionString: "postgres://127.0.0.1/app" });
 * const client: PostgresClient = {
 *   query: async (sql, values, on: pg.Pool | pg.PoolClient = pool) =>
 *     (await on.query(sql, values)).rows,
 * };
 * ```
 */
export interface PostgresClient {
  /**
   * Runs one statement.
   *
   * @param sql The statement, with `$1` and so on for the values.
   * @param values The values.
   * @param transaction Where to run it: what `append()` or `publish()` got as its option
   * `transaction`. Left out, it runs in a transaction of its own, on any connection.
   * @returns The rows, by the names of their columns. If PostgreSQL refuses the statement, it
   * rejects with an error that has the SQLSTATE as `code`, as `errno`, or as `code` of its `cause`.
   */
  query(
    sql: string,
    values: (string | null)[],
    transaction?: unknown,
  ): Promise<readonly object[]>;

  /**
   * Listens to a channel of `NOTIFY`, on a connection that stays open. Left out, followers
   * look for events at an interval.
   *
   * @param channel The channel, an identifier that needs no quotes.
   * @param onNotify Is called with the payload of each notification.
   * @param onLost Is called when the connection is lost. The log then calls the function
   * that stops it, and `listen` again.
   * @returns A function that stops it. Where it rejects, it leaves no connection open.
   */
  listen?(
    channel: string,
    onNotify: (payload: string) => void,
    onLost: () => void,
  ): Promise<() => unknown>;
}
