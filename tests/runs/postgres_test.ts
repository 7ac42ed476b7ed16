// Copyright 2026 the Tidings authors. MIT license.

/** Runs in PostgreSQL. */

import { makePostgresLogs } from "../support/postgres_logs.ts";
import { hasPostgres, postgresNote } from "../support/postgres_server.ts";
import { testHostileIds } from "./_hostile_ids_suite.ts";
import { testRestarts } from "./_restart_suite.ts";
import { testRuns } from "./_suite.ts";

const NAME = `PostgresEventLogs${postgresNote}`;
const IGNORE = { ignore: !hasPostgres };

testRuns(NAME, () => makePostgresLogs(), IGNORE);
// Of calls that come at once, each takes the place of the claim that it has found. Over two
// pools, one may find the claim of another: which connection is quicker is not certain.
testRestarts(NAME, async () => {
  const { logs, ...rest } = await makePostgresLogs();
  return { ...rest, logs, other: logs };
}, IGNORE);
testHostileIds(NAME, () => makePostgresLogs(), IGNORE);
