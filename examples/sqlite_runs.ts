// Copyright 2026 the Tidings authors. MIT license.

/**
 * Orders and the work on them, in one SQLite file. The order and its first event are one
 * transaction, and the work is a run: it can be read and resumed through any of the
 * processes that have the file, also after a restart. Start two servers with the same
 * `DB_PATH`.
 *
 * ```sh
 * DB_PATH=orders.db deno run -N -R -W -E=DB_PATH examples/sqlite_runs.ts
 * curl -X POST localhost:8000/orders/17    # makes an order and begins the work
 * curl -N localhost:8000/orders/17         # the work, from its start and on
 * curl -N localhost:8000/orders            # every new order
 * ```
 */

import { DatabaseSync } from "node:sqlite";
import { EventChannel } from "@tidings/sse/channel";
import { EventRuns } from "@tidings/sse/runs";
import { SqliteEventLog, SqliteEventLogs } from "@tidings/sse/sqlite";

const db = new DatabaseSync(Deno.env.get("DB_PATH") ?? "orders.db", {
  timeout: 1000,
});
db.exec("CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY)");

const channel = new EventChannel({
  log: new SqliteEventLog(db, "orders", { wal: true }),
});
const runs = new EventRuns({ logs: new SqliteEventLogs(db, "work") });

/** Makes an order: it and its event are there, or neither is. */
function makeOrder(id: string): void {
  db.exec("BEGIN IMMEDIATE");
  try {
    db.prepare("INSERT INTO orders VALUES (?)").run(id);
    channel.publish({ event: "order", data: id });
    db.exec("COMMIT");
  } catch (error) {
    db.exec("ROLLBACK");
    throw error;
  }
}

async function* work() {
  for (const data of ["packed", "sent"]) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    yield { event: "progress", data };
  }
}

// Anyone who reaches this server may write. Remove `hostname` when it authenticates.
Deno.serve({ hostname: "127.0.0.1" }, async (request) => {
  const { pathname } = new URL(request.url);
  if (pathname === "/orders") return channel.serve(request);
  if (request.method !== "POST") return await runs.serve(pathname, request);
  try {
    makeOrder(pathname);
  } catch (error) {
    return new Response(`${error}\n`, { status: 409 });
  }
  await runs.start(pathname, work);
  return new Response("made\n", { status: 201 });
});
