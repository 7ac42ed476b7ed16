// Copyright 2026 the Tidings authors. MIT license.

/** The tests of logs in PostgreSQL, which need a server that can be started. */

import "../logs/postgres_engine_test.ts";
import "../logs/postgres_failover_test.ts";
import "../logs/postgres_logs_test.ts";
import "../logs/postgres_routes_test.ts";
import "../logs/postgres_rows_test.ts";
import "../logs/postgres_test.ts";
import "../logs/postgres_transactions_test.ts";
import "../runs/postgres_test.ts";
