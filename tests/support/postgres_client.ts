// Copyright 2026 the Tidings authors. MIT license.

/** `npm:pg` as the logs use it. */

import pg from "npm:pg@8.23.1";
import type { PostgresClient } from "../../logs/postgres.ts";

// Its own types bring those of Node for events, which are not Deno's.

/** What answers statements. */
export interface PgQueries {
  query(
    sql: string,
    values?: unknown[],
  ): Promise<{ rows: Record<string, unknown>[] }>;
}

/** A connection of a pool. */
export interface PgConnection extends PgQueries {
  on(name: "error", listener: () => void): unknown;
  release(isBroken?: boolean): void;
}

/** A pool of connections. */
export interface PgPool extends PgQueries {
  on(name: "error", listener: () => void): unknown;
  on(name: "connect", listener: (connection: PgConnection) => void): unknown;
  connect(): Promise<PgConnection>;
  end(): Promise<void>;
}

/** A client with a pool of its own. */
export interface TestPostgres extends PostgresClient, AsyncDisposable {
  readonly pool: PgPool;
  /** Begins a transaction. */
  begin(): Promise<TestTransaction>;
}

/** A transaction on a connection of its own. */
export interface TestTransaction {
  readonly transaction: PgConnection;
  readonly options: { transaction: PgConnection };
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

/** Where and how to connect. */
export interface OpenPostgresOptions {
  /** The most connections of the pool. */
  max?: number;
  /** Where to listen, if that is another address. */
  listenUrl?: string;
}

/** Opens a pool. */
export function openPostgres(
  url: string,
  { listenUrl = url, ...options }: OpenPostgresOptions = {},
): TestPostgres {
  const pool: PgPool = new pg.Pool({ connectionString: url, ...options });
  // Without listeners, a connection that is lost ends the process.
  pool.on("error", () => {});
  pool.on("connect", (client) => void client.on("error", () => {}));
  /** Ends the transactions that a test has left open, for which the pool would wait. */
  const rollbacks = new Set<() => Promise<void>>();
  return {
    pool,
    query: async (sql, values, on: PgQueries = pool) =>
      (await on.query(sql, values)).rows,
    listen: async (channel, onNotify, onLost) => {
      const client = new pg.Client({ connectionString: listenUrl });
      client.on(
        "notification",
        ({ payload = "" }: { payload?: string }) => onNotify(payload),
      );
      client.on("error", onLost).on("end", onLost);
      const stop = (): Promise<void> => client.end();
      try {
        await client.connect();
        await client.query(`LISTEN ${channel}`);
      } catch (error) {
        stop();
        throw error;
      }
      return stop;
    },
    begin: async () => {
      const transaction = await pool.connect();
      let isReleased = false;
      const run = async (sql: string): Promise<void> => {
        if (isReleased) return;
        try {
          await transaction.query(sql);
          if (sql === "BEGIN") return;
          transaction.release();
          isReleased = true;
        } catch (error) {
          transaction.release(true);
          isReleased = true;
          throw error;
        }
      };
      await run("BEGIN");
      const rollback = (): Promise<void> => run("ROLLBACK");
      rollbacks.add(rollback);
      return {
        transaction,
        options: { transaction },
        commit: () => run("COMMIT"),
        rollback,
      };
    },
    [Symbol.asyncDispose]: async () => {
      for (const rollback of rollbacks) await rollback().catch(() => {});
      await pool.end();
    },
  };
}

/**
 * Ends the connection of another client, once there is such a one.
 *
 * @param condition What holds for its row of `pg_stat_activity`.
 */
export async function endConnection(
  { pool }: TestPostgres,
  condition: string,
): Promise<void> {
  for (let count = 0; count === 0;) {
    const { rows } = await pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${condition}`,
    );
    count = rows.length;
  }
}
