// Copyright 2026 the Tidings authors. MIT license.

/** `npm:pg` as the logs use it, and a server that the tests of a module share. */

// @ts-types="npm:@types/pg@8.23.1"
import pg from "npm:pg@8.23.1";
import type { PostgresClient } from "../../logs/postgres.ts";
import { hasPostgres, PostgresServer } from "./postgres_server.ts";

/** A client with a pool of its own. */
export interface TestPostgres extends PostgresClient, AsyncDisposable {
  readonly pool: pg.Pool;
  /** Waits until the connection that listens is there, if `listen` was called. */
  begin(): Promise<TestTransaction>;
}

/** A transaction on a connection of its own. */
export interface TestTransaction {
  readonly transaction: pg.PoolClient;
  readonly options: { transaction: pg.PoolClient };
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

/** Opens a pool. */
export function openPostgres(
  url: string,
  options: pg.PoolConfig = {},
): TestPostgres {
  const pool = new pg.Pool({ connectionString: url, ...options });
  // Without listeners, a connection that is lost ends the process.
  pool.on("error", () => {});
  pool.on("connect", (client) => void client.on("error", () => {}));
  return {
    pool,
    query: async (sql, values, on = pool) =>
      (await (on as pg.Pool).query(sql, values)).rows,
    listen: async (channel, onNotify, onLost) => {
      const client = new pg.Client({ connectionString: url });
      client.on("notification", ({ payload = "" }) => onNotify(payload));
      client.on("error", onLost).on("end", onLost);
      await client.connect();
      await client.query(`LISTEN ${channel}`);
      return () => client.end();
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
      return {
        transaction,
        options: { transaction },
        commit: () => run("COMMIT"),
        rollback: () => run("ROLLBACK"),
      };
    },
    [Symbol.asyncDispose]: () => pool.end(),
  };
}

let server: Promise<PostgresServer> | undefined;

/** The server of a module of tests, which ends with it. */
export function sharedPostgres(): Promise<PostgresServer> {
  server ??= PostgresServer.start().then((started) => {
    globalThis.addEventListener("unload", () => started.discard());
    return started;
  });
  return server;
}

if (hasPostgres) await sharedPostgres();
