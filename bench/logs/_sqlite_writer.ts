// Copyright 2026 the Tidings authors. MIT license.

/** The process of another writer: appends an event for each line, and tells when. */

import { DatabaseSync } from "node:sqlite";
import { SqliteEventLog } from "../../logs/sqlite.ts";
import { answerLines } from "../_process.ts";
import { DATA } from "./_appends.ts";

if (import.meta.main) {
  // Cannot fail: it is given.
  const db = new DatabaseSync(Deno.args[0]!);
  const log = new SqliteEventLog(db, "bench", { wal: true });
  await answerLines(() => {
    const time = performance.timeOrigin + performance.now();
    return log.append({ data: DATA }).then(() => time);
  });
}
