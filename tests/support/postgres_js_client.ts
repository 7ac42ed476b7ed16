// Copyright 2026 the Tidings authors. MIT license.

/** `npm:postgres` as the logs use it, behind the interface of the tests' own client. */

import postgres from "npm:postgres@3.4.9";
import type {
  OpenPostgresOptions,
  PgConnection,
  TestPostgres,
  TestTransaction,
} from "./postgres_client.ts";

/** What of `postgres` runs statements: a pool, a connection or a transaction of it. */
type Sql = Pick<ReturnType<typeof postgres>, "unsafe">;

type Values = (string | null)[];
type Rows = Record<string, unknown>[];

/** How a transaction ends that is to be rolled back. */
const ROLLBACK = new Error("The transaction is rolled back");

/** Opens a pool. */
export function openPostgresJs(
  url: string,
  { max, listenUrl = url }: OpenPostgresOptions = {},
): TestPostgres {
  const options = {
    onnotice: () => {},
    // Its timer outlives the connection for a moment, which a test must not.
    max_lifetime: null,
    // Otherwise a transaction through PgBouncer may be rolled back and reported as committed.
    prepare: listenUrl === url,
    ...max !== undefined && { max },
  };
  const sql = postgres(url, options);
  const run = async (
    on: Sql,
    text: string,
    values: unknown[] = [],
  ): Promise<{ rows: Rows }> => ({
    rows: await on.unsafe<Rows>(text, values as Values),
  });
  /** Ends each connection that listens, or is about to, which would outlive the test. */
  const listeners: (() => Promise<void>)[] = [];
  const end = async (): Promise<void> => {
    await Promise.all(listeners.map((end) => end()));
    await sql.end({ timeout: 5 });
  };
  return {
    pool: {
      query: (text, values) => run(sql, text, values),
      on: () => {},
      connect: async () => {
        const reserved = await sql.reserve();
        return {
          // What the client below runs the statements of a log on.
          unsafe: (text: string, values: Values) =>
            reserved.unsafe(text, values),
          query: (text, values) => run(reserved, text, values),
          on: () => {},
          release: () => reserved.release(),
        };
      },
      end,
    },
    query: (text, values, on: Sql = sql) => on.unsafe(text, values),
    listen: async (channel, onNotify, onLost) => {
      const listenOptions = {
        ...options,
        max: 1,
        fetch_types: false,
        onclose: onLost,
        onnotify: (_channel: string, payload: string) => onNotify(payload),
      };
      const listener = postgres(listenUrl, listenOptions);
      const stop = (): Promise<void> => listener.end({ timeout: 1 });
      const listening = listener.unsafe(`LISTEN ${channel}`);
      listeners.push(async () => {
        await Promise.allSettled([listening]);
        await stop();
      });
      try {
        await listening;
      } catch (error) {
        await stop();
        throw error;
      }
      return stop;
    },
    begin: () => begin(sql, run),
    [Symbol.asyncDispose]: end,
  };
}

/** Begins a transaction as its documentation does, and ends it when it is told to. */
async function begin(
  sql: ReturnType<typeof postgres>,
  run: (on: Sql, text: string, values?: unknown[]) => Promise<{ rows: Rows }>,
): Promise<TestTransaction> {
  const ended = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<Sql>();
  const done = sql.begin(async (transaction) => {
    begun.resolve(transaction);
    await ended.promise;
  });
  done.catch(begun.reject);
  const on = await begun.promise;
  const transaction: PgConnection & Sql = Object.assign(
    {
      query: (text: string, values?: unknown[]) => run(on, text, values),
      on: () => {},
      release: () => {},
    },
    { unsafe: on.unsafe },
  );
  return {
    transaction,
    options: { transaction },
    commit: async () => {
      ended.resolve();
      await done;
    },
    rollback: async () => {
      ended.reject(ROLLBACK);
      await done.catch(() => {});
    },
  };
}
