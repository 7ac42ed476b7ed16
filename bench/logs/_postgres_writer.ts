// Copyright 2026 the Tidings authors. MIT license.

/**
 * The process of another writer: for each line, it appends an event, or sends it as a bare
 * `NOTIFY` or by an `INSERT` by hand, and tells when.
 */

import { PostgresEventLog } from "../../logs/postgres.ts";
import { openPostgres } from "../../tests/support/postgres_client.ts";
import { answerLines } from "../_process.ts";
import { DATA } from "./_appends.ts";

/** What the writer is asked to do. */
export type WriterOrder = "append" | "notify" | "insert";

/** What an append is at least: it gives an ID, and wakes followers. */
export const FLOOR = `INSERT INTO tidings_events (log, event) VALUES ($1, $2)
RETURNING concat(xid, '-', id) AS cursor, pg_notify($1, $1)::text`;

const LINE = JSON.stringify({ data: DATA });

if (import.meta.main) {
  // Cannot fail: it is given.
  const client = openPostgres(Deno.args[0]!);
  const log = new PostgresEventLog(client, "bench");
  await log.rewind(0);
  await answerLines(async (order: WriterOrder) => {
    const time = performance.timeOrigin + performance.now();
    if (order === "append") await log.append({ data: DATA });
    else if (order === "insert") await client.query(FLOOR, ["floor", LINE]);
    else await client.query("SELECT pg_notify('bare', $1)", [DATA]);
    return time;
  });
}
