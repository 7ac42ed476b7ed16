// Copyright 2026 the Tidings authors. MIT license.

/** Runs in SQLite. */

import { hasSqlite } from "../support/sqlite.ts";
import { makeSqliteLogs } from "../support/sqlite_logs.ts";
import { testHostileIds } from "./_hostile_ids_suite.ts";
import { testRestarts } from "./_restart_suite.ts";
import { testRuns } from "./_suite.ts";

const IGNORE = { ignore: !hasSqlite };

testRuns("SqliteEventLogs", makeSqliteLogs, IGNORE);
testRestarts("SqliteEventLogs", makeSqliteLogs, IGNORE);
testHostileIds("SqliteEventLogs", makeSqliteLogs, IGNORE);
