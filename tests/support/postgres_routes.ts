// Copyright 2026 the Tidings authors. MIT license.

/**
 * The ways from an application to PostgreSQL: two clients, each straight and through a
 * PgBouncer in transaction mode. Through that, they listen straight.
 */

import { hasPgBouncer, PgBouncer, pgBouncerNote } from "./pgbouncer.ts";
import {
  openPostgres,
  type OpenPostgresOptions,
  type TestPostgres,
} from "./postgres_client.ts";
import { openPostgresJs } from "./postgres_js_client.ts";
import {
  hasPostgres,
  postgresNote,
  type PostgresServer,
} from "./postgres_server.ts";
import { sharedPostgres } from "./shared_postgres.ts";

/** One way. */
export interface PostgresRoute {
  /** What to add to the name of what is tested. */
  readonly suffix: string;
  readonly ignore: boolean;
  readonly open: (url: string, options?: OpenPostgresOptions) => TestPostgres;
  readonly hasBouncer: boolean;
  /**
   * Whether the client outlives the loss of a connection that has a transaction. `postgres`
   * 3.4.9 writes to the socket that is gone, and throws where nobody can catch it.
   */
  readonly survivesLoss: boolean;
}

/** More than the transactions of a test. */
const POOL_SIZE = 50;

const CLIENTS = { "": openPostgres, "postgres.js": openPostgresJs };

/** All ways. The first is that of most tests: `pg`, straight. */
export const POSTGRES_ROUTES: readonly PostgresRoute[] = [false, true].flatMap(
  (hasBouncer) =>
    Object.entries(CLIENTS).map(([client, open]) => {
      const parts = [client, hasBouncer ? "PgBouncer" : ""]
        .filter((part) => part !== "");
      const name = parts.length === 0 ? "" : ` (${parts.join(", ")})`;
      return {
        suffix: name + (hasBouncer ? pgBouncerNote : postgresNote),
        ignore: !(hasBouncer ? hasPgBouncer : hasPostgres),
        open,
        hasBouncer,
        survivesLoss: open === openPostgres,
      };
    }),
);

let bouncer: Promise<PgBouncer> | undefined;

/** The PgBouncer that the tests of a module share. It ends with the module. */
function sharedBouncer(): Promise<PgBouncer> {
  bouncer ??= sharedPostgres().then(async ({ port }) => {
    const started = await PgBouncer.start(port, POOL_SIZE);
    globalThis.addEventListener("unload", () => started.discard());
    return started;
  });
  return bouncer;
}

// Not in the first test: it would seem to leave a process behind.
if (hasPgBouncer) await sharedBouncer();

/** Opens a client to the PostgreSQL that the tests of a module share. */
export async function openShared(
  { open, hasBouncer }: PostgresRoute,
  options?: OpenPostgresOptions,
): Promise<TestPostgres> {
  const server = await sharedPostgres();
  if (!hasBouncer) return open(server.url, options);
  return await openThrough(open, await sharedBouncer(), server, options);
}

/** Opens a client to a PostgreSQL of one test, which closes what is between them. */
export async function openRoute(
  { open, hasBouncer }: PostgresRoute,
  server: PostgresServer,
  options?: OpenPostgresOptions,
): Promise<TestPostgres> {
  if (!hasBouncer) return open(server.url, options);
  const own = await PgBouncer.start(server.port, POOL_SIZE);
  const client = await openThrough(open, own, server, options);
  return {
    ...client,
    [Symbol.asyncDispose]: async () => {
      await client[Symbol.asyncDispose]();
      await own[Symbol.asyncDispose]();
    },
  };
}

/** Opens a client of which statement after statement runs in another session. */
async function openThrough(
  open: PostgresRoute["open"],
  { url }: PgBouncer,
  server: PostgresServer,
  options?: OpenPostgresOptions,
): Promise<TestPostgres> {
  const listenUrl = server.url;
  await using first = open(url, { listenUrl });
  const sessions = new Set<unknown>();
  while (sessions.size < 2) {
    const sql = "SELECT pg_backend_pid() AS pid FROM pg_sleep(0.01)";
    const some = Array.from({ length: 4 }, () => first.pool.query(sql));
    for (const { rows } of await Promise.all(some)) sessions.add(rows[0]?.pid);
  }
  return open(url, { ...options, listenUrl });
}
