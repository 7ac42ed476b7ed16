// Copyright 2026 the Tidings authors. MIT license.

/** Many logs by name in SQLite: the suite, over two connections to one file. */

import { afterSequence } from "../conformance/event_log_cursors_suite.ts";
import { testEventLogs } from "../conformance/event_logs_suite.ts";
import { hasSqlite } from "../support/sqlite.ts";
import { makeSqliteLogs } from "../support/sqlite_logs.ts";

testEventLogs("SqliteEventLogs", makeSqliteLogs, {
  ownIds: false,
  makeCursorAfter: afterSequence,
  transactions: true,
  ignore: !hasSqlite,
});
