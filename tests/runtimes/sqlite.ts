// Copyright 2026 the Tidings authors. MIT license.

/** The tests of logs in SQLite: with `node:sqlite`, `bun:sqlite` or `better-sqlite3`. */

import "../logs/sqlite_errors_test.ts";
import "../logs/sqlite_logs_test.ts";
import "../logs/sqlite_options_test.ts";
import "../logs/sqlite_test.ts";
import "../logs/sqlite_transactions_test.ts";
import "../runs/sqlite_test.ts";
