// Copyright 2026 the Tidings authors. MIT license.

/** Many logs by name in PostgreSQL: the suite, over two clients. */

import { afterSequence } from "../conformance/event_log_cursors_suite.ts";
import { testEventLogs } from "../conformance/event_logs_suite.ts";
import { makePostgresLogs } from "../support/postgres_logs.ts";
import { hasPostgres, postgresNote } from "../support/postgres_server.ts";

testEventLogs(`PostgresEventLogs${postgresNote}`, () => makePostgresLogs(), {
  ownIds: false,
  conflationKeys: true,
  disconnects: true,
  makeCursorAfter: afterSequence,
  ignore: !hasPostgres,
});
