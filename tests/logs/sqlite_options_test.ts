// Copyright 2026 the Tidings authors. MIT license.

/** The arguments of the logs in SQLite. */

import { assertThrows } from "@std/assert";
import {
  type SqliteDatabase,
  SqliteEventLog,
  type SqliteEventLogOptions,
  SqliteEventLogs,
  type SqliteEventLogsOptions,
} from "../../logs/sqlite.ts";
import { testLogOptions, testLogsOptions } from "../support/log_options.ts";
import { testOptions } from "../support/options_suite.ts";
import { hasSqlite, openDatabase } from "../support/sqlite.ts";

/** It is not used where arguments are checked. */
const UNUSED: SqliteDatabase = {
  exec() {
    throw new Error("The database was used");
  },
  prepare() {
    throw new Error("The database was used");
  },
};

async function use<T>(
  call: (db: SqliteDatabase) => Promise<T> | T,
): Promise<T> {
  if (!hasSqlite) return await call(UNUSED);
  const db = openDatabase(":memory:");
  try {
    return await call(db);
  } finally {
    db.close();
  }
}

const RIGHT = { pollInterval: 5, timeout: 5, wal: true, hasTables: true };
const WRONG = { pollInterval: "5", timeout: "5", wal: "on", hasTables: 1 };

testOptions<SqliteEventLogOptions>({
  name: "new SqliteEventLog()",
  call: (options) => new SqliteEventLog(UNUSED, "a", options),
  right: { maxEvents: 5, maxAge: 5, ...RIGHT },
  wrong: { maxEvents: "5", maxAge: "5", ...WRONG },
});

testOptions<SqliteEventLogsOptions>({
  name: "new SqliteEventLogs()",
  call: (options) => new SqliteEventLogs(UNUSED, "a", options),
  right: RIGHT,
  wrong: WRONG,
});

if (hasSqlite) {
  testLogOptions(
    "SqliteEventLog",
    (call) => use((db) => call(new SqliteEventLog(db, "a"))),
  );
  testLogsOptions(
    "SqliteEventLogs",
    (call) => use((db) => call(new SqliteEventLogs(db, "a"))),
  );
}

Deno.test("SqliteEventLog() and SqliteEventLogs() throw if an argument is wrong", () => {
  const numbers: [SqliteEventLogsOptions, typeof RangeError][] = [
    [{ pollInterval: 0 }, RangeError],
    [{ pollInterval: 2 ** 31 }, RangeError],
    [{ timeout: NaN }, RangeError],
    [{ timeout: Infinity }, RangeError],
  ];
  for (const make of [SqliteEventLog, SqliteEventLogs]) {
    for (const [options, error] of numbers) {
      assertThrows(() => new make(UNUSED, "a", options), error);
    }
    const empty = "text that is not empty";
    assertThrows(() => new make(UNUSED, ""), TypeError, empty);
    for (const name of [5, undefined, null]) {
      assertThrows(
        () => new make(UNUSED, name as unknown as string),
        TypeError,
      );
    }
    const wrong = [undefined, null, 5, "app.db", {}, { exec() {} }];
    for (const db of wrong) {
      const given = db as unknown as SqliteDatabase;
      const expected = '"db" to be an open database with exec() and prepare()';
      assertThrows(() => new make(given, "a"), TypeError, expected);
    }
  }
  for (const maxEvents of [0, 1.5, -1]) {
    assertThrows(
      () => new SqliteEventLog(UNUSED, "a", { maxEvents }),
      RangeError,
    );
  }
});
