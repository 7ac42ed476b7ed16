// Copyright 2026 the Tidings authors. MIT license.

import { SqliteEventLogs } from "../../logs/sqlite.ts";
import type { EventLogsFixture } from "../conformance/event_logs_suite.ts";
import { makeBegin, makeDatabaseFile, openDatabase } from "./sqlite.ts";

/** Two connections to a file, as two processes have them. */
export async function makeSqliteLogs(): Promise<EventLogsFixture> {
  const file = await makeDatabaseFile();
  const [ours, others] = [openDatabase(file.path), openDatabase(file.path)];
  const options = { pollInterval: 5, wal: true };
  const logs = new SqliteEventLogs(ours, "logs", options);
  const other = new SqliteEventLogs(others, "logs", options);
  return {
    logs,
    other,
    begin: makeBegin(ours),
    countEntries: async () => {
      // What has expired is removed by the next call that may make more.
      await other.expire("nothing", 1);
      const row = others.prepare(
        "SELECT (SELECT count(*) FROM tidings_logs) +" +
          " (SELECT count(*) FROM tidings_events) AS count",
      ).get();
      return (row as { count: number }).count;
    },
    deleteLast: (name) => {
      others.prepare(
        "DELETE FROM tidings_events WHERE (epoch, sequence) IN" +
          " (SELECT epoch, last FROM tidings_logs WHERE name = ?)",
      ).run(name);
      return Promise.resolve();
    },
    close: async () => {
      ours.close();
      others.close();
      await file[Symbol.asyncDispose]();
    },
  };
}
