// Copyright 2026 the Tidings authors. MIT license.

/** Many logs by name in SQLite: the suite, over two connections to one file. */

import { assertEquals } from "@std/assert";
import { SqliteEventLogs } from "../../logs/sqlite.ts";
import { afterSequence } from "../conformance/event_log_cursors_suite.ts";
import { testEventLogs } from "../conformance/event_logs_suite.ts";
import { hasSqlite, openDatabase } from "../support/sqlite.ts";
import { makeSqliteLogs } from "../support/sqlite_logs.ts";

testEventLogs("SqliteEventLogs", makeSqliteLogs, {
  ownIds: false,
  makeCursorAfter: afterSequence,
  transactions: true,
  ignore: !hasSqlite,
});

Deno.test(
  "SqliteEventLogs removes expired logs some at a time, as it blocks the process",
  {
    ignore: !hasSqlite,
  },
  async () => {
    const db = openDatabase(":memory:");
    const open = () => new SqliteEventLogs(db, "answers");
    await open().open("first").append({});
    // As many events as runs may have.
    const insert = db.prepare(
      `INSERT INTO tidings_logs (collection, name, epoch, last, expires_at)
    VALUES ('answers', ?, ?, 900, 1)`,
    );
    for (const name of ["a", "b", "c", "d", "e"]) insert.run(name, name);
    const counts = new Set<number>();
    const expired = db.prepare(
      "SELECT name FROM tidings_logs WHERE expires_at = 1",
    );
    for (let tries = 0; tries < 500 && !counts.has(0); tries++) {
      await open().expire("nothing", 1);
      counts.add(expired.all().length);
      // There are 100 ms between two removals.
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    db.close();
    counts.delete(5);
    assertEquals([...counts], [2, 0]);
  },
);
